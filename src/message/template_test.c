/* template_test.c - topics with placeholders: declaring, filling in, taking apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <edacious/ctx.h>
#include <string.h>

#include "base/memory.h"
#include "message/template.h"

typedef struct unlock {
    eda_str door_id;
    int8_t floor;
    uint64_t serial;
    uint16_t slot;
    bool is_loud;
    eda_time at;
} unlock;

static const eda_field unlock_fields[] = {
    {.name = "door_id", .type = &eda_type_eda_str, .offset = offsetof(unlock, door_id)},
    {.name = "floor", .type = &eda_type_int8_t, .offset = offsetof(unlock, floor)},
    {.name = "serial", .type = &eda_type_uint64_t, .offset = offsetof(unlock, serial)},
    {.name = "slot", .type = &eda_type_uint16_t, .offset = offsetof(unlock, slot), .range = {1, 9}},
    {.name = "is_loud", .type = &eda_type_bool, .offset = offsetof(unlock, is_loud)},
    {.name = "at", .type = &eda_type_eda_time, .offset = offsetof(unlock, at)}, {.name = NULL}};

static eda_type unlock_type(const char *topic)
{
    return (eda_type){.name = "unlock",
        .topic = topic,
        .kind = EDA_KIND_RECORD,
        .size = sizeof(unlock),
        .fields = unlock_fields};
}

/* The template borrows the type, so each test has its own on its stack. */
static edai_template *make(const eda_type *type)
{
    edai_template *template = NULL;
    eda_problem problem = {""};

    if (edai_template_new(type, &template, &problem) != EDA_OK) {
        fail_msg("%s", problem.text);
    }
    return template;
}

static void assert_str(eda_str is, const char *expected)
{
    assert_int_equal(is.len, strlen(expected));
    assert_memory_equal(is.ptr, expected, is.len);
}

static void template_new_makes_the_pattern(void **state)
{
    static const char *const pairs[][2] = {{"door/{door_id}/unlock", "door/*/unlock"},
        {"{door_id}", "*"}, {"plain/topic", "plain/topic"}, {"{door_id}/{floor}", "*/*"},
        {"@a/{serial}", "@a/*"}};

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        eda_type type = unlock_type(pairs[i][0]);
        edai_template *template = make(&type);
        assert_str(edai_template_pattern(template), pairs[i][1]);
        edai_template_free(template);
    }
    edai_template_free(NULL);
}

static void template_new_wrong_topic_returns_einval_with_a_sentence(void **state)
{
    static const char *const wrong[][2] = {{"door/{id}/unlock", "\"{id}\" is no field"},
        {"door/{at}", "neither string nor integer"}, {"door/{is_loud}", "neither string"},
        {"door/{door_id", "is no placeholder"}, {"door/door_id}", "is no placeholder"},
        {"door/x{door_id}", "is no placeholder"}, {"door/{door_id}{floor}", "is no placeholder"},
        {"door/{}", "is no placeholder"}, {"door/{{door_id}}", "is no placeholder"},
        {"door/{door_id}/{door_id}", "twice"}, {"door/*", "wildcard"}, {"door/**", "wildcard"},
        {"door/a$*", "wildcard"}, {"door/a#", "cannot stand"}, {"door/\xff", "cannot stand"},
        {"/door", "empty chunk"}, {"door/", "empty chunk"}, {"door//a", "empty chunk"},
        {"", "empty topic"}};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        eda_type type = unlock_type(wrong[i][0]);
        eda_problem problem = {""};
        edai_template *template = NULL;
        assert_int_equal(edai_template_new(&type, &template, &problem), EDA_EINVAL);
        assert_int_equal(edai_template_new(&type, &template, NULL), EDA_EINVAL);
        assert_null(template);
        assert_non_null(strstr(problem.text, "unlock has"));
        if (strstr(problem.text, wrong[i][1]) == NULL) {
            fail_msg("%s: %s", wrong[i][0], problem.text);
        }
    }
}

