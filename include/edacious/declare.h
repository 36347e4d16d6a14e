/* declare.h - declaring messages, records, enums, requests and actors: each in one place.
 *
 * Three rules. In a declaration (type, name) declares a field, .name = value describes (members of
 * eda_type and eda_field, zero by default); an actor has verb(...)s; what a macro makes begins with
 * eda_ and ends with your name. At most 48 items each. docs/declaring.md has tables and limits.
 * C++ may include message headers: it gets the structs, eda_name_of(const T *), and no more. */
#ifndef EDA_DECLARE_H
#define EDA_DECLARE_H

#include <edacious/ladder.h>

/* A message and its topic: a key expression, {field} where a field's value stands.
 *
 *     EDA_MESSAGE(door_unlock, "door/{door_id}/unlock",
 *         .doc = "Opens one door.", .find = {"unlock a door", "let someone in"},
 *         (eda_str, door_id, .len_max = 32),
 *         (eda_list_of(badge), guests));
 *
 * Plain C:
 *     typedef struct door_unlock { eda_str door_id; eda_list_badge guests; } door_unlock;
 *     static eda_type_slot eda_slot_door_unlock;
 *     static const eda_type eda_type_door_unlock = {
 *         .name = "door_unlock", .topic = "door/{door_id}/unlock", .kind = EDA_KIND_RECORD,
 *         .size = sizeof(door_unlock), .slot = &eda_slot_door_unlock, .doc = "Opens one door.", ...
 *         .fields = (const eda_field[]){
 *             {.name = "door_id", .type = &eda_type_eda_str,
 *                 .offset = offsetof(door_unlock, door_id), .len_max = 32}, ...
 *             {.name = NULL}}};
 * and the structs eda_list_door_unlock, {const door_unlock *items; size_t len;}, and
 * eda_opt_door_unlock, {bool is_set; door_unlock value;}, with descriptors of their own. */
#define EDA_MESSAGE(...) EDAI_MESSAGE(__VA_ARGS__, )

/* A message that is answered with a record: EDA_REQUEST(status_get, status, "status/get", ...).
 * Plain C: as EDA_MESSAGE, .reply = &eda_type_status, typedef status eda_reply_of_status_get; */
#define EDA_REQUEST(...) EDAI_REQUEST(__VA_ARGS__, )

/* A struct without a topic: part of messages, reply, dependencies, note to oneself.
 * EDA_RECORD(badge, (eda_str, id)). Plain C: as EDA_MESSAGE, without .topic and .slot. */
#define EDA_RECORD(...) EDAI_RECORD(__VA_ARGS__, )

/* A message whose payload stays untouched: EDA_MESSAGE_RAW(frame, "camera/{id}/frame").
 * Plain C: as EDA_MESSAGE with .is_raw = true and the members of eda_raw (ctx.h). */
#define EDA_MESSAGE_RAW(...)                                                                       \
    EDAI_MESSAGE(__VA_ARGS__, .is_raw = true, (eda_str, topic), (eda_str, encoding),               \
        (eda_bytes, payload), )

/* An enum that travels by name, given or its own; the first one is what an unset field means.
 * EDA_ENUM(door_mode, (DOOR_LOCKED, "locked"), (DOOR_HELD, "held", .doc = "...")). Plain C:
 *     typedef enum door_mode { DOOR_LOCKED, DOOR_HELD } door_mode;
 *     static const eda_type eda_type_door_mode = {
 *         .name = "door_mode", .kind = EDA_KIND_ENUM, .size = sizeof(door_mode),
 *         .enumerators = (const eda_enumerator[]){
 *             {.value = DOOR_LOCKED, .name = "locked"}, ... {.name = NULL}}}; */
#define EDA_ENUM(...) EDAI_ENUM(__VA_ARGS__, )

/* A plain struct that no file can hold, as dependencies. In the actor's file. Plain C:
 * static const eda_type eda_type_T = {.name = "T", .kind = EDA_KIND_OPAQUE, .size = sizeof(T)}; */
#define EDA_OPAQUE(type_) EDAI_OPAQUE(type_)

