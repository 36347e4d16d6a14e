/* declare.h - declaring messages, records, enums, requests and actors: one place each, checked by the compiler.
 *
 * Three rules. In a declaration (type, name) declares a field and .name = value describes, with the members of
 * eda_type and eda_field (type.h): zero is the default. In an actor there are verb(...)s. What a macro generates begins
 * with eda_ and ends with your name: eda_type_door_unlock. At most 48 items each; docs/declaring.md has the tables.
 * C++ may include message headers: it gets the structs, and eda_name_of(const T *). The rest is C. */
#ifndef EDA_DECLARE_H
#define EDA_DECLARE_H

#include <edacious/ladder.h>

/* A message, with its topic: a key expression, {field} where a field's value stands.
 *
 *     EDA_MESSAGE(door_unlock, "door/{door_id}/unlock",
 *         .doc = "Opens one door.", .find = {"unlock a door", "let someone in"}, .expires_ms = 5000,
 *         (eda_str, door_id, .len_max = 32),
 *         (eda_list_of(badge), guests, .since = 3));
 *
 * Plain C (a header may hold it: everything is a type or static):
 *     typedef struct door_unlock { eda_str door_id; eda_list_badge guests; } door_unlock;
 *     static eda_type_slot eda_slot_door_unlock;
 *     static const eda_type eda_type_door_unlock = {
 *         .name = "door_unlock", .topic = "door/{door_id}/unlock", .kind = EDA_KIND_RECORD,
 *         .size = sizeof(door_unlock), .slot = &eda_slot_door_unlock, .doc = "Opens one door.", ...
 *         .fields = (const eda_field[]){
 *             {.name = "door_id", .type = &eda_type_eda_str, .offset = offsetof(door_unlock, door_id), .len_max = 32},
 *             ...
 *             {.name = NULL}}};
 * and for lists and optionals of it the structs eda_list_door_unlock {const door_unlock *items; size_t len;} and
 * eda_opt_door_unlock {bool is_set; door_unlock value;}, with descriptors of kind LIST and OPTIONAL. */
#define EDA_MESSAGE(...) EDAI_MESSAGE(__VA_ARGS__, )

/* A message that is answered; `reply` is a record or a message: EDA_REQUEST(status_get, status, "status/get", ...).
 * Plain C: as EDA_MESSAGE, with .reply = &eda_type_status, and typedef status eda_reply_of_status_get; */
#define EDA_REQUEST(...) EDAI_REQUEST(__VA_ARGS__, )

/* A struct without a topic: part of messages, reply, dependencies, configuration, note to oneself.
 * EDA_RECORD(badge, (eda_str, id), (uint32_t, level)). Plain C: as EDA_MESSAGE, without .topic and .slot. */
#define EDA_RECORD(...) EDAI_RECORD(__VA_ARGS__, )

/* A message whose payload stays untouched: EDA_MESSAGE_RAW(camera_frame, "camera/{id}/frame").
 * Plain C: as EDA_MESSAGE with .is_raw = true and the members of eda_raw (ctx.h). */
#define EDA_MESSAGE_RAW(...)                                                                       \
    EDAI_MESSAGE(__VA_ARGS__, .is_raw = true, (eda_str, topic), (eda_str, encoding), (eda_bytes, payload), )

/* An enum that travels by name; the first enumerator is what an unset field means. Without a wire name its own is used.
 *
 *     EDA_ENUM(door_mode, (DOOR_LOCKED, "locked"), (DOOR_HELD, "held", .doc = "until somebody locks it"));
 *
 * Plain C:
 *     typedef enum door_mode { DOOR_LOCKED, DOOR_HELD } door_mode;
 *     static const eda_type eda_type_door_mode = {.name = "door_mode", .kind = EDA_KIND_ENUM, .size = sizeof(door_mode),
 *         .enumerators = (const eda_enumerator[]){{.value = DOOR_LOCKED, .name = "locked"}, ... {.name = NULL}}}; */
#define EDA_ENUM(...) EDAI_ENUM(__VA_ARGS__, )

/* A plain struct no file can hold, as dependencies: EDA_OPAQUE(lobby_deps); in the file that declares the actor.
 * Plain C: static const eda_type eda_type_lobby_deps = {.name = "lobby_deps", .kind = EDA_KIND_OPAQUE,
 *     .size = sizeof(lobby_deps)}; */
#define EDA_OPAQUE(type_) EDAI_OPAQUE(type_)

/* Field types: eda_list_of(badge) is the struct eda_list_badge, eda_optional(badge) is eda_opt_badge. A list or an
 * optional of either is wrapped in a record. */
#define eda_list_of(type_) eda_list_##type_
#define eda_optional(type_) eda_opt_##type_

