/* catalogue_test.c - reading what another node says it hosts: what is refused, and the hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "wire/catalogue.h"

#define HEAD "{\"node\":\"a\",\"inc\":\"0\",\"cluster\":\"c\","
#define DOOR                                                                                       \
    "{\"name\":\"door\",\"supervisor\":\"keyed\",\"scope\":\"cluster\",\"key\":\"text\","          \
    "\"handles\":[{\"message\":\"unlock\",\"key\":\"id\"}],\"emits\":[\"opened\"]}"

static eda_status read_text(const char *text, edai_catalogue **ret, eda_problem *problem)
{
    return edai_catalogue_read(
        (eda_bytes){.ptr = (const uint8_t *)text, .len = strlen(text)}, ret, problem);
}

static void unknown_members_are_ignored(void **state)
{
    (void)state;
    edai_catalogue *catalogue = NULL;
    eda_problem problem = {.text = ""};

    eda_status status = read_text(HEAD "\"new\":[1,{}],\"messages\":[{\"name\":\"unlock\","
                                       "\"topic\":\"door/{id}/unlock\",\"kind\":\"message\","
                                       "\"more\":1}],\"actors\":[" DOOR "]}",
        &catalogue, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
    assert_int_equal(catalogue->messages.len, 1);
    assert_int_equal(catalogue->actors.items[0].handles.items[0].key.is_set, true);
    edai_free(catalogue);
}

static void wrong_catalogue_is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        eda_status status;
        const char *says;
    } cases[] = {
        {"", EDA_ESYNTAX, "JSON is empty"},
        {"{", EDA_ESYNTAX, "JSON, line 1"},
        {"[]", EDA_EINVAL, "edai_catalogue"},
        {HEAD "\"messages\":[]}", EDA_EINVAL, "actors is missing"},
        {HEAD "\"messages\":[{\"name\":\"a b\",\"topic\":\"a\",\"kind\":\"message\"}],"
              "\"actors\":[]}",
            EDA_EINVAL, "catalogue.messages[0].name is \"a b\"; allowed: 1 to 63 letters"},
        {HEAD "\"messages\":[{\"name\":\"a\",\"topic\":\"a//b\",\"kind\":\"message\"}],"
              "\"actors\":[]}",
            EDA_EINVAL, "catalogue.messages[0].topic is no key expression"},
        {HEAD "\"messages\":[{\"name\":\"a\",\"topic\":\"a\",\"kind\":\"letter\"}],"
              "\"actors\":[]}",
            EDA_EINVAL, "kind"},
        {HEAD "\"messages\":[],\"actors\":[{\"name\":\"\",\"supervisor\":\"keyed\","
              "\"scope\":\"node\"}]}",
            EDA_EINVAL, "catalogue.actors[0].name is \"\""},
        {HEAD "\"messages\":[],\"actors\":[{\"name\":\"a\",\"supervisor\":\"\","
              "\"scope\":\"node\"}]}",
            EDA_EINVAL, "catalogue.actors[0].supervisor is empty"},
        {HEAD "\"messages\":[],\"actors\":[{\"name\":\"a\",\"supervisor\":\"keyed\","
              "\"scope\":\"node\",\"handles\":[{}]}]}",
            EDA_EINVAL, "catalogue.actors[0].handles[0] needs a message or a pattern"},
        {HEAD "\"messages\":[],\"actors\":[{\"name\":\"a\",\"supervisor\":\"keyed\","
              "\"scope\":\"node\",\"handles\":[{\"pattern\":\"a/\"}]}]}",
            EDA_EINVAL, "handles[0].pattern is no key expression"},
        {HEAD "\"messages\":[],\"actors\":[{\"name\":\"a\",\"supervisor\":\"keyed\","
              "\"scope\":\"node\",\"emits\":[\"a/b\"]}]}",
            EDA_EINVAL, "emits[0] is \"a/b\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        edai_catalogue *catalogue = NULL;
        eda_problem problem = {.text = ""};

        assert_int_equal(read_text(cases[i].text, &catalogue, &problem), cases[i].status);
        assert_null(catalogue);
        if (strstr(problem.text, cases[i].says) == NULL) {
            fail_msg("'%s' does not say '%s'", problem.text, cases[i].says);
        }
    }
}

static uint64_t hash_of(const char *node, const char *actor)
{
    char text[512];
    edai_catalogue *catalogue = NULL;

    (void)snprintf(text, sizeof text,
        "{\"node\":\"%s\",\"inc\":\"0\",\"cluster\":\"c\",\"messages\":[],\"actors\":[%s]}", node,
        actor);
    assert_int_equal(read_text(text, &catalogue, NULL), EDA_OK);
    uint64_t hash = edai_catalogue_hash(catalogue);
    edai_free(catalogue);
    return hash;
}

static void hash_is_of_what_is_hosted_and_not_of_the_node(void **state)
{
    (void)state;
    uint64_t door = hash_of("a", DOOR);

    assert_int_equal(door, hash_of("b", DOOR));
    assert_int_not_equal(door, hash_of("a", ""));
    assert_int_not_equal(
        door, hash_of("a", "{\"name\":\"door\",\"supervisor\":\"keyed\",\"scope\":\"node\","
                           "\"key\":\"text\",\"handles\":[{\"message\":\"unlock\",\"key\":\"id\"}]"
                           ",\"emits\":[\"opened\"]}"));
    assert_int_not_equal(hash_of("a", ""), 0);
}

static void pattern_has_a_star_for_each_field(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"door/{id}/unlock", "door/*/unlock"}, {"{a}", "*"},
        {"{a}/{b}", "*/*"}, {"a/{/b", "a/{/b"}, {"plain", "plain"}, {"a/**", "a/**"},
        {"a/x{b}", "a/x{b}"}};
    char buffer[EDA_TOPIC_LEN_MAX];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        eda_str pattern = edai_catalogue_pattern(eda_str_from(cases[i][0]), buffer);

        assert_int_equal(pattern.len, strlen(cases[i][1]));
        assert_memory_equal(pattern.ptr, cases[i][1], pattern.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(wrong_catalogue_is_refused_with_a_sentence),
        cmocka_unit_test(hash_is_of_what_is_hosted_and_not_of_the_node),
        cmocka_unit_test(pattern_has_a_star_for_each_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
