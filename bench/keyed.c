/* keyed.c - create, idle, keyed, scale: actors that come to life by their first message. */
#include "bench.h"

#include <stdio.h>

/* What one turn of the driver sends; then it sends itself the rest. */
#define STEP 256u

EDA_ENUM(order,
    (IN_ORDER, "in_order"), (SCRAMBLED, "scrambled"), (RANDOM, "random"), (BRIEF, "brief"),
    (NAMED, "named"), (PATIENT, "patient"));
EDA_MESSAGE(drive, "bench/driver/drive",
    (order, how), (uint64_t, from), (uint64_t, to), (uint64_t, keys));
EDA_MESSAGE(touch, "bench/idler/{key}/touch", (uint32_t, tag), (uint64_t, key), (uint64_t, value));
EDA_MESSAGE(patient_touch, "bench/idler/{key}/patient_touch", .overflow = EDA_WAIT,
    (uint32_t, tag), (uint64_t, key), (uint64_t, value));
EDA_MESSAGE(brief_touch, "bench/mayfly/{key}/touch", (uint32_t, tag), (uint64_t, key), (uint64_t, value));
EDA_MESSAGE(named_touch, "bench/named/{key}/touch",
    (uint32_t, tag), (eda_str, key), (uint64_t, number), (uint64_t, value));

typedef struct idler {
    uint64_t count;
    uint64_t value;
} idler;

static void idler_on_touch(idler *self, const touch *m)
{
    self->count++;
    self->value = m->value;
}

static void idler_on_patient_touch(idler *self, const patient_touch *m)
{
    self->count++;
    self->value = m->value;
}

EDA_ACTOR(idler, eda_none, key(key), on(touch, idler_on_touch),
    on(patient_touch, idler_on_patient_touch));

typedef struct named {
    uint64_t count;
    uint64_t value;
} named;

static void named_on_touch(named *self, const named_touch *m)
{
    self->count++;
    self->value = m->value;
}

EDA_ACTOR(named, eda_none, key(key), on(named_touch, named_on_touch));

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

/* About 0.618 of the keys, and no common factor with them: steps of it meet each key once. */
static uint64_t stride_of(uint64_t keys)
{
    uint64_t stride = keys * 618 / 1000 | 1;

    for (;; stride += 2) {
        uint64_t a = keys;
        uint64_t b = stride;

        while (b != 0) {
            uint64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) {
            return stride;
        }
    }
}

static eda_status send_scrambled(const drive *m, uint64_t end, eda_ctx *ctx)
{
    uint64_t stride = stride_of(m->keys) % m->keys;
    uint64_t key = m->from * stride % m->keys;
    uint64_t i;

    for (i = m->from; i < end; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(touch, .tag = 1, .key = key, .value = i), NULL));
        key += stride;
        key -= key >= m->keys ? m->keys : 0;
    }
    return EDA_OK;
}

static eda_status send_named(uint64_t i, eda_ctx *ctx)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "device-%07llu", (unsigned long long)i);

    return eda_publish(ctx,
        EDA_MSG(named_touch, .tag = 1, .key = {.ptr = text, .len = (size_t)len}, .number = i,
            .value = i),
        NULL);
}

static eda_status send_one(const drive *m, uint64_t i, eda_ctx *ctx)
{
    uint64_t key = i;

    if (m->how == BRIEF) {
        return eda_publish(ctx, EDA_MSG(brief_touch, .tag = 1, .key = key, .value = i), NULL);
    }
    if (m->how == NAMED) {
        return send_named(i, ctx);
    }
    if (m->how == RANDOM || m->how == PATIENT) { /* keys < 2^32 */
        key = (bench_scramble(i) >> 32) * m->keys >> 32;
    }
    if (m->how == PATIENT) {
        return eda_publish(ctx, EDA_MSG(patient_touch, .tag = 1, .key = key, .value = i), NULL);
    }
    return eda_publish(ctx, EDA_MSG(touch, .tag = 1, .key = key, .value = i), NULL);
}

