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

static void rehearse_row(uint64_t size)
{
    bench_mute();
    run_row(size);
}

static void workers(uint64_t percent)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t size;

        row_now = bench_find(rows[i]);
        size = percent == 0 ? row_now->tiny : row_now->size * percent / 100;
        /* Whoever comes first would pay for all: the host of a virtual machine takes memory back
         * that lies idle, and to touch it again takes several times as long. */
        workers_now = 1;
        bench_in_child(rehearse_row, size);
        for (; workers_now <= 8; workers_now *= 2) {
            bench_in_child(run_row, size);
        }
    }
}

const bench bench_workers[] = {
    {"workers", 100, 0, workers, true}, /* per cent of each row's own size */
    {.name = NULL},
};
