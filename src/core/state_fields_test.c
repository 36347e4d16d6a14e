/* state_fields_test.c - every type a field may be saved as, what the record then holds, and records
 * of other versions of an actor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <edacious/edacious.h>

#include "state_store.h"

/* --- every type --------------------------------------------------------------------------- */

EDA_ENUM(state_mode,
    (STATE_LOCKED, "locked"),
    (STATE_OPEN, "open"),
    (STATE_HELD, "held open"));
EDA_RECORD(state_badge, (uint32_t, level), (state_mode, mode), (eda_optional(int16_t), floor));
EDA_RECORD(state_step, (bool, is_high));

typedef struct state_chest {
    bool flag;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    float f32;
    double f64;
    eda_time at;
    eda_duration span;
    eda_text text;
    state_mode named;   /* as a tuple: by name */
    state_mode counted; /* bare: by number */
    state_badge badge;
    eda_opt_uint32_t set;
    eda_opt_uint32_t unset;
    eda_opt_state_badge badges;
    uint64_t not_saved;
} state_chest;

EDA_MESSAGE(state_fill, "state/chest/fill", (bool, is_high));
EDA_MESSAGE(state_find, "state/chest/find");

static state_chest found;
static char found_text[64];

static eda_status chest_on_fill(state_chest *self, const state_fill *fill, eda_ctx *ctx)
{
    const state_chest high = {.flag = true,
        .i8 = INT8_MAX,
        .i16 = INT16_MAX,
        .i32 = INT32_MAX,
        .i64 = INT64_MAX,
        .u8 = UINT8_MAX,
        .u16 = UINT16_MAX,
        .u32 = UINT32_MAX,
        .u64 = UINT64_MAX,
        .f32 = 3.40282347e38F,
        .f64 = 1.7976931348623157e308,
        .at = INT64_MAX,
        .span = INT64_MAX,
        .named = STATE_HELD,
        .counted = STATE_OPEN,
        .badge = {.level = UINT32_MAX, .mode = STATE_OPEN, .floor = {true, INT16_MIN}},
        .set = {true, 0},
        .badges = {true, {.level = 3, .mode = STATE_HELD}},
        .not_saved = 9};
    const state_chest low = {.i8 = INT8_MIN,
        .i16 = INT16_MIN,
        .i32 = INT32_MIN,
        .i64 = INT64_MIN,
        .f32 = -1.40129846e-45F,
        .f64 = -4.9406564584124654e-324,
        .at = INT64_MIN,
        .span = INT64_MIN,
        .badge = {.floor = {true, INT16_MAX}},
        .set = {true, UINT32_MAX}};
    eda_text text = self->text;

    *self = fill->is_high ? high : low;
    self->text = text;
    return eda_text_set(ctx, &self->text,
        fill->is_high ? EDA_STR("gr\xc3\xbc\xc3\x9f"
                                "e\0!")
                      : EDA_STR(""));
}

static void chest_on_find(state_chest *self, const state_find *find)
{
    (void)find;
    found = *self;
    memset(found_text, 0, sizeof(found_text));
    if (self->text.len > 0) {
        memcpy(found_text, self->text.ptr, self->text.len);
    }
}

EDA_ACTOR(state_chest, eda_none,
    saves(flag, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, text),
    saves((eda_time, at), (eda_duration, span), (state_mode, named), counted, (state_badge, badge)),
    saves((eda_opt_uint32_t, set), (eda_opt_uint32_t, unset), (eda_opt_state_badge, badges)),
    on(state_fill, chest_on_fill),
    on(state_find, chest_on_find));

