/* keyed.c - create, idle, keyed: actors that come to life by their first message. */
#include "bench.h"

/* What one turn of the driver sends. */
#define STEP 256u

/* Each turn of the driver sends STEP messages, and one to itself. */
EDA_ENUM(order, (IN_ORDER, "in_order"), (SCRAMBLED, "scrambled"), (RANDOM, "random"), (BRIEF, "brief"));
EDA_MESSAGE(drive, "bench/driver/drive", (order, how), (uint64_t, from), (uint64_t, count));
EDA_MESSAGE(touch, "bench/idler/{key}/touch", (uint32_t, tag), (uint64_t, key), (uint64_t, value));
EDA_MESSAGE(brief_touch, "bench/mayfly/{key}/touch", (uint32_t, tag), (uint64_t, key), (uint64_t, value));

typedef struct idler {
    uint64_t count;
    uint64_t value;
} idler;

static void idler_on_touch(idler *self, const touch *m)
{
    self->count++;
    self->value = m->value;
}

EDA_ACTOR(idler, eda_none, key(key), on(touch, idler_on_touch));

typedef struct mayfly {
    uint64_t count;
} mayfly;

static void mayfly_on_brief_touch(mayfly *self, const brief_touch *m)
{
    self->count += m->value;
}

EDA_ACTOR(mayfly, eda_none, options(.passivates_at_once = true), key(key),
    on(brief_touch, mayfly_on_brief_touch));

typedef struct driver {
    uint64_t sent;
} driver;

/* Keys of a count that is a power of two: odd factors are bijections there. */
static uint64_t key_of(const drive *m, uint64_t i)
{
    switch (m->how) {
    case SCRAMBLED:
        return i * UINT64_C(0x9e3779b97f4a7c15) & (m->count - 1);
    case RANDOM:
        return bench_scramble(i) & (m->count - 1);
    case IN_ORDER:
    case BRIEF:
    default:
        return i;
    }
}

static eda_status driver_on_drive(driver *self, const drive *m, eda_ctx *ctx)
{
    uint64_t end = m->count - m->from < STEP ? m->count : m->from + STEP;
    uint64_t i;

    for (i = m->from; i < end; i++) {
        uint64_t key = key_of(m, i);

        EDA_TRY(m->how == BRIEF
                    ? eda_publish(ctx, EDA_MSG(brief_touch, .tag = 1, .key = key, .value = i), NULL)
                    : eda_publish(ctx, EDA_MSG(touch, .tag = 1, .key = key, .value = i), NULL));
    }
    self->sent += end - m->from;
    return end == m->count
               ? EDA_OK
               : eda_publish(
                     ctx, EDA_MSG(drive, .how = m->how, .from = end, .count = m->count), NULL);
}

EDA_ACTOR(driver, eda_none, emits(drive, touch, brief_touch), on(drive, driver_on_drive));

static eda_system *start_driven(void)
{
    return bench_start_system(
        (const eda_actor *const[]){&eda_actor_idler, &eda_actor_mayfly, &eda_actor_driver, NULL});
}

static void print_rate(const char *name, const char *what, uint64_t size, int64_t time)
{
    bench_print(name, what, (double)size / (double)time * 1e9, "1/s");
}

static uint64_t power_of_two_below(uint64_t size)
{
    uint64_t power = 1;

    while (power <= size / 2) {
        power *= 2;
    }
    return power;
}

static void create(uint64_t size)
{
    eda_system *sys = start_driven();

    print_rate(
        "create", "actors", size, bench_time(sys, EDA_MSG(drive, .how = BRIEF, .count = size)));
    bench_stop(sys);
}

static void idle(uint64_t size)
{
    eda_system *sys = start_driven();
    uint64_t before = bench_resident();

    (void)bench_time(sys, EDA_MSG(drive, .how = IN_ORDER, .count = size));
    bench_print("idle", "actor", (double)(bench_resident() - before) / (double)size, "bytes");
    bench_stop(sys);
}

static void keyed(uint64_t size)
{
    eda_system *sys = start_driven();

    size = power_of_two_below(size);
    print_rate("keyed", "first_touch", size,
        bench_time(sys, EDA_MSG(drive, .how = SCRAMBLED, .count = size)));
    print_rate(
        "keyed", "random", size, bench_time(sys, EDA_MSG(drive, .how = RANDOM, .count = size)));
    bench_stop(sys);
}

const bench bench_keyed[] = {
    {"idle", 1000000, idle},
    {"create", 5000000, create},
    {"keyed", 1048576, keyed},
    {.name = NULL},
};
