/* declare_test.c - what the declaration macros make: every entry of every descriptor, and the
 * adapters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <edacious/edacious.h>

#include "message/linked.h"

/* What a user's program may have of its own: no declaration minds. */
#define KEY 7
#define SAVES
#define EMITS
#define OPTIONS
#define TURNS
#define OWNS
#define STARTS
#define STOPS
#define MANY

/* --- the door: every field type, extra and verb ------------------------------------------- */

EDA_ENUM(door_mode,
    .doc = "What a door is doing.",
    (DOOR_LOCKED, "locked"),
    (DOOR_OPEN),
    (DOOR_HELD, "held", .doc = "open until somebody locks it"));

EDA_RECORD(badge, (eda_str, id), (uint32_t, level));

EDA_MESSAGE(door_unlock, "door/{door_id}/unlock",
    .doc = "Opens one door for the holder of a badge.",
    .find = {"unlock a door", "let someone in", "open the gate for a badge"},
    .expires_ms = 5000, .overflow = EDA_WAIT, .wait_ms = 7,
    (eda_str, door_id, .len_max = 32),
    (badge, holder, .doc = "whoever stands in front of it"),
    (eda_optional(uint32_t), hold_s, .since = 2, .unit = "s", .doc = "unset: the door's own time"),
    (eda_list_of(badge), guests, .since = 3, .len_max = 8),
    (uint8_t, attempt, .range = {1, 3}, .if_missing = 1),
    .deprecated = "door_open");

EDA_MESSAGE(door_opened, "door/{door_id}/opened",
    (eda_str, door_id), (eda_time, at), (door_mode, mode), (eda_bytes, photo));

EDA_MESSAGE(all_numbers, "numbers",
    (bool, flag), (int8_t, i8), (int16_t, i16), (int32_t, i32), (int64_t, i64),
    (uint8_t, u8), (uint16_t, u16), (uint32_t, u32), (uint64_t, u64),
    (float, f32), (double, f64, .range = {0.5, 2.25}), (eda_duration, span, .may_miss = true),
    (eda_list_of(bool), flags), (eda_optional(bool), maybe), (eda_list_of(eda_str), names),
    (eda_optional(door_mode), mode), (eda_list_of(door_mode), modes));

EDA_RECORD(tree, (eda_str, name), (eda_list_of(tree), children));
EDA_MESSAGE(audit_note, "audit/{subject}", (eda_str, subject), (eda_list_of(eda_str), lines));
EDA_RECORD(door_status, (door_mode, mode), (uint32_t, unlock_count), (eda_optional(badge), last));
EDA_REQUEST(door_status_get, door_status, "door/{door_id}/status/get", (eda_str, door_id));
EDA_REQUEST(door_lock, door_status, "door/{door_id}/lock", (eda_str, door_id));
EDA_MESSAGE(lobby_check, "lobby/check", .overflow = EDA_KEEP_LATEST);
EDA_MESSAGE(bell, "bell");
EDA_MESSAGE_RAW(camera_frame, "camera/frame", .doc = "One picture.");
EDA_RECORD(door_relock);
EDA_RECORD(door_tick, (uint64_t, count));
EDA_RECORD(door_deps, (eda_duration, open_for, .if_missing = EDA_SEC(5)),
    (uint32_t, level_min, .range = {0, 9}));

EDA_ACTOR_HEADER(door, door_deps);

typedef struct door {
    eda_duration open_for;
    door_mode mode;
    uint32_t unlock_count;
    eda_text last_badge;
    bool is_open;
    int64_t since;
    double mean;
    eda_stop_reason stopped;
} door;

static eda_status door_start(door *self, const door_deps *deps, eda_ctx *ctx)
{
    (void)ctx;
    self->open_for = deps->open_for;
    return EDA_OK;
}

static void door_stop(door *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)ctx;
    self->stopped = reason;
}

static eda_status door_on_unlock(door *self, const door_unlock *cmd, eda_ctx *ctx)
{
    (void)ctx;
    self->mode = DOOR_OPEN;
    self->unlock_count += cmd->attempt;
    return self->unlock_count > 100 ? EDA_STATUS_USER : EDA_OK;
}

static void door_on_note(door *self, const audit_note *note)
{
    self->unlock_count += (uint32_t)note->lines.len;
}