static eda_status driver_on_drive(driver *self, const drive *m, eda_ctx *ctx)
{
    uint64_t end = m->to - m->from < STEP ? m->to : m->from + STEP;
    uint64_t i;

    if (m->how == SCRAMBLED) {
        EDA_TRY(send_scrambled(m, end, ctx));
    } else {
        for (i = m->from; i < end; i++) {
            EDA_TRY(send_one(m, i, ctx));
        }
    }
    self->sent += end - m->from;
    return end == m->to
               ? EDA_OK
               : eda_publish(ctx,
                     EDA_MSG(drive, .how = m->how, .from = end, .to = m->to, .keys = m->keys),
                     NULL);
}

EDA_ACTOR(driver, eda_none, emits(drive, touch, patient_touch, brief_touch, named_touch), on(drive, driver_on_drive));

static eda_system *start_driven(void)
{
    return bench_start_system((const eda_actor *const[]){
        &eda_actor_idler, &eda_actor_named, &eda_actor_mayfly, &eda_actor_driver, NULL});
}

static int64_t time_of(eda_system *sys, order how, uint64_t keys)
{
    return bench_time(sys, EDA_MSG(drive, .how = how, .to = keys, .keys = keys));
}

static void check_live(eda_system *sys, uint64_t wanted)
{
    if (eda_system_activations(sys, NULL).live != wanted + 1) { /* and the driver */
        bench_fail("there are not as many actors as keys");
    }
}

static void create(uint64_t size)
{
    eda_system *sys = start_driven();

    bench_print_rate("create", "actors", size, time_of(sys, BRIEF, size));
    if (eda_system_activations(sys, "mayfly").starts != size) {
        bench_fail("create: not every actor was made");
    }
    bench_stop(sys);
}

static void print_memory(order how, const char *what, uint64_t size)
{
    eda_system *sys = start_driven();
    uint64_t before = bench_resident();

    (void)time_of(sys, how, size);
    bench_print("idle", what, (double)(bench_resident() - before) / (double)size, "bytes");
    check_live(sys, size);
    bench_stop(sys);
}

static void idle_named(uint64_t size)
{
    print_memory(NAMED, "string_key", size);
}

static void idle(uint64_t size)
{
    bench_in_child(idle_named, size);
    print_memory(IN_ORDER, "actor", size);
}

static void keyed(uint64_t size)
{
    eda_system *sys = start_driven();

    bench_print_rate("keyed1", "messages", size, time_of(sys, SCRAMBLED, size));
    check_live(sys, size);
    bench_print_rate("keyed2", "messages", size, time_of(sys, RANDOM, size));
    check_live(sys, size);
    bench_stop(sys);
}

/* --- scale: the cost of a message to one of many actors --- */

#define SCALE_MESSAGES 2000000u

/* Few actors' mailboxes are full at times: then the driver waits. */
static void scale_one(uint64_t keys)
{
    eda_system *sys = start_driven();
    int64_t time;
    char what[32];

    (void)time_of(sys, SCRAMBLED, keys);
    time = bench_time(sys, EDA_MSG(drive, .how = PATIENT, .to = SCALE_MESSAGES, .keys = keys));
    check_live(sys, keys);
    (void)snprintf(what, sizeof(what), "actors_%llu", (unsigned long long)keys);
    bench_print("scale", what, (double)time / SCALE_MESSAGES, "ns");
    bench_stop(sys);
}

static void scale(uint64_t size)
{
    uint64_t keys;

    for (keys = 10; keys <= size; keys *= 10) {
        bench_in_child(scale_one, keys);
    }
}

const bench bench_keyed[] = {
    {"create", 1000000, 1000, create, false},
    {"idle", 1000000, 1000, idle, false},
    {"keyed", 1000000, 1000, keyed, false},
    {"scale", 1000000, 10, scale, true}, /* most actors */
    {.name = NULL},
};
