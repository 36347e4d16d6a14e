/* start.c - from nothing to the first message handled, and back. */
#include "bench.h"

#include <stdlib.h>

EDA_MESSAGE(hello, "bench/greeter/hello", (uint32_t, tag), (uint64_t, a), (uint64_t, b));

typedef struct greeter {
    uint64_t seen;
} greeter;

static void greeter_on_hello(greeter *self, const hello *m)
{
    self->seen += m->tag;
}

EDA_ACTOR(greeter, eda_none, on(hello, greeter_on_hello));

static void start(uint64_t size)
{
    double *ups = bench_numbers(size);
    double *downs = bench_numbers(size);
    uint64_t i;

    for (i = 0; i < size; i++) {
        int64_t begin = bench_now();
        eda_system *sys = bench_start_system((const eda_actor *const[]){&eda_actor_greeter, NULL});
        int64_t handled;

        bench_check(sys, eda_publish_wait(eda_system_client(sys), EDA_MSG(hello, .tag = 1), 1000),
            "publish");
        handled = bench_now();
        bench_stop(sys);
        ups[i] = (double)(handled - begin) / 1000;
        downs[i] = (double)(bench_now() - handled) / 1000;
    }
    bench_print("start", "first_message", bench_quantile(ups, size, 0.5), "us");
    bench_print("start", "stop", bench_quantile(downs, size, 0.5), "us");
    free(ups);
    free(downs);
}

const bench bench_start[] = {
    {"start", 500, start},
    {.name = NULL},
};
