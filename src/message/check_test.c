/* check_test.c - one sound message, and every way to get it wrong; each must name the type, the
 * field and the mend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <edacious/ctx.h>
#include <edacious/declare.h>
#include <edacious/system.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "message/check.h"

typedef struct list {
    const void *items;
    size_t len;
} list;

typedef struct maybe {
    bool is_set;
    uint32_t value;
} maybe;

typedef struct order {
    eda_str id;
    int8_t level;
    uint16_t port;
    int mode;
    double weight;
    list items;
    maybe limit;
    eda_duration wait;
} order;

/* Everything that a test may change, fresh for each. */
typedef struct unit {
    eda_type order;
    eda_type items;
    eda_type limit;
    eda_type mode;
    eda_type reply;
    eda_field fields[9];
    eda_enumerator names[3];
    eda_type_slot slot;
} unit;

enum {
    ID,
    LEVEL,
    PORT,
    MODE,
    WEIGHT,
    ITEMS,
    LIMIT,
    WAIT
};

static unit u;
static char long_name[EDAI_TYPE_NAME_LEN_MAX + 2];
static eda_field many_fields[EDAI_TYPE_FIELDS_MAX + 2];
static char many_names[EDAI_TYPE_FIELDS_MAX + 1][8];
static eda_enumerator many_values[EDAI_TYPE_NAMES_MAX + 2];

static void unit_make(void)
{
    memset(&u, 0, sizeof(u));
    u.names[0] = (eda_enumerator){.value = 0, .name = "off"};
    u.names[1] = (eda_enumerator){.value = 5, .name = "half-on"};
    u.mode = (eda_type){
        .name = "mode", .kind = EDA_KIND_ENUM, .size = sizeof(int), .enumerators = u.names};
    u.items = (eda_type){.kind = EDA_KIND_LIST, .size = sizeof(list), .item = &eda_type_eda_str};
    u.limit = (eda_type){.kind = EDA_KIND_OPTIONAL,
        .size = sizeof(maybe),
        .item = &eda_type_uint32_t,
        .value_offset = offsetof(maybe, value)};
    u.fields[ID] = (eda_field){
        .name = "id", .type = &eda_type_eda_str, .offset = offsetof(order, id), .len_max = 8};
    u.fields[LEVEL] = (eda_field){.name = "level",
        .type = &eda_type_int8_t,
        .offset = offsetof(order, level),
        .range = {-5, 5},
        .if_missing = -5};
    u.fields[PORT] =
        (eda_field){.name = "port", .type = &eda_type_uint16_t, .offset = offsetof(order, port)};
    u.fields[MODE] = (eda_field){
        .name = "mode", .type = &u.mode, .offset = offsetof(order, mode), .if_missing = 5};
    u.fields[WEIGHT] = (eda_field){.name = "weight",
        .type = &eda_type_double,
        .offset = offsetof(order, weight),
        .range = {0, 0.5L},
        .if_missing = 0.25L};
    u.fields[ITEMS] = (eda_field){
        .name = "items", .type = &u.items, .offset = offsetof(order, items), .len_max = 3};
    u.fields[LIMIT] = (eda_field){
        .name = "limit", .type = &u.limit, .offset = offsetof(order, limit), .range = {1, 9}};
    u.fields[WAIT] = (eda_field){
        .name = "wait", .type = &eda_type_eda_duration, .offset = offsetof(order, wait)};
    u.reply = (eda_type){.name = "receipt", .kind = EDA_KIND_RECORD, .size = 1};
    u.order = (eda_type){.name = "order",
        .topic = "order/{id}/{level}",
        .kind = EDA_KIND_RECORD,
        .size = sizeof(order),
        .fields = u.fields,
        .reply = &u.reply,
        .slot = &u.slot};
}