/* Field types. Plain C: eda_list_badge, eda_opt_badge. Of basic types, enums and records. */
#define eda_list_of(type_) eda_list_##type_
#define eda_optional(type_) eda_opt_##type_

/* In a header: lets others EDA_WITH the actor. Plain C:
 * typedef door_deps eda_deps_of_door; extern const eda_actor eda_actor_door; */
#define EDA_ACTOR_HEADER(name_, deps_)                                                             \
    typedef deps_ eda_deps_of_##name_;                                                             \
    extern const eda_actor eda_actor_##name_

#ifndef __cplusplus

/* A message with its type, living as long as the block it stands in; fields not named are zero.
 * EDA_MSG(door_unlock, .door_id = id) in plain C:
 *     (eda_value){.type = &eda_type_door_unlock, .data = &(const door_unlock){.door_id = id}} */
#define EDA_MSG(...) EDAI_MSG(__VA_ARGS__, )
/* The same for eda_provide: EDA_DEPS(door_deps, .open_for = EDA_SEC(5)). */
#define EDA_DEPS(...) EDAI_MSG(__VA_ARGS__, )
/* The same for eda_reply, of the request's reply type: EDA_REPLY(door_status_get, .mode = m). */
#define EDA_REPLY(...) EDAI_REPLY(__VA_ARGS__, )
/* A request and where its reply goes: a pointer to another type than its reply's does not compile.
 * EDA_ASK(door_status_get, &status, .door_id = id) in plain C:
 *     (eda_request){.value = EDA_MSG(door_status_get, .door_id = id),
 *         .ret_reply = (const void **)&status} */
#define EDA_ASK(...) EDAI_ASK(__VA_ARGS__, )
/* An actor with its dependencies, for eda_add; none named: those provided or configured.
 * EDA_WITH(door, .open_for = 5) in plain C:
 *     (eda_added){.actor = &eda_actor_door, .deps = &(const door_deps){.open_for = 5}} */
#define EDA_WITH(...) EDAI_WITH(__VA_ARGS__, )

/* EDA_LIST(badge, a, b). Plain C: (eda_list_badge){.items = (const badge[]){a, b}, .len = 2} */
#define EDA_LIST(type_, ...)                                                                       \
    ((eda_list_##type_){.items = (const type_[]){__VA_ARGS__},                                     \
        .len = sizeof((const type_[]){__VA_ARGS__}) / sizeof(type_)})
/* EDA_SOME(uint32_t, 5). Plain C: (eda_opt_uint32_t){.is_set = true, .value = 5} */
#define EDA_SOME(type_, ...) ((eda_opt_##type_){.is_set = true, .value = __VA_ARGS__})

/* An actor type, named as its state's struct T; `deps` is its dependencies' type, or eda_none.
 *
 *     EDA_ACTOR(door, door_deps, key(door_id), on(door_unlock, door_on_unlock));
 *
 * Verbs, in any order: key(field), pool(n), pool(n, field), supervised_by(s), saves(field...),
 * saves_lazily, emits(type...), emits(any), start(fn), stop(fn), on(type, fn, extra...),
 * answers(request, fn, extra...), on_self(record, fn, extra...), on_any("pattern", fn),
 * on_failure(restart|resume|stop), dedicated_thread, scope(cluster|node), spawns_for(outside),
 * options(.x = ...).
 * Extras: key(field), attempts(n), interleaves. A handler is one of
 *     eda_status fn(T *, const type *, eda_ctx *)       void fn(T *, const type *)
 *     eda_status fn(T *, const request *, reply *, eda_ctx *)       with answers, and without ctx
 *
 * Plain C:
 *     static eda_status turn(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
 *     { return door_on_unlock(state, message, ctx); }
 *     const eda_actor eda_actor_door = {
 *         .name = "door", .size = sizeof(door), .deps = &eda_type_door_deps, .key = "door_id",
 *         .handlers = (const eda_handler[]){
 *             {.type = &eda_type_door_unlock, .fn = turn}, {.fn = NULL}}};
 * and, for eda_add_linked, a constructor that calls eda_link with a static eda_linked. */
#define EDA_ACTOR(...) EDAI_ACTOR(__VA_ARGS__, )

#endif
#endif