static void template_new_without_topic_returns_einval(void **state)
{
    eda_type type = unlock_type(NULL);
    edai_template *template = NULL;
    eda_problem problem;

    (void)state;
    assert_int_equal(edai_template_new(&type, &template, &problem), EDA_EINVAL);
    assert_non_null(strstr(problem.text, "has no topic"));
}

static void template_new_over_bounds_returns_einval(void **state)
{
    static char text[EDA_TOPIC_LEN_MAX + 2];
    edai_template *template = NULL;
    eda_type type = unlock_type(text);

    (void)state;
    memset(text, 'a', EDA_TOPIC_LEN_MAX + 1);
    assert_int_equal(edai_template_new(&type, &template, NULL), EDA_EINVAL);
    text[EDA_TOPIC_LEN_MAX] = '\0';
    template = make(&type);
    edai_template_free(template);
    template = NULL;
    for (size_t i = 0; i <= EDA_TOPIC_CHUNKS_MAX; i++) {
        memcpy(text + 2 * i, "a/", 3);
    }
    text[2 * EDA_TOPIC_CHUNKS_MAX + 1] = '\0';
    assert_int_equal(edai_template_new(&type, &template, NULL), EDA_EINVAL);
    text[2 * EDA_TOPIC_CHUNKS_MAX - 1] = '\0';
    template = make(&type);
    edai_template_free(template);
}

/* Adds to a terminated text whose array has room for `size` bytes in all. */
static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);

    assert_true(strlen(more) < size - len);
    memcpy(text + len, more, strlen(more) + 1);
}

static void template_new_too_many_placeholders_returns_einval(void **state)
{
    static eda_field fields[18];
    static char names[17][2];
    char topic[17 * 4 + 1] = "";
    edai_template *template = NULL;
    eda_problem problem;

    (void)state;
    for (size_t i = 0; i < 17; i++) {
        names[i][0] = (char)('a' + i);
        fields[i] = (eda_field){.name = names[i], .type = &eda_type_int8_t, .offset = i};
        append(topic, sizeof(topic), i == 0 ? "{" : "/{");
        append(topic, sizeof(topic), names[i]);
        append(topic, sizeof(topic), "}");
    }
    eda_type type = {.name = "big", .topic = topic, .size = 17, .fields = fields};
    assert_int_equal(edai_template_new(&type, &template, &problem), EDA_EINVAL);
    topic[16 * 4 - 1] = '\0';
    template = make(&type);
    assert_int_equal(edai_template_count(template), 16);
    edai_template_free(template);
}