static eda_system *start(state_store *store, const eda_actor *actor)
{
    eda_system *sys = state_system_new(store);

    assert_int_equal(eda_add(sys, (eda_added){.actor = actor}), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    return sys;
}

static eda_status send(eda_system *sys, eda_value message)
{
    return eda_publish_wait(eda_system_client(sys), message, EDA_FOREVER);
}

static void fill_and_find(state_store *store, bool is_high)
{
    eda_system *sys = start(store, &eda_actor_state_chest);

    assert_int_equal(send(sys, EDA_MSG(state_fill, .is_high = is_high)), EDA_OK);
    state_system_end(sys);
    sys = start(store, &eda_actor_state_chest);
    assert_int_equal(send(sys, EDA_MSG(state_find)), EDA_OK);
    state_system_end(sys);
}

static void fields_at_their_high_ends_are_found_again(void **state)
{
    fill_and_find(*state, true);
    assert_true(found.flag);
    assert_int_equal(found.i8, INT8_MAX);
    assert_int_equal(found.i16, INT16_MAX);
    assert_int_equal(found.i32, INT32_MAX);
    assert_int_equal(found.i64, INT64_MAX);
    assert_int_equal(found.u8, UINT8_MAX);
    assert_int_equal(found.u16, UINT16_MAX);
    assert_int_equal(found.u32, UINT32_MAX);
    assert_int_equal(found.u64, UINT64_MAX);
    assert_true(found.f32 == 3.40282347e38F);
    assert_true(found.f64 == 1.7976931348623157e308);
    assert_int_equal(found.at, INT64_MAX);
    assert_int_equal(found.span, INT64_MAX);
    assert_int_equal(found.text.len, 9);
    assert_memory_equal(found_text,
        "gr\xc3\xbc\xc3\x9f"
        "e\0!",
        9);
    assert_int_equal(found.named, STATE_HELD);
    assert_int_equal(found.counted, STATE_OPEN);
    assert_int_equal(found.badge.level, UINT32_MAX);
    assert_int_equal(found.badge.mode, STATE_OPEN);
    assert_true(found.badge.floor.is_set);
    assert_int_equal(found.badge.floor.value, INT16_MIN);
    assert_true(found.set.is_set);
    assert_int_equal(found.set.value, 0);
    assert_false(found.unset.is_set);
    assert_true(found.badges.is_set);
    assert_int_equal(found.badges.value.mode, STATE_HELD);
    assert_false(found.badges.value.floor.is_set);
    assert_int_equal(found.not_saved, 0);
}

static void fields_at_their_low_ends_are_found_again(void **state)
{
    fill_and_find(*state, true); /* so that nothing is zero by chance */
    fill_and_find(*state, false);
    assert_false(found.flag);
    assert_int_equal(found.i8, INT8_MIN);
    assert_int_equal(found.i16, INT16_MIN);
    assert_int_equal(found.i32, INT32_MIN);
    assert_int_equal(found.i64, INT64_MIN);
    assert_int_equal(found.u8, 0);
    assert_int_equal(found.u64, 0);
    assert_true(found.f32 == -1.40129846e-45F);
    assert_true(found.f64 == -4.9406564584124654e-324);
    assert_int_equal(found.at, INT64_MIN);
    assert_int_equal(found.span, INT64_MIN);
    assert_int_equal(found.text.len, 0);
    assert_int_equal(found.named, STATE_LOCKED);
    assert_int_equal(found.counted, STATE_LOCKED);
    assert_int_equal(found.badge.floor.value, INT16_MAX);
    assert_int_equal(found.set.value, UINT32_MAX);
    assert_false(found.badges.is_set);
}

static bool contains(const uint8_t *bytes, size_t size, const char *what, size_t len)
{
    size_t i;

    for (i = 0; i + len <= size; i++) {
        if (memcmp(bytes + i, what, len) == 0) {
            return true;
        }
    }
    return false;
}

static void enum_is_saved_by_name_as_a_tuple_and_by_number_bare(void **state)
{
    size_t size = 0;
    uint8_t *bytes;

    fill_and_find(*state, true);
    bytes = state_store_read(*state, "state_chest", "", &size);
    assert_non_null(bytes);
    assert_true(contains(bytes, size, "\x65named\x69held open", 16));
    assert_true(contains(bytes, size,
        "\x67"
        "counted\x01",
        9));
    free(bytes);
}

/* --- versions ----------------------------------------------------------------------------- */

/* One actor as three versions of a program declare it: what they have in common is its name. */
typedef struct state_vault {
    uint32_t a;
    eda_text b;
    state_mode c;
    uint32_t d;
} state_vault;

static struct {
    uint32_t a;
    char b[8];
    state_mode c;
    uint32_t d;
    bool is_new;
} vault_seen;

static eda_status vault_on_fill(void *arg, const void *message, void *ret_reply, eda_ctx *ctx)
{
    state_vault *self = arg;

    (void)message, (void)ret_reply;
    self->a += 1;
    self->c = STATE_OPEN;
    return eda_text_set(ctx, &self->b, EDA_STR("text"));
}

static eda_status vault_on_find(void *arg, const void *message, void *ret_reply, eda_ctx *ctx)
{
    const state_vault *self = arg;

    (void)message, (void)ret_reply;
    memset(&vault_seen, 0, sizeof(vault_seen));
    vault_seen.a = self->a;
    vault_seen.c = self->c;
    vault_seen.d = self->d;
    vault_seen.is_new = eda_ctx_is_new(ctx);
    if (self->b.len > 0) {
        memcpy(vault_seen.b, self->b.ptr, self->b.len);
    }
    return EDA_OK;
}

#define FIELD_A                                                                                    \
    {                                                                                              \
        .name = "a", .type = &eda_type_uint32_t, .offset = offsetof(state_vault, a)                \
    }
#define FIELD_B                                                                                    \
    {                                                                                              \
        .name = "b", .type = &eda_type_eda_text, .offset = offsetof(state_vault, b)                \
    }
#define FIELD_C                                                                                    \
    {                                                                                              \
        .name = "c", .type = &eda_type_state_mode, .offset = offsetof(state_vault, c)              \
    }
#define FIELD_D                                                                                    \
    {                                                                                              \
        .name = "d", .type = &eda_type_uint32_t, .offset = offsetof(state_vault, d),               \
        .if_missing = 7                                                                            \
    }

static const eda_handler vault_handlers[] = {{.type = &eda_type_state_fill, .fn = vault_on_fill},
    {.type = &eda_type_state_find, .fn = vault_on_find}, {.fn = NULL}};
static const eda_field vault_1_saves[] = {FIELD_A, FIELD_B, {.name = NULL}};
static const eda_field vault_2_saves[] = {FIELD_D, FIELD_C, FIELD_B, FIELD_A, {.name = NULL}};
static const eda_field vault_3_saves[] = {FIELD_A, {.name = NULL}};
static const eda_actor vault_1 = {.name = "state_vault",
    .size = sizeof(state_vault),
    .deps = &eda_type_eda_none,
    .saves = vault_1_saves,
    .handlers = vault_handlers};
static const eda_actor vault_2 = {.name = "state_vault",
    .size = sizeof(state_vault),
    .deps = &eda_type_eda_none,
    .saves = vault_2_saves,
    .handlers = vault_handlers};
static const eda_actor vault_3 = {.name = "state_vault",
    .size = sizeof(state_vault),
    .deps = &eda_type_eda_none,
    .saves = vault_3_saves,
    .handlers = vault_handlers};

static void run_vault(state_store *store, const eda_actor *version, eda_value message)
{
    eda_system *sys = start(store, version);

    assert_int_equal(send(sys, message), EDA_OK);
    state_system_end(sys);
}

static void record_with_fewer_fields_leaves_the_new_ones_as_declared(void **state)
{
    state_store *store = *state;

    run_vault(store, &vault_1, EDA_MSG(state_fill));
    run_vault(store, &vault_2, EDA_MSG(state_find));
    assert_int_equal(vault_seen.a, 1);
    assert_string_equal(vault_seen.b, "text");
    assert_int_equal(vault_seen.c, STATE_LOCKED); /* zero */
    assert_int_equal(vault_seen.d, 7);            /* if_missing */
    assert_false(vault_seen.is_new);
}

static void record_with_more_fields_loses_them_with_the_next_commit(void **state)
{
    state_store *store = *state;

    run_vault(store, &vault_2, EDA_MSG(state_fill));
    run_vault(store, &vault_3, EDA_MSG(state_find));
    assert_int_equal(vault_seen.a, 1);
    assert_string_equal(vault_seen.b, "");
    run_vault(store, &vault_3, EDA_MSG(state_fill));
    run_vault(store, &vault_2, EDA_MSG(state_find));
    assert_int_equal(vault_seen.a, 2);
    assert_string_equal(vault_seen.b, "");
    assert_int_equal(vault_seen.c, STATE_LOCKED);
    assert_int_equal(vault_seen.d, 7);
}

static void new_activation_has_zeros_not_what_is_declared_for_missing_ones(void **state)
{
    run_vault(*state, &vault_2, EDA_MSG(state_find));
    assert_true(vault_seen.is_new);
    assert_int_equal(vault_seen.d, 0);
}

/* --- a state that is a record, and a range ------------------------------------------------ */

EDA_RECORD(state_lift, (state_mode, mode), (int32_t, floor), (uint32_t, rides));

static state_lift lift_seen;

static eda_status lift_on_step(state_lift *self, const state_fill *fill, eda_ctx *ctx)
{
    (void)ctx;
    self->floor += fill->is_high ? 1 : -1;
    self->mode = STATE_HELD;
    self->rides++;
    lift_seen = *self;
    return EDA_OK;
}

EDA_ACTOR(state_lift, eda_none,
    saves((state_mode, mode), (int32_t, floor, .range = {-1, 1}), rides),
    on(state_fill, lift_on_step));

static void state_that_is_a_record_is_saved_and_its_ranges_are_kept(void **state)
{
    state_store *store = *state;
    eda_system *sys = start(store, &eda_actor_state_lift);

    assert_int_equal(send(sys, EDA_MSG(state_fill, .is_high = true)), EDA_OK);
    assert_int_equal(send(sys, EDA_MSG(state_fill, .is_high = true)), EDA_EFAILED);
    assert_int_equal(eda_system_activations(sys, NULL).state_errors, 1);
    state_system_end(sys);
    sys = start(store, &eda_actor_state_lift);
    assert_int_equal(send(sys, EDA_MSG(state_fill, .is_high = false)), EDA_OK);
    state_system_end(sys);
    assert_int_equal(lift_seen.floor, 0);
    assert_int_equal(lift_seen.rides, 2);
    assert_int_equal(lift_seen.mode, STATE_HELD);
}

/* --- whose record ------------------------------------------------------------------------- */

EDA_MESSAGE(state_tick, "state/tick/{id}", (int32_t, id));

typedef struct state_clock {
    uint32_t ticks;
} state_clock;

static void clock_on_tick(state_clock *self, const state_tick *tick)
{
    (void)tick;
    self->ticks++;
}

EDA_ACTOR(state_clock, eda_none, key(id), saves(ticks), on(state_tick, clock_on_tick));

static eda_actor state_clock_pool(void)
{
    eda_actor actor = eda_actor_state_clock;

    actor.name = "state_clocks";
    actor.key = NULL;
    actor.pool_len = 2;
    return actor;
}

static bool is_there(state_store *store, const char *actor, const char *key)
{
    size_t size = 0;
    uint8_t *bytes = state_store_read(store, actor, key, &size);

    free(bytes);
    return bytes != NULL;
}

static void record_is_of_the_key_in_decimal_or_of_the_pools_index(void **state)
{
    state_store *store = *state;
    const eda_actor pool = state_clock_pool();
    eda_system *sys = state_system_new(store);

    assert_int_equal(eda_add(sys, EDA_WITH(state_clock)), EDA_OK);
    assert_int_equal(eda_add(sys, (eda_added){.actor = &pool}), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    assert_int_equal(send(sys, EDA_MSG(state_tick, .id = INT32_MIN)), EDA_OK);
    assert_int_equal(send(sys, EDA_MSG(state_tick, .id = 0)), EDA_OK);
    assert_true(is_there(store, "state_clock", "-2147483648"));
    assert_true(is_there(store, "state_clock", "0"));
    assert_true(is_there(store, "state_clocks", "0"));
    assert_true(is_there(store, "state_clocks", "1"));
    assert_false(is_there(store, "state_clocks", "2"));
    state_system_end(sys);
}

static int set_up(void **state)
{
    *state = malloc(sizeof(state_store));
    assert_non_null(*state);
    state_store_init(*state);
    memset(&found, 0xff, sizeof(found));
    return 0;
}

static int tear_down(void **state)
{
    state_store_fini(*state);
    free(*state);
    return 0;
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_at_their_high_ends_are_found_again),
        TEST(fields_at_their_low_ends_are_found_again),
        TEST(enum_is_saved_by_name_as_a_tuple_and_by_number_bare),
        TEST(record_with_fewer_fields_leaves_the_new_ones_as_declared),
        TEST(record_with_more_fields_loses_them_with_the_next_commit),
        TEST(new_activation_has_zeros_not_what_is_declared_for_missing_ones),
        TEST(state_that_is_a_record_is_saved_and_its_ranges_are_kept),
        TEST(record_is_of_the_key_in_decimal_or_of_the_pools_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
