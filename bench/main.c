/* main.c - bench NAME [SIZE]: runs one benchmark; without a name all of them, in about two minutes.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory first: what others gave back would be used again, unseen. */
static const bench *const groups[] = {
    bench_keyed, bench_start, bench_messaging, bench_ask, bench_pubsub};
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

static int usage(void)
{
    size_t i;

    (void)fprintf(stderr, "usage: bench [NAME [SIZE]]; names:");
    for (i = 0; i < GROUP_COUNT; i++) {
        const bench *at;

        for (at = groups[i]; at->name != NULL; at++) {
            (void)fprintf(stderr, " %s", at->name);
        }
    }
    (void)fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t size = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    bool has_run = false;
    size_t i;

    if (argc > 3 || (argc > 2 && size == 0)) {
        return usage();
    }
    for (i = 0; i < GROUP_COUNT; i++) {
        const bench *at;

        for (at = groups[i]; at->name != NULL; at++) {
            if (argc < 2 || strcmp(argv[1], at->name) == 0) {
                at->run(size != 0 ? size : at->size);
                has_run = true;
            }
        }
    }
    return has_run ? 0 : usage();
}