static void template_new_without_memory_returns_enomem(void **state)
{
    eda_type type = unlock_type("a/{door_id}");
    edai_template *template = NULL;

    (void)state;
    edai_alloc_fail_at(1);
    assert_int_equal(edai_template_new(&type, &template, NULL), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_null(template);
}

static void template_format_fills_in_and_parse_takes_apart(void **state)
{
    eda_type type = unlock_type("door/{door_id}/{floor}/x/{serial}");
    edai_template *template = make(&type);
    unlock message = {.door_id = EDA_STR("front \xc3\xa9"), .floor = -128, .serial = UINT64_MAX};
    char buffer[EDA_TOPIC_LEN_MAX];
    size_t len;
    edai_template_value values[3];
    size_t count;

    (void)state;
    assert_int_equal(edai_template_check(template, &message), EDA_OK);
    assert_int_equal(
        edai_template_format(template, &message, buffer, sizeof(buffer), &len), EDA_OK);
    assert_str((eda_str){buffer, len}, "door/front \xc3\xa9/-128/x/18446744073709551615");
    assert_int_equal(eda_topic_check_key((eda_str){buffer, len}), EDA_OK);
    assert_int_equal(
        edai_template_parse(template, (eda_str){buffer, len}, values, 3, &count), EDA_OK);
    assert_int_equal(count, 3);
    assert_ptr_equal(values[0].field, &unlock_fields[0]);
    assert_str(values[0].name, "door_id");
    assert_str(values[0].chunk, "front \xc3\xa9");
    assert_int_equal(values[1].number, -128);
    assert_true(values[2].unsigned_number == UINT64_MAX);
    edai_template_free(template);
}

static void template_format_into_small_buffer_returns_erange(void **state)
{
    eda_type type = unlock_type("door/{door_id}/x");
    edai_template *template = make(&type);
    unlock message = {.door_id = EDA_STR("abc")};
    char buffer[10];
    size_t len = 77;

    (void)state;
    for (size_t size = 0; size < sizeof(buffer); size++) {
        assert_int_equal(edai_template_format(template, &message, buffer, size, &len), EDA_ERANGE);
        assert_int_equal(len, 77);
    }
    assert_int_equal(
        edai_template_format(template, &message, buffer, sizeof(buffer), &len), EDA_OK);
    assert_int_equal(len, sizeof(buffer));
    edai_template_free(template);
}

static void template_field_that_forms_no_chunk_returns_ekey(void **state)
{
    static char longest[EDAI_TEMPLATE_CHUNK_MAX + 1];
    static const char *const wrong[] = {"", "a/b", "/", "*", "a*", "a$*", "$", "a#", "?", "@", "@a",
        "\xff", "a\xc3", "\xed\xa0\x80"};
    static const char *const good[] = {"a", "a@", " ", "%2F", "{x}", "\xe2\x82\xac", "-0", "+"};
    eda_type type = unlock_type("door/{door_id}");
    edai_template *template = make(&type);
    char buffer[EDA_TOPIC_LEN_MAX];
    size_t len = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        unlock message = {.door_id = eda_str_from(wrong[i])};
        assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
        assert_int_equal(
            edai_template_format(template, &message, buffer, sizeof(buffer), &len), EDA_EKEY);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        unlock message = {.door_id = eda_str_from(good[i])};
        assert_int_equal(edai_template_check(template, &message), EDA_OK);
    }
    assert_int_equal(len, 77);
    memset(longest, 'a', sizeof(longest));
    unlock message = {.door_id = {longest, EDAI_TEMPLATE_CHUNK_MAX}};
    assert_int_equal(edai_template_check(template, &message), EDA_OK);
    message.door_id.len++;
    assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
    message.door_id = (eda_str){NULL, 0};
    assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
    edai_template_free(template);
}

static void template_of_integers_alone_cannot_fail(void **state)
{
    static const eda_field fields[] = {{.name = "text", .type = &eda_type_eda_str},
        {.name = "n", .type = &eda_type_uint64_t, .offset = 16}, {.name = NULL}};
    const struct {
        const char *topic;
        bool can_fail;
    } all[] = {{"a/b", false}, {"a/{n}", false}, {"a/{text}", true}, {"a/{n}/{text}", true}};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        eda_type type = {.name = "m",
            .topic = all[i].topic,
            .kind = EDA_KIND_RECORD,
            .size = 24,
            .fields = fields};
        edai_template *template = NULL;

        assert_int_equal(edai_template_new(&type, &template, NULL), EDA_OK);
        assert_int_equal(edai_template_can_fail(template), all[i].can_fail);
        edai_template_free(template);
    }
}

static void template_topic_over_its_bound_returns_ekey(void **state)
{
    static char text[EDA_TOPIC_LEN_MAX];
    static char id[EDAI_TEMPLATE_CHUNK_MAX];
    char buffer[EDA_TOPIC_LEN_MAX];
    size_t len;

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text + 900, "/{door_id}/{floor}", sizeof("/{door_id}/{floor}"));
    memset(id, 'b', sizeof(id));
    eda_type type = unlock_type(text);
    edai_template *template = make(&type);
    unlock message = {.door_id = {id, EDA_TOPIC_LEN_MAX - 900 - 2 - 4}, .floor = -128};
    assert_int_equal(edai_template_check(template, &message), EDA_OK);
    assert_int_equal(
        edai_template_format(template, &message, buffer, sizeof(buffer), &len), EDA_OK);
    assert_int_equal(len, EDA_TOPIC_LEN_MAX);
    message.door_id.len++;
    assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
    assert_int_equal(
        edai_template_format(template, &message, buffer, sizeof(buffer), &len), EDA_EKEY);
    edai_template_free(template);
}