static void door_on_relock(door *self, const door_relock *relock)
{
    (void)relock;
    self->mode = DOOR_LOCKED;
}

static eda_status door_on_tick(door *self, const door_tick *tick, eda_ctx *ctx)
{
    (void)ctx;
    self->since += (int64_t)tick->count;
    return EDA_OK;
}

static eda_status door_on_status_get(
    door *self, const door_status_get *get, door_status *ret_status, eda_ctx *ctx)
{
    (void)get;
    (void)ctx;
    ret_status->unlock_count = self->unlock_count;
    return EDA_EREFUSED;
}

static void door_on_lock(door *self, const door_lock *cmd, door_status *ret_status)
{
    (void)cmd;
    self->mode = DOOR_LOCKED;
    ret_status->mode = DOOR_HELD;
}

static eda_status door_on_building(door *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    self->since = (int64_t)envelope->topic.len;
    return EDA_OK;
}

EDA_ACTOR(door, door_deps,
    options(.doc = "Opens, locks itself again, counts.", .idle_ms = 60000, .mailbox_len_max = 64,
        .activations_max = 1000, .restarts_max = 3, .restarts_ms = 9, .passivates_at_once = true),
    key(door_id),
    saves((door_mode, mode), unlock_count, last_badge, (eda_time, since, .since = 2), is_open, mean),
    emits(door_opened, door_status_get),
    start(door_start),
    stop(door_stop),
    on_failure(restart),
    dedicated_thread,
    saves_lazily,
    on(door_unlock, door_on_unlock, interleaves, attempts(3)),
    on(audit_note, door_on_note, attempts(2), key(subject)),
    on_self(door_relock, door_on_relock),
    on_self(door_tick, door_on_tick, interleaves),
    on_any("building/**", door_on_building),
    answers(door_status_get, door_on_status_get, interleaves),
    answers(door_lock, door_on_lock));

/* --- other routings ----------------------------------------------------------------------- */

extern const eda_supervisor lobby_supervisor;
const eda_supervisor lobby_supervisor = {.struct_size = sizeof(eda_supervisor), .name = "lobby"};

typedef struct lobby_deps {
    void *printer;
} lobby_deps;
EDA_OPAQUE(lobby_deps);

typedef struct lobby {
    uint32_t count;
} lobby;

static void lobby_on_check(lobby *self, const lobby_check *check)
{
    (void)check;
    self->count++;
}

EDA_ACTOR(lobby, lobby_deps,
    on(lobby_check, lobby_on_check), emits(any), supervised_by(lobby_supervisor));

typedef struct sorter {
    uint32_t count;
} sorter;

static void sorter_on_note(sorter *self, const audit_note *note)
{
    (void)note;
    self->count++;
}

EDA_ACTOR(sorter, eda_none, pool(4, subject), on(audit_note, sorter_on_note));

typedef struct counter {
    uint32_t count;
} counter;
EDA_ACTOR(counter, eda_none, pool(3), on_failure(stop));

typedef struct alone {
    uint32_t count;
} alone;
EDA_ACTOR(alone, eda_none);

/* --- messages ----------------------------------------------------------------------------- */

static void field_is(
    const eda_type *owner, size_t index, const char *name, const eda_type *type, size_t offset)
{
    const eda_field *field = &owner->fields[index];

    assert_string_equal(field->name, name);
    assert_string_equal(field->type->name, type->name);
    assert_int_equal(field->type->kind, type->kind);
    assert_int_equal(field->type->size, type->size);
    assert_int_equal(field->offset, offset);
}