/* Makes an actor's dependencies known to who adds it: EDA_ACTOR_HEADER(door, door_deps); in a header.
 * Plain C: typedef door_deps eda_deps_of_door; extern const eda_actor eda_actor_door; */
#define EDA_ACTOR_HEADER(name_, deps_)                                                             \
    typedef deps_ eda_deps_of_##name_;                                                             \
    extern const eda_actor eda_actor_##name_

#ifndef __cplusplus

/* A message with its type, for the call it stands in; fields not named are zero.
 * EDA_MSG(door_unlock, .door_id = id) in plain C:
 *     (eda_value){.type = &eda_type_door_unlock, .data = &(const door_unlock){.door_id = id}} */
#define EDA_MSG(...) EDAI_MSG(__VA_ARGS__, )
/* The same for dependencies: eda_provide(sys, EDA_DEPS(door_deps, .open_for = EDA_SEC(5))). */
#define EDA_DEPS(...) EDAI_MSG(__VA_ARGS__, )
/* The reply to a request, for eda_reply: EDA_REPLY(door_status_get, .mode = DOOR_OPEN). Plain C: as EDA_MSG, of the
 * reply's type. */
#define EDA_REPLY(...) EDAI_REPLY(__VA_ARGS__, )
/* A request and where its reply goes; no other pointer than one to the reply's type compiles.
 * EDA_ASK(door_status_get, &status, .door_id = id) in plain C:
 *     (eda_request){.value = EDA_MSG(door_status_get, .door_id = id), .ret_reply = (const void **)&status} */
#define EDA_ASK(...) EDAI_ASK(__VA_ARGS__, )
/* An actor with its dependencies, for eda_add; none named: those provided or configured.
 * EDA_WITH(door, .open_for = 5) in plain C:
 *     (eda_added){.actor = &eda_actor_door, .deps = &(const door_deps){.open_for = 5}} */
#define EDA_WITH(...) EDAI_WITH(__VA_ARGS__, )

/* A list of what is named, living as long as the block it stands in: EDA_LIST(badge, a, b).
 * Plain C: (eda_list_badge){.items = (const badge[]){a, b}, .len = 2} */
#define EDA_LIST(type_, ...)                                                                       \
    ((eda_list_##type_){                                                                           \
        .items = (const type_[]){__VA_ARGS__},                                                     \
        .len = sizeof((const type_[]){__VA_ARGS__}) / sizeof(type_)})
/* An optional that is set: EDA_SOME(uint32_t, 5). Plain C: (eda_opt_uint32_t){.is_set = true, .value = 5} */
#define EDA_SOME(type_, ...) ((eda_opt_##type_){.is_set = true, .value = __VA_ARGS__})

/* An actor type. `name` is also its state's struct, `deps` its dependencies' type (eda_none: none). Verbs, any order:
 *
 *     key(field) | pool(n) | pool(n, field)     one per key; n in turn; n, the field's value always to the same one
 *     supervised_by(s)                          extern const eda_supervisor s
 *     saves(a, (type, b, .since = 2)), saves_lazily
 *     emits(type, ...) | emits(any)             what it may publish or ask
 *     start(fn), stop(fn)                       eda_status fn(T *, const deps *, eda_ctx *)
 *                                               void fn(T *, eda_stop_reason, eda_ctx *)
 *     on(type, fn, extras), on_self(record, fn) eda_status fn(T *, const type *, eda_ctx *)
 *                                               or void fn(T *, const type *)
 *     answers(request, fn, extras)              eda_status fn(T *, const request *, reply *ret, eda_ctx *)
 *                                               or void fn(T *, const request *, reply *ret)
 *     on_any("pattern", fn)                     eda_status fn(T *, const eda_envelope *, eda_ctx *); one pattern a function
 *     on_failure(restart | resume | stop), scope(cluster | node), dedicated_thread
 *     options(.doc = "...", .idle_ms = 5000)    the other members of eda_actor_options
 * extras: key(field), attempts(n), interleaves.
 *
 * Plain C (EDA_ACTOR(door, door_deps, key(door_id), on(door_unlock, door_on_unlock))):
 *     static eda_status door_turn(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
 *     { return door_on_unlock(state, message, ctx); }
 *     const eda_actor eda_actor_door = {
 *         .name = "door", .size = sizeof(door), .deps = &eda_type_door_deps, .key = "door_id",
 *         .handlers = (const eda_handler[]){{.type = &eda_type_door_unlock, .fn = door_turn}, {.fn = NULL}}};
 * and, for eda_add_linked, a constructor that calls eda_link with a static eda_linked {.actor = &eda_actor_door}. */
#define EDA_ACTOR(...) EDAI_ACTOR(__VA_ARGS__, )

#endif
#endif
