/* stuck.c - flood, stuck: what a busy actor does to others.
 *
 * The others hear from a client that sleeps in between. A message's delay counts from its publish:
 * when the client wakes is the operating system's matter. */
#include "bench.h"

#include <stdatomic.h>
#include <unistd.h>

#define OTHERS 64u
#define PERIOD_NS 100000
#define WINDOW 384u /* two are under way; a mailbox holds 1,024 */
#define CROWD 9u

EDA_MESSAGE(note, "bench/other/{to}/note", (uint32_t, tag), (uint64_t, to), (int64_t, sent_at));
EDA_MESSAGE(drop, "bench/bucket/drop", (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_MESSAGE(pour, "bench/spring/pour", (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_MESSAGE(grind, "bench/mill/{to}/grind", (uint32_t, tag), (uint64_t, to), (uint64_t, rounds));

static bench_histogram delays[OTHERS];
static atomic_bool is_dry;         /* nobody pours any more */
static atomic_uint ground;         /* turns of mills that have ended */
static atomic_uint_fast64_t grist; /* so that nothing is optimised away */

typedef struct other {
    uint64_t seen;
} other;

static void other_on_note(other *self, const note *m)
{
    self->seen++;
    bench_histogram_add(&delays[m->to], bench_now() - m->sent_at);
}

EDA_ACTOR(other, eda_none, key(to), on(note, other_on_note));

/* Sends a note when `due` has come; later if the client was late. */
static int64_t send_note(eda_system *sys, int64_t due)
{
    int64_t now;

    bench_sleep_until(due);
    now = bench_now();
    bench_publish(
        sys, EDA_MSG(note, .tag = 1, .to = (uint64_t)due / PERIOD_NS % OTHERS, .sent_at = now));
    due += PERIOD_NS;
    return due > now ? due : now;
}

/* Everybody is there, and what this took is forgotten. */
static void wake_others(eda_system *sys)
{
    uint64_t i;

    for (i = 0; i < OTHERS; i++) {
        (void)bench_time(sys, EDA_MSG(note, .tag = 1, .to = i, .sent_at = bench_now()));
        delays[i] = (bench_histogram){{0}};
    }
}

static const bench_histogram *all_delays(void)
{
    static bench_histogram all;
    size_t i;

    for (i = 0; i < OTHERS; i++) {
        bench_histogram_merge(&all, &delays[i]);
    }
    return &all;
}

/* --- flood: one mailbox that is never empty --- */

typedef struct bucket {
    uint64_t level;
} bucket;

static eda_status bucket_on_drop(bucket *self, const drop *m, eda_ctx *ctx)
{
    self->level++;
    return m->a != 0 ? EDA_OK : eda_publish(ctx, EDA_MSG(pour, .tag = 1), NULL);
}

EDA_ACTOR(bucket, eda_none, emits(pour), on(drop, bucket_on_drop));

typedef struct spring {
    uint64_t windows;
} spring;

static eda_status spring_on_pour(spring *self, const pour *m, eda_ctx *ctx)
{
    uint64_t i;

    (void)m;
    self->windows++;
    if (atomic_load(&is_dry)) {
        return EDA_OK;
    }
    for (i = WINDOW; i > 0; i--) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(drop, .tag = 1, .a = i - 1), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(spring, eda_none, emits(drop), on(pour, spring_on_pour));

static void flood(uint64_t size)
{
    eda_system *sys = bench_start_system(
        (const eda_actor *const[]){&eda_actor_other, &eda_actor_bucket, &eda_actor_spring, NULL});
    const bench_histogram *all;
    uint64_t drops;
    int64_t begin;
    int64_t due;
    uint64_t i;

    wake_others(sys);
    atomic_store(&is_dry, false);
    begin = bench_now();
    due = begin;
    bench_publish(sys, EDA_MSG(pour, .tag = 1));
    bench_publish(sys, EDA_MSG(pour, .tag = 1));
    for (i = 0; i < size; i++) {
        due = send_note(sys, due);
    }
    atomic_store(&is_dry, true);
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    drops = eda_system_counts(sys, "drop", NULL).handled;
    all = all_delays();
    bench_print("flood", "p50", bench_histogram_quantile(all, 0.5), "ns");
    bench_print("flood", "p99", bench_histogram_quantile(all, 0.99), "ns");
    bench_print_rate("flood", "messages", drops, bench_now() - begin);
    bench_stop(sys);
}

/* --- stuck: turns that compute for long --- */

static void compute(uint64_t rounds)
{
    uint64_t number = rounds;
    uint64_t i;

    for (i = 0; i < rounds; i++) {
        number = bench_scramble(number + i);
    }
    atomic_fetch_add(&grist, number);
}

typedef struct mill {
    uint64_t turns;
} mill;

static void mill_on_grind(mill *self, const grind *m)
{
    self->turns++;
    compute(m->rounds);
    atomic_fetch_add(&ground, 1);
}

EDA_ACTOR(mill, eda_none, key(to), on(grind, mill_on_grind));

/* Rounds that take so many ms on an undisturbed processor. */
static uint64_t rounds_of(uint64_t ms)
{
    const uint64_t trial = 1000000;
    int64_t best = INT64_MAX;
    int i;

    for (i = 0; i < 5; i++) {
        int64_t begin = bench_now();

        compute(trial);
        best = bench_now() - begin < best ? bench_now() - begin : best;
    }
    return (uint64_t)((double)ms * 1e6 / (double)best * (double)trial);
}

/* One turn after the other, each of an actor of its own, while the others get their notes. */
static void print_others(eda_system *sys, uint64_t rounds)
{
    const bench_histogram *all;
    unsigned i;

    for (i = 0; i < CROWD; i++) {
        int64_t due = bench_now();

        atomic_store(&ground, 0);
        bench_publish(sys, EDA_MSG(grind, .tag = 1, .to = i, .rounds = rounds));
        while (atomic_load(&ground) == 0) {
            due = send_note(sys, due);
        }
        bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    }
    all = all_delays();
    bench_print("stuck", "others_p99", bench_histogram_quantile(all, 0.99) / 1e6, "ms");
    bench_print("stuck", "others_max", bench_histogram_quantile(all, 1) / 1e6, "ms");
}

static void stuck(uint64_t size)
{
    eda_system *sys =
        bench_start_system((const eda_actor *const[]){&eda_actor_other, &eda_actor_mill, NULL});
    uint64_t processors = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t whole_turns = (CROWD + processors - 1) / processors; /* of the busiest one */
    uint64_t rounds = rounds_of(size);
    int64_t begin;
    unsigned i;

    wake_others(sys);
    print_others(sys, rounds);
    begin = bench_now();
    for (i = 0; i < CROWD; i++) {
        bench_publish(sys, EDA_MSG(grind, .tag = 1, .to = i, .rounds = rounds));
    }
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    bench_print("stuck9", "total", (double)(bench_now() - begin) / 1e6, "ms");
    bench_print("stuck9", "ideal", (double)(whole_turns * size), "ms");
    bench_stop(sys);
}

const bench bench_stuck[] = {
    {"flood", 10000, 20, flood, false}, /* messages to others */
    {"stuck", 100, 1, stuck, false},    /* ms of a turn */
    {.name = NULL},
};