static void type_check_sound_types_returns_ok(void **state)
{
    eda_problem problem = {""};

    (void)state;
    unit_make();
    if (edai_type_check(&u.order, &problem) != EDA_OK) {
        fail_msg("%s", problem.text);
    }
    assert_int_equal(edai_type_check(&u.order, NULL), EDA_OK);
    assert_int_equal(edai_type_check(&eda_type_eda_none, NULL), EDA_OK);
    assert_int_equal(edai_type_check(&eda_type_eda_dead_letter, NULL), EDA_OK);
}

EDA_RECORD(check_tree, (eda_str, label), (eda_list_of(check_tree), children));
EDA_ENUM(check_mode, (CHECK_OFF, "off"), (CHECK_ON, "on"));
EDA_REQUEST(check_ask, check_tree, "check/{who}/{number}", (eda_str, who), (uint64_t, number),
    (check_mode, mode), (eda_optional(check_tree), hint), (eda_list_of(eda_time), times),
    (bool, is_urgent, .if_missing = 1));
EDA_MESSAGE_RAW(check_frame, "camera/{id}/frame");

static void type_check_what_macros_declare_returns_ok(void **state)
{
    eda_problem problem = {""};

    (void)state;
    if (edai_type_check(&eda_type_check_ask, &problem) != EDA_OK ||
        edai_type_check(&eda_type_check_frame, &problem) != EDA_OK) {
        fail_msg("%s", problem.text);
    }
}

static void type_check_opaque_dependencies_return_ok(void **state)
{
    static const eda_type deps = {.name = "lobby_deps", .kind = EDA_KIND_OPAQUE, .size = 9000};

    (void)state;
    assert_int_equal(edai_type_check(&deps, NULL), EDA_OK);
}

/* ---- mistakes ---- */

static void assert_refused(const char *where, const char *what)
{
    eda_problem problem = {""};
    eda_status status = edai_type_check(&u.order, &problem);

    if (status != EDA_EINVAL || strncmp(problem.text, where, strlen(where)) != 0 ||
        strstr(problem.text, what) == NULL) {
        fail_msg("%s ... %s: status %d, %s", where, what, status, problem.text);
    }
    unit_make();
}

static void type_check_wrong_names_are_refused(void **state)
{
    static const char *const wrong[] = {"", "9a", "a b", "a-b", "\xc3\xa9", "a.b"};

    (void)state;
    unit_make();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        u.order.name = wrong[i];
        assert_refused(wrong[i], "is no name for a type");
        u.fields[PORT].name = wrong[i];
        assert_refused("order.", "is no name for a field");
    }
    memset(long_name, 'a', sizeof(long_name) - 1);
    u.order.name = long_name;
    assert_refused("aaa", "is no name for a type");
    u.order.name = long_name + 1;
    assert_int_equal(edai_type_check(&u.order, NULL), EDA_OK);
    u.order.name = NULL;
    assert_refused("a type without a name", "is no name for a type");
    u.mode.name = "no mode";
    assert_refused("no mode", "is no name for a type");
    u.fields[PORT].name = "level";
    assert_refused("order.level", "declared twice");
}

static void type_check_wrong_kinds_are_refused(void **state)
{
    static const eda_type opaque = {.name = "handle", .kind = EDA_KIND_OPAQUE, .size = 8};
    static const eda_type unknown = {.name = "strange", .kind = (eda_kind)99, .size = 8};

    (void)state;
    unit_make();
    u.order.kind = (eda_kind)0;
    assert_refused("order", "unknown kind");
    u.fields[WAIT].type = &unknown;
    assert_refused("order.wait", "unknown kind");
    u.fields[WAIT].type = NULL;
    assert_refused("order.wait", "has no type");
    u.fields[WAIT].type = &eda_type_eda_text;
    assert_refused("order.wait", "use eda_str");
    u.fields[WAIT].type = &opaque;
    assert_refused("order.wait", "opaque");
    u.items.item = &unknown;
    assert_refused("order.items", "no item type");
    u.items.item = NULL;
    assert_refused("order.items", "no item type");
    u.items.item = &u.limit;
    assert_refused("order.items", "wrap each");
    u.limit.item = &u.items;
    assert_refused("order.limit", "wrap each");
    u.items.item = &eda_type_eda_text;
    assert_refused("order.items", "no message can hold");
}

