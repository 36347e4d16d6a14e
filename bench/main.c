/* main.c - bench NAME [SIZE]: runs one benchmark. Without a name: all but the plots, each in a
 * process of its own. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench *const groups[] = {bench_messaging, bench_stream, bench_keyed, bench_pubsub,
    bench_ask, bench_route, bench_codec, bench_start, bench_load, bench_stuck, bench_timers,
    bench_workers};
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

const bench *bench_find(const char *name)
{
    size_t i;

    for (i = 0; i < GROUP_COUNT; i++) {
        const bench *at;

        for (at = groups[i]; at->name != NULL; at++) {
            if (strcmp(name, at->name) == 0) {
                return at;
            }
        }
    }
    return NULL;
}

static int usage(void)
{
    size_t i;

    (void)fprintf(stderr,
        "usage: bench [NAME [SIZE] | version | tiny]\n"
        "without a name: all but those in brackets; tiny: all, too small to measure\n"
        "names:");
    for (i = 0; i < GROUP_COUNT; i++) {
        const bench *at;

        for (at = groups[i]; at->name != NULL; at++) {
            (void)fprintf(stderr, at->is_plot ? " (%s)" : " %s", at->name);
        }
    }
    (void)fprintf(stderr, "\n");
    return 2;
}

static int run_all(bool is_tiny)
{
    size_t i;

    for (i = 0; i < GROUP_COUNT; i++) {
        const bench *at;

        for (at = groups[i]; at->name != NULL; at++) {
            if (is_tiny || !at->is_plot) {
                bench_in_child(at->run, is_tiny ? at->tiny : at->size);
            }
        }
    }
    return 0;
}

/* A number above 0; 0: it is none. */
static uint64_t read_size(const char *text)
{
    char *end = NULL;
    uint64_t size = strtoull(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' ? size : 0;
}

int main(int argc, char **argv)
{
    uint64_t size = argc == 3 ? read_size(argv[2]) : 0;
    const bench *found;

    if (argc > 3 || (argc == 3 && size == 0)) {
        return usage();
    }
    if (argc < 2) {
        return run_all(false);
    }
    if (argc == 2 && strcmp(argv[1], "tiny") == 0) {
        return run_all(true);
    }
    if (argc == 2 && strcmp(argv[1], "version") == 0) {
        printf("version edacious %s, compiler %s\n", BENCH_VERSION, __VERSION__);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "start-child") == 0) {
        return bench_start_child(size);
    }
    found = bench_find(argv[1]);
    if (found == NULL) {
        return usage();
    }
    found->run(size != 0 ? size : found->size);
    return 0;
}