#define FIELD_IS(owner_, index_, name_, type_)                                                     \
    field_is(&eda_type_##owner_, index_, #name_, &eda_type_##type_, offsetof(owner_, name_))
#define FIELD_COUNT_IS(owner_, count_) assert_null(eda_type_##owner_.fields[count_].name)

static void message_with_extras_has_each_in_its_descriptor(void **state)
{
    const eda_type *type = &eda_type_door_unlock;

    (void)state;
    assert_string_equal(type->name, "door_unlock");
    assert_string_equal(type->topic, "door/{door_id}/unlock");
    assert_int_equal(type->kind, EDA_KIND_RECORD);
    assert_int_equal(type->size, sizeof(door_unlock));
    assert_null(type->enumerators);
    assert_null(type->item);
    assert_null(type->reply);
    assert_ptr_equal(type->slot, &eda_slot_door_unlock);
    assert_int_equal(type->slot->id, 0);
    assert_string_equal(type->doc, "Opens one door for the holder of a badge.");
    assert_string_equal(type->find[0], "unlock a door");
    assert_string_equal(type->find[1], "let someone in");
    assert_string_equal(type->find[2], "open the gate for a badge");
    assert_null(type->find[3]);
    assert_string_equal(type->deprecated, "door_open");
    assert_int_equal(type->overflow, EDA_WAIT);
    assert_int_equal(type->wait_ms, 7);
    assert_int_equal(type->expires_ms, 5000);
    assert_false(type->is_raw);
}

static void message_fields_have_each_extra(void **state)
{
    const eda_field *fields = eda_type_door_unlock.fields;

    (void)state;
    FIELD_COUNT_IS(door_unlock, 5);
    FIELD_IS(door_unlock, 0, door_id, eda_str);
    assert_int_equal(fields[0].len_max, 32);
    FIELD_IS(door_unlock, 1, holder, badge);
    assert_string_equal(fields[1].doc, "whoever stands in front of it");
    FIELD_IS(door_unlock, 2, hold_s, eda_opt_uint32_t);
    assert_int_equal(fields[2].since, 2);
    assert_string_equal(fields[2].unit, "s");
    assert_string_equal(fields[2].doc, "unset: the door's own time");
    FIELD_IS(door_unlock, 3, guests, eda_list_badge);
    assert_int_equal(fields[3].since, 3);
    assert_int_equal(fields[3].len_max, 8);
    FIELD_IS(door_unlock, 4, attempt, uint8_t);
    assert_true(fields[4].range[0] == 1 && fields[4].range[1] == 3);
    assert_true(fields[4].if_missing == 1);
    assert_false(fields[4].may_miss);
    assert_null(fields[4].doc);
}

static void message_of_all_numbers_has_their_descriptors(void **state)
{
    (void)state;
    FIELD_COUNT_IS(all_numbers, 17);
    FIELD_IS(all_numbers, 0, flag, bool);
    FIELD_IS(all_numbers, 1, i8, int8_t);
    FIELD_IS(all_numbers, 2, i16, int16_t);
    FIELD_IS(all_numbers, 3, i32, int32_t);
    FIELD_IS(all_numbers, 4, i64, int64_t);
    FIELD_IS(all_numbers, 5, u8, uint8_t);
    FIELD_IS(all_numbers, 6, u16, uint16_t);
    FIELD_IS(all_numbers, 7, u32, uint32_t);
    FIELD_IS(all_numbers, 8, u64, uint64_t);
    FIELD_IS(all_numbers, 9, f32, float);
    FIELD_IS(all_numbers, 10, f64, double);
    FIELD_IS(all_numbers, 11, span, eda_duration);
    FIELD_IS(all_numbers, 12, flags, eda_list_bool);
    FIELD_IS(all_numbers, 13, maybe, eda_opt_bool);
    FIELD_IS(all_numbers, 14, names, eda_list_eda_str);
    FIELD_IS(all_numbers, 15, mode, eda_opt_door_mode);
    FIELD_IS(all_numbers, 16, modes, eda_list_door_mode);
    assert_true(eda_type_all_numbers.fields[10].range[0] == 0.5L);
    assert_true(eda_type_all_numbers.fields[10].range[1] == 2.25L);
    assert_true(eda_type_all_numbers.fields[11].may_miss);
}

static void message_of_text_time_enum_bytes_has_their_descriptors(void **state)
{
    (void)state;
    FIELD_COUNT_IS(door_opened, 4);
    FIELD_IS(door_opened, 0, door_id, eda_str);
    FIELD_IS(door_opened, 1, at, eda_time);
    FIELD_IS(door_opened, 2, mode, door_mode);
    FIELD_IS(door_opened, 3, photo, eda_bytes);
}

static void message_without_fields_is_no_empty_struct(void **state)
{
    (void)state;
    FIELD_COUNT_IS(bell, 0);
    FIELD_COUNT_IS(lobby_check, 0);
    assert_int_equal(sizeof(bell), 1);
    assert_int_equal(eda_type_lobby_check.overflow, EDA_KEEP_LATEST);
    assert_string_equal(eda_type_bell.topic, "bell");
}

static void message_raw_has_the_layout_of_eda_raw(void **state)
{
    (void)state;
    assert_true(eda_type_camera_frame.is_raw);
    assert_string_equal(eda_type_camera_frame.doc, "One picture.");
    assert_ptr_equal(eda_type_camera_frame.slot, &eda_slot_camera_frame);
    assert_int_equal(sizeof(camera_frame), sizeof(eda_raw));
    assert_int_equal(offsetof(camera_frame, topic), offsetof(eda_raw, topic));
    assert_int_equal(offsetof(camera_frame, encoding), offsetof(eda_raw, encoding));
    assert_int_equal(offsetof(camera_frame, payload), offsetof(eda_raw, payload));
    FIELD_COUNT_IS(camera_frame, 3);
    FIELD_IS(camera_frame, 2, payload, eda_bytes);
}

static void record_has_neither_topic_nor_slot(void **state)
{
    (void)state;
    assert_string_equal(eda_type_badge.name, "badge");
    assert_int_equal(eda_type_badge.kind, EDA_KIND_RECORD);
    assert_null(eda_type_badge.topic);
    assert_null(eda_type_badge.slot);
    FIELD_COUNT_IS(badge, 2);
    FIELD_COUNT_IS(door_relock, 0);
}

static void record_of_itself_lists_itself(void **state)
{
    (void)state;
    FIELD_IS(tree, 1, children, eda_list_tree);
    assert_ptr_equal(eda_type_tree.fields[1].type, &eda_type_eda_list_tree);
    assert_ptr_equal(eda_type_eda_list_tree.item, &eda_type_tree);
}

static void enum_has_wire_names_or_its_own(void **state)
{
    const eda_enumerator *entries = eda_type_door_mode.enumerators;

    (void)state;
    assert_int_equal(eda_type_door_mode.kind, EDA_KIND_ENUM);
    assert_int_equal(eda_type_door_mode.size, sizeof(int));
    assert_string_equal(eda_type_door_mode.name, "door_mode");
    assert_string_equal(eda_type_door_mode.doc, "What a door is doing.");
    assert_null(eda_type_door_mode.fields);
    assert_int_equal(entries[0].value, 0);
    assert_int_equal(DOOR_LOCKED, 0);
    assert_string_equal(entries[0].name, "locked");
    assert_null(entries[0].doc);
    assert_int_equal(entries[1].value, DOOR_OPEN);
    assert_string_equal(entries[1].name, "DOOR_OPEN");
    assert_int_equal(entries[2].value, DOOR_HELD);
    assert_string_equal(entries[2].name, "held");
    assert_string_equal(entries[2].doc, "open until somebody locks it");
    assert_null(entries[3].name);
}

static void list_and_optional_point_to_their_item(void **state)
{
    (void)state;
    assert_string_equal(eda_type_eda_list_badge.name, "eda_list_badge");
    assert_int_equal(eda_type_eda_list_badge.kind, EDA_KIND_LIST);
    assert_int_equal(eda_type_eda_list_badge.size, sizeof(eda_list_badge));
    assert_ptr_equal(eda_type_eda_list_badge.item, &eda_type_badge);
    assert_int_equal(eda_type_eda_opt_badge.kind, EDA_KIND_OPTIONAL);
    assert_int_equal(eda_type_eda_opt_badge.size, sizeof(eda_opt_badge));
    assert_ptr_equal(eda_type_eda_opt_badge.item, &eda_type_badge);
    assert_int_equal(eda_type_eda_opt_badge.value_offset, offsetof(eda_opt_badge, value));
    assert_ptr_equal(eda_type_eda_opt_door_mode.item, &eda_type_door_mode);
    assert_ptr_equal(eda_type_eda_list_uint16_t.item, &eda_type_uint16_t);
    assert_int_equal(eda_type_eda_opt_uint64_t.value_offset, offsetof(eda_opt_uint64_t, value));
    assert_string_equal(eda_type_eda_list_bool.name, "eda_list_bool");
    assert_int_equal(eda_type_eda_list_bool.size, sizeof(eda_list_bool));
}

static void request_names_its_reply(void **state)
{
    (void)state;
    assert_ptr_equal(eda_type_door_status_get.reply, &eda_type_door_status);
    assert_ptr_equal(eda_type_door_status_get.slot, &eda_slot_door_status_get);
    assert_string_equal(eda_type_door_status_get.topic, "door/{door_id}/status/get");
    assert_int_equal(sizeof(eda_reply_of_door_status_get), sizeof(door_status));
}

static void opaque_has_only_a_size(void **state)
{
    (void)state;
    assert_int_equal(eda_type_lobby_deps.kind, EDA_KIND_OPAQUE);
    assert_int_equal(eda_type_lobby_deps.size, sizeof(lobby_deps));
    assert_null(eda_type_lobby_deps.fields);
}

static void basic_types_have_their_names_kinds_and_sizes(void **state)
{
    (void)state;
#define BASIC_IS(type_, kind_)                                                                     \
    assert_int_equal(eda_type_##type_.kind, kind_);                                                \
    assert_int_equal(eda_type_##type_.size, sizeof(type_));                                        \
    assert_string_equal(eda_type_##type_.name, #type_)
    BASIC_IS(bool, EDA_KIND_BOOL);
    BASIC_IS(int8_t, EDA_KIND_I8);
    BASIC_IS(int16_t, EDA_KIND_I16);
    BASIC_IS(int32_t, EDA_KIND_I32);
    BASIC_IS(int64_t, EDA_KIND_I64);
    BASIC_IS(uint8_t, EDA_KIND_U8);
    BASIC_IS(uint16_t, EDA_KIND_U16);
    BASIC_IS(uint32_t, EDA_KIND_U32);
    BASIC_IS(uint64_t, EDA_KIND_U64);
    BASIC_IS(float, EDA_KIND_F32);
    BASIC_IS(double, EDA_KIND_F64);
    BASIC_IS(eda_str, EDA_KIND_STR);
    BASIC_IS(eda_bytes, EDA_KIND_BYTES);
    BASIC_IS(eda_time, EDA_KIND_TIME);
    BASIC_IS(eda_duration, EDA_KIND_DURATION);
    BASIC_IS(eda_text, EDA_KIND_TEXT);
    BASIC_IS(eda_none, EDA_KIND_RECORD);
    assert_string_equal(eda_type__Bool.name, "bool");
    assert_null(eda_type_eda_none.fields[0].name);
}

static void dead_letter_has_five_texts(void **state)
{
    (void)state;
    FIELD_IS(eda_dead_letter, 0, topic, eda_str);
    FIELD_IS(eda_dead_letter, 1, message, eda_str);
    FIELD_IS(eda_dead_letter, 2, actor, eda_str);
    FIELD_IS(eda_dead_letter, 3, reason, eda_str);
    FIELD_IS(eda_dead_letter, 4, payload, eda_str);
    FIELD_COUNT_IS(eda_dead_letter, 5);
    assert_string_equal(eda_type_eda_dead_letter.topic, "@edacious/dead");
    assert_non_null(eda_type_eda_dead_letter.slot);
}

/* --- values ------------------------------------------------------------------------------- */

static void msg_with_fields_points_to_them(void **state)
{
    const badge guests[] = {{.id = EDA_STR("8")}, {.id = EDA_STR("9"), .level = 1}};
    eda_value value = EDA_MSG(door_unlock, .door_id = EDA_STR("front"),
        .holder = {.id = EDA_STR("7"), .level = 3}, .hold_s = EDA_SOME(uint32_t, 0),
        .guests = {.items = guests, .len = 2}, .attempt = 1);
    const door_unlock *message = value.data;

    (void)state;
    assert_ptr_equal(value.type, &eda_type_door_unlock);
    assert_true(eda_str_equal(message->door_id, EDA_STR("front")));
    assert_int_equal(message->holder.level, 3);
    assert_true(message->hold_s.is_set);
    assert_int_equal(message->guests.items[1].level, 1);
    assert_int_equal(message->attempt, 1);
}

static void msg_without_fields_is_zero(void **state)
{
    eda_value value = EDA_MSG(door_opened);
    const door_opened *message = value.data;

    (void)state;
    assert_int_equal(message->door_id.len, 0);
    assert_null(message->photo.ptr);
    assert_int_equal(message->at, 0);
    assert_ptr_equal(EDA_MSG(bell).type, &eda_type_bell);
    assert_non_null(EDA_MSG(bell).data);
}

static void ask_points_to_the_reply(void **state)
{
    const door_status *status = NULL;
    eda_request request = EDA_ASK(door_status_get, &status, .door_id = EDA_STR("front"));

    (void)state;
    assert_ptr_equal(request.value.type, &eda_type_door_status_get);
    assert_ptr_equal((const void *)request.ret_reply, (const void *)&status);
    assert_int_equal(((const door_status_get *)request.value.data)->door_id.len, 5);
}

static void reply_is_of_the_requests_reply_type(void **state)
{
    eda_value reply = EDA_REPLY(door_status_get, .mode = DOOR_HELD);

    (void)state;
    assert_ptr_equal(reply.type, &eda_type_door_status);
    assert_int_equal(((const door_status *)reply.data)->mode, DOOR_HELD);
    assert_int_equal(((const door_status *)EDA_REPLY(door_lock).data)->mode, DOOR_LOCKED);
}

static void with_takes_the_actors_dependencies_or_none(void **state)
{
    eda_added added = EDA_WITH(door, .open_for = EDA_SEC(1), .level_min = 2);
    eda_value deps = EDA_DEPS(lobby_deps, .printer = NULL);

    (void)state;
    assert_ptr_equal(added.actor, &eda_actor_door);
    assert_int_equal(((const door_deps *)added.deps)->level_min, 2);
    assert_null(EDA_WITH(door).deps);
    assert_ptr_equal(EDA_WITH(lobby).actor, &eda_actor_lobby);
    assert_ptr_equal(deps.type, &eda_type_lobby_deps);
}

static void list_and_some_hold_what_is_named(void **state)
{
    eda_list_badge list = EDA_LIST(badge, {.id = EDA_STR("a"), .level = 4}, {.level = 5});
    eda_list_bool flags = EDA_LIST(bool, true, false, true);
    eda_opt_badge one = EDA_SOME(badge, {.id = EDA_STR("x"), .level = 6});

    (void)state;
    assert_int_equal(list.len, 2);
    assert_int_equal(list.items[1].level, 5);
    assert_int_equal(flags.len, 3);
    assert_true(flags.items[2]);
    assert_true(one.is_set);
    assert_int_equal(one.value.level, 6);
    assert_int_equal(EDA_SOME(uint32_t, 9).value, 9);
}

/* --- actors ------------------------------------------------------------------------------- */

static void actor_has_each_verb_in_its_descriptor(void **state)
{
    const eda_actor *actor = &eda_actor_door;

    (void)state;
    assert_string_equal(actor->name, "door");
    assert_int_equal(actor->size, sizeof(door));
    assert_ptr_equal(actor->deps, &eda_type_door_deps);
    assert_string_equal(actor->key, "door_id");
    assert_int_equal(actor->pool_len, 0);
    assert_null(actor->pool_key);
    assert_null(actor->supervisor);
    assert_ptr_equal(actor->emits[0], &eda_type_door_opened);
    assert_ptr_equal(actor->emits[1], &eda_type_door_status_get);
    assert_null(actor->emits[2]);
    assert_false(actor->emits_any);
}

static void actor_has_each_option(void **state)
{
    const eda_actor_options *options = &eda_actor_door.options;

    (void)state;
    assert_string_equal(options->doc, "Opens, locks itself again, counts.");
    assert_int_equal(options->idle_ms, 60000);
    assert_int_equal(options->mailbox_len_max, 64);
    assert_int_equal(options->activations_max, 1000);
    assert_int_equal(options->on_failure, EDA_RESTART);
    assert_int_equal(options->restarts_max, 3);
    assert_int_equal(options->restarts_ms, 9);
    assert_true(options->dedicated_thread);
    assert_true(options->passivates_at_once);
    assert_true(options->saves_lazily);
}

static void saved_is(size_t index, const char *name, const eda_type *type, size_t offset)
{
    assert_string_equal(eda_actor_door.saves[index].name, name);
    assert_ptr_equal(eda_actor_door.saves[index].type, type);
    assert_int_equal(eda_actor_door.saves[index].offset, offset);
}

static void actor_saves_named_and_described_fields(void **state)
{
    (void)state;
    saved_is(0, "mode", &eda_type_door_mode, offsetof(door, mode));
    saved_is(1, "unlock_count", &eda_type_uint32_t, offsetof(door, unlock_count));
    saved_is(2, "last_badge", &eda_type_eda_text, offsetof(door, last_badge));
    saved_is(3, "since", &eda_type_eda_time, offsetof(door, since));
    saved_is(4, "is_open", &eda_type_bool, offsetof(door, is_open));
    saved_is(5, "mean", &eda_type_double, offsetof(door, mean));
    assert_int_equal(eda_actor_door.saves[3].since, 2);
    assert_null(eda_actor_door.saves[6].name);
}

static void actor_routings_are_told_apart(void **state)
{
    (void)state;
    assert_ptr_equal(eda_actor_lobby.supervisor, &lobby_supervisor);
    assert_null(eda_actor_lobby.key);
    assert_ptr_equal(eda_actor_lobby.deps, &eda_type_lobby_deps);
    assert_true(eda_actor_lobby.emits_any);
    assert_null(eda_actor_lobby.emits);
    assert_null(eda_actor_lobby.saves);
    assert_int_equal(eda_actor_sorter.pool_len, 4);
    assert_string_equal(eda_actor_sorter.pool_key, "subject");
    assert_int_equal(eda_actor_counter.pool_len, 3);
    assert_null(eda_actor_counter.pool_key);
    assert_int_equal(eda_actor_counter.options.on_failure, EDA_STOP);
}

static void actor_without_verbs_has_nothing(void **state)
{
    const eda_actor *actor = &eda_actor_alone;

    (void)state;
    assert_null(actor->key);
    assert_int_equal(actor->pool_len, 0);
    assert_null(actor->supervisor);
    assert_null(actor->saves);
    assert_null(actor->emits);
    assert_null(actor->start);
    assert_null(actor->stop);
    assert_null(actor->handlers[0].fn);
    assert_ptr_equal(actor->deps, &eda_type_eda_none);
}

static const eda_handler *handler(size_t index)
{
    return &eda_actor_door.handlers[index];
}

static void handlers_have_type_key_and_extras(void **state)
{
    (void)state;
    assert_ptr_equal(handler(0)->type, &eda_type_door_unlock);
    assert_null(handler(0)->key);
    assert_int_equal(handler(0)->attempts, 3);
    assert_true(handler(0)->interleaves);
    assert_false(handler(0)->answers);
    assert_ptr_equal(handler(1)->type, &eda_type_audit_note);
    assert_string_equal(handler(1)->key, "subject");
    assert_int_equal(handler(1)->attempts, 2);
    assert_false(handler(1)->interleaves);
    assert_ptr_equal(handler(2)->type, &eda_type_door_relock);
    assert_true(handler(2)->is_self);
    assert_false(handler(2)->interleaves);
    assert_true(handler(3)->is_self);
    assert_true(handler(3)->interleaves);
    assert_null(handler(4)->type);
    assert_string_equal(handler(4)->pattern, "building/**");
    assert_ptr_equal(handler(5)->type, &eda_type_door_status_get);
    assert_true(handler(5)->answers);
    assert_true(handler(5)->interleaves);
    assert_true(handler(6)->answers);
    assert_false(handler(6)->is_self);
    assert_null(handler(6)->pattern);
    assert_null(handler(7)->fn);
}

static void adapter_of_a_full_handler_gives_its_status(void **state)
{
    door self = {.unlock_count = 98};
    door_unlock message = {.attempt = 2};

    (void)state;
    assert_int_equal(handler(0)->fn(&self, &message, NULL, NULL), EDA_OK);
    assert_int_equal(self.mode, DOOR_OPEN);
    assert_int_equal(handler(0)->fn(&self, &message, NULL, NULL), EDA_STATUS_USER);
    assert_int_equal(self.unlock_count, 102);
}

static void adapter_of_a_plain_handler_gives_ok(void **state)
{
    door self = {.mode = DOOR_OPEN};
    audit_note note = {.lines = {.items = NULL, .len = 5}};

    (void)state;
    assert_int_equal(handler(1)->fn(&self, &note, NULL, NULL), EDA_OK);
    assert_int_equal(self.unlock_count, 5);
    assert_int_equal(handler(2)->fn(&self, &(door_relock){.eda_unused = 0}, NULL, NULL), EDA_OK);
    assert_int_equal(self.mode, DOOR_LOCKED);
    assert_int_equal(handler(3)->fn(&self, &(door_tick){.count = 4}, NULL, NULL), EDA_OK);
    assert_int_equal(self.since, 4);
}

static void adapter_of_any_passes_the_envelope(void **state)
{
    door self = {.since = 0};
    eda_envelope envelope = {.topic = EDA_STR("building/7")};

    (void)state;
    assert_int_equal(handler(4)->fn(&self, &envelope, NULL, NULL), EDA_OK);
    assert_int_equal(self.since, 10);
}

static void adapter_of_answers_fills_the_reply(void **state)
{
    door self = {.unlock_count = 6};
    door_status reply = {.mode = DOOR_OPEN};

    (void)state;
    assert_int_equal(
        handler(5)->fn(&self, &(door_status_get){.door_id = EDA_STR("a")}, &reply, NULL),
        EDA_EREFUSED);
    assert_int_equal(reply.unlock_count, 6);
    assert_int_equal(
        handler(6)->fn(&self, &(door_lock){.door_id = EDA_STR("a")}, &reply, NULL), EDA_OK);
    assert_int_equal(reply.mode, DOOR_HELD);
}

static void adapters_of_start_and_stop_pass_on(void **state)
{
    door self = {.open_for = 0};
    door_deps deps = {.open_for = EDA_MS(250)};

    (void)state;
    assert_int_equal(eda_actor_door.start(&self, &deps, NULL), EDA_OK);
    assert_int_equal(self.open_for, EDA_MS(250));
    eda_actor_door.stop(&self, EDA_STOP_IDLE, NULL);
    assert_int_equal(self.stopped, EDA_STOP_IDLE);
}

static void linked_actors_are_listed_by_name(void **state)
{
    static const char *const names[] = {"alone", "counter", "door", "lobby", "sorter"};
    const eda_linked *node = edai_linked_first();

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_non_null(node);
        assert_string_equal(node->actor->name, names[i]);
        node = node->next;
    }
    assert_null(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_with_extras_has_each_in_its_descriptor),
        cmocka_unit_test(message_fields_have_each_extra),
        cmocka_unit_test(message_of_all_numbers_has_their_descriptors),
        cmocka_unit_test(message_of_text_time_enum_bytes_has_their_descriptors),
        cmocka_unit_test(message_without_fields_is_no_empty_struct),
        cmocka_unit_test(message_raw_has_the_layout_of_eda_raw),
        cmocka_unit_test(record_has_neither_topic_nor_slot),
        cmocka_unit_test(record_of_itself_lists_itself),
        cmocka_unit_test(enum_has_wire_names_or_its_own),
        cmocka_unit_test(list_and_optional_point_to_their_item),
        cmocka_unit_test(request_names_its_reply),
        cmocka_unit_test(opaque_has_only_a_size),
        cmocka_unit_test(basic_types_have_their_names_kinds_and_sizes),
        cmocka_unit_test(dead_letter_has_five_texts),
        cmocka_unit_test(msg_with_fields_points_to_them),
        cmocka_unit_test(msg_without_fields_is_zero),
        cmocka_unit_test(ask_points_to_the_reply),
        cmocka_unit_test(reply_is_of_the_requests_reply_type),
        cmocka_unit_test(with_takes_the_actors_dependencies_or_none),
        cmocka_unit_test(list_and_some_hold_what_is_named),
        cmocka_unit_test(actor_has_each_verb_in_its_descriptor),
        cmocka_unit_test(actor_has_each_option),
        cmocka_unit_test(actor_saves_named_and_described_fields),
        cmocka_unit_test(actor_routings_are_told_apart),
        cmocka_unit_test(actor_without_verbs_has_nothing),
        cmocka_unit_test(handlers_have_type_key_and_extras),
        cmocka_unit_test(adapter_of_a_full_handler_gives_its_status),
        cmocka_unit_test(adapter_of_a_plain_handler_gives_ok),
        cmocka_unit_test(adapter_of_any_passes_the_envelope),
        cmocka_unit_test(adapter_of_answers_fills_the_reply),
        cmocka_unit_test(adapters_of_start_and_stop_pass_on),
        cmocka_unit_test(linked_actors_are_listed_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