static void type_check_wrong_layouts_are_refused(void **state)
{
    (void)state;
    unit_make();
    u.fields[WAIT].offset = sizeof(order);
    assert_refused("order.wait", "outside its struct");
    u.fields[WAIT].offset = SIZE_MAX - 3;
    assert_refused("order.wait", "outside its struct");
    u.fields[WAIT].offset -= 4;
    assert_refused("order.wait", "offset its C type cannot have");
    u.fields[WAIT].offset = 0;
    assert_refused("order.wait", "lies over");
    u.fields[ID].offset = offsetof(order, weight);
    assert_refused("order.weight", "lies over");
    u.mode.size = 2;
    assert_refused("order.mode", "2 bytes instead of 4");
    u.items.size = 24;
    assert_refused("order.items", "24 bytes instead of 16");
    u.order.size = EDAI_TYPE_SIZE_MAX + 1;
    assert_refused("order", "too large");
    u.order.size = EDAI_TYPE_SIZE_MAX;
    assert_int_equal(edai_type_check(&u.order, NULL), EDA_OK);
    u.reply.size = 0;
    assert_refused("receipt", "has no size");
    u.limit.value_offset = 0;
    assert_refused("order.limit", "value_offset");
    u.limit.value_offset = 2;
    assert_refused("order.limit", "value_offset");
    u.limit.value_offset = sizeof(maybe);
    assert_refused("order.limit", "value_offset");
}

static void type_check_record_within_itself_is_refused(void **state)
{
    (void)state;
    unit_make();
    u.fields[0] = (eda_field){.name = "self", .type = &u.order};
    u.fields[1] = (eda_field){.name = NULL};
    u.order.topic = NULL;
    u.order.reply = NULL;
    assert_refused("order", "itself");
}

static void type_check_wrong_enums_are_refused(void **state)
{
    (void)state;
    unit_make();
    u.mode.enumerators = NULL;
    assert_refused("order.mode", "none of the enum's values");
    u.fields[MODE].if_missing = 0;
    u.mode.enumerators = NULL;
    assert_refused("mode", "without values");
    u.names[0].name = NULL;
    u.fields[MODE].if_missing = 0;
    assert_refused("mode", "without values");
    u.names[0].value = 1;
    assert_refused("mode", "first value is not 0");
    u.names[1].name = "off";
    assert_refused("mode", "two values of one name");
    u.names[1].name = "";
    assert_refused("mode", "empty or not UTF-8");
    u.names[1].name = "\xff";
    assert_refused("mode", "empty or not UTF-8");
}

static void type_check_too_many_entries_are_refused(void **state)
{
    (void)state;
    unit_make();
    for (size_t i = 0; i <= EDAI_TYPE_FIELDS_MAX; i++) {
        snprintf(many_names[i], sizeof(many_names[i]), "f%u", (unsigned)i % 1000);
        many_fields[i] = (eda_field){.name = many_names[i], .type = &eda_type_bool, .offset = i};
    }
    u.reply.size = EDAI_TYPE_FIELDS_MAX + 1;
    u.reply.fields = many_fields;
    assert_refused("receipt", "over 256 fields");
    for (size_t i = 0; i <= EDAI_TYPE_NAMES_MAX; i++) {
        many_values[i] = (eda_enumerator){.value = (int)i, .name = &long_name[i % 8]};
    }
    many_values[1].name = many_values[0].name;
    u.mode.enumerators = many_values;
    assert_refused("mode", "two values of one name");
}

