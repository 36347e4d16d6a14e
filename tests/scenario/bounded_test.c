/* bounded_test.c - a long log through the building, in a process of its own: the summary is the
 * model's, and the memory does not grow with the log.
 *
 * EDA_LONG=1: a million lines. */
#define _GNU_SOURCE /* wait4, mkdtemp, posix_spawn */

#include "crowd.h"

#include "base/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RSS_KIB_MAX (200L * 1024)
#define PATH_SIZE 256

#ifdef EDA_BUILDING

/* A folder of its own and what is in it. */
typedef struct log_files {
    char folder[PATH_SIZE];
    char setup[PATH_SIZE];
    char events[PATH_SIZE];
    char expected[PATH_SIZE];
    char output[PATH_SIZE];
    char progress[PATH_SIZE];
} log_files;

static log_files files;
static uint64_t line_count;

static void join(char *path, const char *folder, const char *name)
{
    assert_true(snprintf(path, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE);
}

/* What spawn takes: strings that it does not change. */
static char *argument(const char *text)
{
    union {
        const char *constant;
        char *own;
    } same = {.constant = text};

    return same.own;
}

/* Runs a program, NULL ends its arguments; its standard output and error go to files. Asserts that
 * it succeeds. */
static long run(char *const *arguments, const char *output, const char *errors)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t child = 0;
    int status = -1;

    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0600), 0);
    if (errors != NULL) {
        assert_int_equal(posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0600), 0);
    }
    assert_int_equal(posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ), 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("%s ended with %d", arguments[0], status);
    }
    return usage.ru_maxrss;
}

/* Returns owned: the whole file, terminated. */
static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;
    char *text;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    (void)fclose(file);
    return text;
}

static void generate(void)
{
    char lines[24];
    char *const maker[] = {argument("python3"), argument(EDA_BUILDING_FOLDER "/generate.py"),
        argument("--seed"), argument("5"), argument("--lines"), lines, argument("--out"),
        files.folder, NULL};
    char *const model[] = {argument("python3"), argument(EDA_BUILDING_FOLDER "/model.py"),
        files.setup, files.events, NULL};

    (void)snprintf(lines, sizeof(lines), "%" PRIu64, line_count);
    (void)run(maker, files.output, NULL);
    (void)run(model, files.expected, NULL);
}

static int files_make(void **state)
{
    const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread */

    (void)state;
    join(files.folder, tmp != NULL ? tmp : "/tmp", "edacious-bounded-XXXXXX");
    assert_non_null(mkdtemp(files.folder));
    join(files.setup, files.folder, "setup.jsonl");
    join(files.events, files.folder, "events.jsonl");
    join(files.expected, files.folder, "expected.txt");
    join(files.output, files.folder, "output.txt");
    join(files.progress, files.folder, "progress.txt");
    line_count = 200000;
    if (crowd_number("EDA_LONG", 0) != 0) {
        line_count = 1000000;
    } else if (crowd_is_slow()) {
        line_count = 20000;
    }
    generate();
    return 0;
}

static int files_remove(void **state)
{
    const char *const all[] = {
        files.setup, files.events, files.expected, files.output, files.progress};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)unlink(all[i]);
    }
    return rmdir(files.folder);
}

/* The last "N messages" of what the building tells while it runs. */
static uint64_t message_count(void)
{
    char *text = read_all(files.progress);
    uint64_t count = 0;
    char *at;

    for (at = text; (at = strstr(at, " swipes, ")) != NULL; at++) {
        count = strtoull(at + strlen(" swipes, "), NULL, 10);
    }
    free(text);
    return count;
}

static void pass_through(const char *workers, bool is_elastic)
{
    char *arguments[9] = {
        argument(EDA_BUILDING), argument("--progress"), argument("--workers"), argument(workers)};
    size_t len = 4;
    int64_t begin;
    double seconds;
    long rss;
    char *expected;
    char *output;

    if (is_elastic) {
        arguments[len++] = argument("--passivate-at-once");
    }
    arguments[len++] = files.setup;
    arguments[len++] = files.events;
    begin = edai_clock_monotonic_ns();
    rss = run(arguments, files.output, files.progress);
    seconds = (double)(edai_clock_monotonic_ns() - begin) / 1e9;
    expected = read_all(files.expected);
    output = read_all(files.output);
    assert_string_equal(output, expected);
    assert_non_null(strstr(output, "balance 0\n"));
    free(output);
    free(expected);
    print_message("%" PRIu64 " lines, %s workers%s: peak %ld MiB, %.0f messages/s\n", line_count,
        workers, is_elastic ? ", passivating at once" : "", rss / 1024,
        (double)message_count() / seconds);
    /* What a sanitizer keeps beside each byte is its own. */
    assert_true(rss < (crowd_is_sanitized() ? 4 * RSS_KIB_MAX : RSS_KIB_MAX));
}

/* Two workers do for the sanitizers; the building's own test runs them all on shorter logs. */
static void skip_if_sanitized(void)
{
    if (crowd_is_sanitized()) {
        skip();
    }
}

static void building_on_one_worker_stays_bounded(void **state)
{
    (void)state;
    skip_if_sanitized();
    pass_through("1", false);
}

static void building_on_two_workers_stays_bounded(void **state)
{
    (void)state;
    pass_through("2", false);
}

static void building_on_eight_workers_stays_bounded(void **state)
{
    (void)state;
    skip_if_sanitized();
    pass_through("8", false);
}

static void building_that_passivates_stays_bounded(void **state)
{
    (void)state;
    skip_if_sanitized();
    pass_through("2", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(building_on_one_worker_stays_bounded),
        cmocka_unit_test(building_on_two_workers_stays_bounded),
        cmocka_unit_test(building_on_eight_workers_stays_bounded),
        cmocka_unit_test(building_that_passivates_stays_bounded),
    };

    /* What the address sanitizer keeps of freed memory is not the building's. */
    (void)setenv("ASAN_OPTIONS", /* NOLINT(concurrency-mt-unsafe): one thread */
        "detect_stack_use_after_return=1:quarantine_size_mb=16", 1);
    return cmocka_run_group_tests(tests, files_make, files_remove);
}

#else

int main(void)
{
    (void)puts("skipped: the building example was not built");
    return 77;
}

#endif
