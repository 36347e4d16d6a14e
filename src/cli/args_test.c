/* args_test.c - words and options of a verb. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/args.h"

static const edai_args_option common[] = {{.name = "--connect", .value = "ENDPOINT", .help = ""},
    {.name = "--help", .help = ""}, {.name = NULL}};
static const edai_args_option own[] = {
    {.name = "--file", .value = "FILE", .help = "", .may_repeat = true},
    {.name = "--json", .help = ""}, {.name = NULL}};

#define PARSE(args_, problem_, ...)                                                                \
    edai_args_parse(args_, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)),                \
        (char *[]){__VA_ARGS__}, common, own, problem_)

static void options_stand_anywhere(void **state)
{
    (void)state;
    edai_args args;
    char a[] = "a";
    char connect[] = "--connect";
    char where[] = "tcp/x";
    char file[] = "--file=one=1";
    char again[] = "--file";
    char two[] = "two";
    char dash[] = "-";
    char end[] = "--";
    char json[] = "--json";
    size_t at = 0;

    assert_int_equal(
        PARSE(&args, NULL, a, connect, where, file, again, two, dash, end, json), EDA_OK);
    assert_int_equal(args.word_count, 3);
    assert_string_equal(args.words[0], "a");
    assert_string_equal(args.words[1], "-");
    assert_string_equal(args.words[2], "--json");
    assert_string_equal(edai_args_value(&args, "--connect"), "tcp/x");
    assert_false(edai_args_has(&args, "--json"));
    assert_string_equal(edai_args_next(&args, "--file", &at), "one=1");
    assert_string_equal(edai_args_next(&args, "--file", &at), "two");
    assert_null(edai_args_next(&args, "--file", &at));
    edai_args_fini(&args);
}

static void wrong_options_are_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *says;
    } cases[] = {{{"--jsn"}, "there is no option --jsn; see --help"},
        {{"--connec", "x"}, "there is no option --connec"}, {{"--json=1"}, "--json takes no value"},
        {{"--connect"}, "--connect takes a value: --connect ENDPOINT"},
        {{"--json", "--json"}, "--json is given twice; leave one out"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[3][32];
        char *argv[3];
        int argc = 0;
        edai_args args;
        eda_problem problem = {.text = ""};

        for (; argc < 3 && cases[i].words[argc] != NULL; argc++) {
            memcpy(text[argc], cases[i].words[argc], strlen(cases[i].words[argc]) + 1);
            argv[argc] = text[argc];
        }
        assert_int_equal(edai_args_parse(&args, argc, argv, common, own, &problem), EDA_EINVAL);
        if (strstr(problem.text, cases[i].says) == NULL) {
            fail_msg("'%s' does not say '%s'", problem.text, cases[i].says);
        }
    }
}

static void durations_and_counts_have_bounds(void **state)
{
    (void)state;
    uint32_t ms = 0;
    uint64_t count = 0;

    assert_int_equal(edai_args_duration("2s", &ms), EDA_OK);
    assert_int_equal(ms, 2000);
    assert_int_equal(edai_args_duration("1m30s", &ms), EDA_OK);
    assert_int_equal(ms, 90000);
    assert_int_equal(edai_args_duration("2", &ms), EDA_EINVAL);
    assert_int_equal(edai_args_duration("0s", &ms), EDA_EINVAL);
    assert_int_equal(edai_args_duration("-1s", &ms), EDA_EINVAL);
    assert_int_equal(edai_args_duration("25h", &ms), EDA_EINVAL);
    assert_int_equal(edai_args_count("7", &count), EDA_OK);
    assert_int_equal(count, 7);
    assert_int_equal(edai_args_count("0", &count), EDA_EINVAL);
    assert_int_equal(edai_args_count("x", &count), EDA_EINVAL);
    assert_int_equal(edai_args_count("", &count), EDA_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(wrong_options_are_refused_with_a_sentence),
        cmocka_unit_test(durations_and_counts_have_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
