/* workers.c - the throughput rows with 1, 2, 4 and 8 workers, however many processors there are. */
#include "bench.h"

static const char *const rows[] = {"count", "fanin", "big", "pubsub", "keyed"};

static uint32_t workers_now;
static const bench *row_now;

static void run_row(uint64_t size)
{
    bench_set_workers(workers_now);
    row_now->run(size);
}

static void workers(uint64_t percent)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        row_now = bench_find(rows[i]);
        for (workers_now = 1; workers_now <= 8; workers_now *= 2) {
            bench_in_child(run_row, percent == 0 ? row_now->tiny : row_now->size * percent / 100);
        }
    }
}

const bench bench_workers[] = {
    {"workers", 100, 0, workers, true}, /* per cent of each row's own size */
    {.name = NULL},
};