static void template_parse_other_topic_returns_enoent(void **state)
{
    static const char *const others[] = {"", "door", "door/", "door/a", "door/a/", "door/a/open",
        "door/a/unlock/", "door/a/unlocks", "door/a/b/unlock", "door//unlock", "Door/a/unlock",
        "door/@a/unlock", "door/*/unlock", "door/a$*/unlock", "x/door/a/unlock", "**"};
    eda_type type = unlock_type("door/{door_id}/unlock");
    edai_template *template = make(&type);
    edai_template_value values[1];
    size_t count = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        eda_str topic = eda_str_from(others[i]);
        assert_int_equal(edai_template_parse(template, topic, values, 1, &count), EDA_ENOENT);
    }
    assert_int_equal(
        edai_template_parse(template, EDA_STR("door/a/unlock"), values, 0, &count), EDA_ERANGE);
    assert_int_equal(count, 77);
    assert_int_equal(
        edai_template_parse(template, EDA_STR("door/a/unlock"), values, 1, &count), EDA_OK);
    edai_template_free(template);
}

static void template_parse_wrong_integer_returns_enoent(void **state)
{
    static const char *const wrong[] = {"a/01/1", "a/+1/1", "a/-0/1", "a/128/1", "a/-129/1",
        "a/1.0/1", "a//1", "a/1/0", "a/1/10", "a/1/-1", "a/1/65536", "a/x/1"};
    eda_type type = unlock_type("a/{floor}/{slot}");
    edai_template *template = make(&type);
    edai_template_value values[2];
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        eda_str topic = eda_str_from(wrong[i]);
        assert_int_equal(edai_template_parse(template, topic, values, 2, &count), EDA_ENOENT);
    }
    assert_int_equal(edai_template_parse(template, EDA_STR("a/-128/9"), values, 2, &count), EDA_OK);
    assert_int_equal(values[1].unsigned_number, 9);
    edai_template_free(template);
}

static void template_of_raw_type_carries_its_own_topic(void **state)
{
    eda_type type = {.name = "frame",
        .topic = "camera/{id}/frame",
        .kind = EDA_KIND_RECORD,
        .size = sizeof(eda_raw),
        .is_raw = true};
    edai_template *template = make(&type);
    eda_raw message = {.topic = EDA_STR("camera/7/frame")};
    edai_template_value values[1];
    char buffer[64];
    size_t len;

    (void)state;
    assert_str(edai_template_pattern(template), "camera/*/frame");
    assert_int_equal(edai_template_check(template, &message), EDA_OK);
    assert_int_equal(
        edai_template_format(template, &message, buffer, sizeof(buffer), &len), EDA_OK);
    assert_str((eda_str){buffer, len}, "camera/7/frame");
    assert_int_equal(edai_template_parse(template, message.topic, values, 1, &len), EDA_OK);
    assert_null(values[0].field);
    assert_str(values[0].name, "id");
    assert_str(values[0].chunk, "7");
    message.topic = EDA_STR("camera/7/other");
    assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
    message.topic = EDA_STR("camera/*/frame");
    assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
    message.topic = (eda_str){NULL, 0};
    assert_int_equal(edai_template_check(template, &message), EDA_EKEY);
    edai_template_free(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(template_new_makes_the_pattern),
        cmocka_unit_test(template_new_wrong_topic_returns_einval_with_a_sentence),
        cmocka_unit_test(template_new_without_topic_returns_einval),
        cmocka_unit_test(template_new_over_bounds_returns_einval),
        cmocka_unit_test(template_new_too_many_placeholders_returns_einval),
        cmocka_unit_test(template_new_without_memory_returns_enomem),
        cmocka_unit_test(template_format_fills_in_and_parse_takes_apart),
        cmocka_unit_test(template_format_into_small_buffer_returns_erange),
        cmocka_unit_test(template_field_that_forms_no_chunk_returns_ekey),
        cmocka_unit_test(template_of_integers_alone_cannot_fail),
        cmocka_unit_test(template_topic_over_its_bound_returns_ekey),
        cmocka_unit_test(template_parse_other_topic_returns_enoent),
        cmocka_unit_test(template_parse_wrong_integer_returns_enoent),
        cmocka_unit_test(template_of_raw_type_carries_its_own_topic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