static void type_check_wrong_ranges_are_refused(void **state)
{
    static const long double wrong[][2] = {{-129, 5}, {0, 128}, {-1e30L, 1e30L}};

    (void)state;
    unit_make();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memcpy(u.fields[LEVEL].range, wrong[i], sizeof(wrong[i]));
        assert_refused("order.level has a range", "allowed: -128 to 127");
    }
    u.fields[LEVEL].range[0] = 5;
    u.fields[LEVEL].range[1] = -5;
    assert_refused("order.level", "swap them");
    u.fields[LEVEL].range[1] = (long double)NAN;
    assert_refused("order.level has a range", "allowed");
    u.fields[WEIGHT].range[1] = (long double)INFINITY;
    assert_refused("order.weight has a range", "allowed");
    u.fields[LIMIT].range[1] = 4294967296.0L;
    assert_refused("order.limit has a range", "4294967296; allowed: 0 to 4294967295");
    u.fields[PORT].range[0] = -1;
    assert_refused("order.port has a range", "allowed: 0 to 65535");
    u.fields[ID].range[1] = 5;
    assert_refused("order.id", "is no number");
    u.fields[ITEMS].range[1] = 5;
    assert_refused("order.items", "is no number");
}

static void type_check_wrong_if_missing_is_refused(void **state)
{
    (void)state;
    unit_make();
    u.fields[LEVEL].if_missing = 6;
    assert_refused("order.level has an if_missing of 6", "allowed: -5 to 5");
    u.fields[PORT].if_missing = 65536;
    assert_refused("order.port has an if_missing", "allowed: 0 to 65535");
    u.fields[PORT].if_missing = 1.5L;
    assert_refused("order.port", "fraction");
    u.fields[MODE].if_missing = 1;
    assert_refused("order.mode", "none of the enum's values");
    u.fields[MODE].if_missing = 1e20L;
    assert_refused("order.mode has an if_missing", "allowed");
    u.fields[ID].if_missing = 1;
    assert_refused("order.id", "only numbers, bools and enums");
    u.fields[LIMIT].if_missing = 1;
    assert_refused("order.limit", "only numbers, bools and enums");
    u.fields[WEIGHT].if_missing = (long double)NAN;
    assert_refused("order.weight has an if_missing", "allowed");
    u.fields[PORT].len_max = 1;
    assert_refused("order.port", "has a len_max");
}

static void type_check_wrong_travel_is_refused(void **state)
{
    (void)state;
    unit_make();
    u.order.topic = "order/{nobody}";
    assert_refused("order has topic", "is no field");
    u.order.topic = NULL;
    assert_refused("order", "no topic");
    u.order.slot = NULL;
    assert_refused("order", "no slot");
    u.reply.kind = EDA_KIND_ENUM;
    assert_refused("order", "reply that is no record");
    u.order.is_raw = true;
    assert_refused("order", "is raw");
    u.order.overflow = (eda_overflow)9;
    assert_refused("order", "unknown overflow");
    u.order = u.mode;
    u.order.topic = "a";
    assert_refused("mode", "no record");
}

static void type_check_without_memory_returns_enomem(void **state)
{
    (void)state;
    unit_make();
    for (uint64_t nth = 1; nth <= 2; nth++) {
        edai_alloc_fail_at(nth);
        assert_int_equal(edai_type_check(&u.order, NULL), EDA_ENOMEM);
    }
    edai_alloc_fail_at(3);
    assert_int_equal(edai_type_check(&u.order, NULL), EDA_OK);
    edai_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_check_sound_types_returns_ok),
        cmocka_unit_test(type_check_what_macros_declare_returns_ok),
        cmocka_unit_test(type_check_opaque_dependencies_return_ok),
        cmocka_unit_test(type_check_wrong_names_are_refused),
        cmocka_unit_test(type_check_wrong_kinds_are_refused),
        cmocka_unit_test(type_check_wrong_layouts_are_refused),
        cmocka_unit_test(type_check_record_within_itself_is_refused),
        cmocka_unit_test(type_check_wrong_enums_are_refused),
        cmocka_unit_test(type_check_too_many_entries_are_refused),
        cmocka_unit_test(type_check_wrong_ranges_are_refused),
        cmocka_unit_test(type_check_wrong_if_missing_is_refused),
        cmocka_unit_test(type_check_wrong_travel_is_refused),
        cmocka_unit_test(type_check_without_memory_returns_enomem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
