/* timers.c - a million armed timers: their memory, and what an idle system does about them. */
#include "bench.h"

#define STEP 256u
#define FAR_AHEAD EDA_SEC(600)
#define REST_NS 2000000000 /* of a million; less of fewer */
#define MILLION 1000000u

EDA_RECORD(ring_out, (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_MESSAGE(wind, "bench/clock/{key}/wind", (uint32_t, tag), (uint64_t, key), (uint64_t, armed));
EDA_MESSAGE(wind_all, "bench/winder/wind_all",
    (uint32_t, armed), (uint64_t, from), (uint64_t, to));

typedef struct clock {
    uint64_t rung;
} clock;

static eda_status clock_on_wind(clock *self, const wind *m, eda_ctx *ctx)
{
    self->rung = 0;
    return m->armed == 0 ? EDA_OK : eda_after(ctx, EDA_MSG(ring_out, .tag = 1), FAR_AHEAD, NULL);
}

static void clock_on_ring_out(clock *self, const ring_out *m)
{
    self->rung += m->tag;
}

EDA_ACTOR(clock, eda_none, key(key), on(wind, clock_on_wind), on_self(ring_out, clock_on_ring_out));

typedef struct winder {
    uint64_t sent;
} winder;

static eda_status winder_on_wind_all(winder *self, const wind_all *m, eda_ctx *ctx)
{
    uint64_t end = m->to - m->from < STEP ? m->to : m->from + STEP;
    uint64_t i;

    for (i = m->from; i < end; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(wind, .tag = 1, .key = i, .armed = m->armed), NULL));
    }
    self->sent += end - m->from;
    return end == m->to ? EDA_OK
                        : eda_publish(ctx,
                              EDA_MSG(wind_all, .armed = m->armed, .from = end, .to = m->to), NULL);
}

EDA_ACTOR(winder, eda_none, emits(wind_all, wind), on(wind_all, winder_on_wind_all));

/* CPU time of the process, in ms, while it rests. */
static double rest(uint64_t size)
{
    int64_t before = bench_cpu_time();

    bench_sleep_until(bench_now() + (size < MILLION ? REST_NS / MILLION * (int64_t)size : REST_NS));
    return (double)(bench_cpu_time() - before) / 1e6;
}

static void timers(uint64_t size)
{
    eda_system *sys =
        bench_start_system((const eda_actor *const[]){&eda_actor_clock, &eda_actor_winder, NULL});
    uint64_t before;

    bench_print("timers", "idle_cpu_without", rest(size), "ms");
    (void)bench_time(sys, EDA_MSG(wind_all, .armed = 0, .to = size));
    before = bench_resident();
    (void)bench_time(sys, EDA_MSG(wind_all, .armed = 1, .to = size));
    bench_print("timers", "timer", (double)(bench_resident() - before) / (double)size, "bytes");
    bench_print("timers", "idle_cpu", rest(size), "ms");
    bench_stop(sys);
}

const bench bench_timers[] = {
    {"timers", MILLION, 1000, timers, false},
    {.name = NULL},
};
