/* load.c - load: how late messages are handled at half and nine tenths of the peak throughput.
 *
 * The sender is an actor that looks at the clock: message n is due at a time known before, and its
 * delay counts from there, also when it left late. */
#include "bench.h"

#include <stdio.h>

#define SINKS 64u
#define STEP 256u           /* most messages of one turn */
#define ACK_LEN 16u         /* a sink tells of so many at once */
#define UNDER_WAY_MAX 4096u /* to all sinks; a mailbox holds 1,024 */
#define TAG_ACK 2u

EDA_MESSAGE(parcel, "bench/sink/{to}/parcel", (uint32_t, tag), (uint64_t, to), (int64_t, due));
EDA_MESSAGE(parcel_ack, "bench/sender/ack", (uint32_t, tag), (uint64_t, from), (uint64_t, count));
EDA_MESSAGE(send_on, "bench/sender/on",
    (uint32_t, tag), (uint64_t, count), (double, per_ns)); /* 0: as fast as it goes */

/* Each written by one sink, read when the system is idle. */
static bench_histogram delays[SINKS];

typedef struct sink {
    uint64_t seen;
} sink;

static eda_status sink_on_parcel(sink *self, const parcel *m, eda_ctx *ctx)
{
    self->seen++;
    bench_histogram_add(&delays[m->to], bench_now() - m->due);
    return m->tag != TAG_ACK
               ? EDA_OK
               : eda_publish(
                     ctx, EDA_MSG(parcel_ack, .tag = 1, .from = m->to, .count = ACK_LEN), NULL);
}

EDA_ACTOR(sink, eda_none, key(to), emits(parcel_ack), on(parcel, sink_on_parcel));

typedef struct sender {
    int64_t begin; /* of the run; 0: none */
    uint64_t sent;
    uint64_t acked;
} sender;

static void sender_on_parcel_ack(sender *self, const parcel_ack *m)
{
    self->acked += m->count;
}

/* How many are due now and may leave. */
static uint64_t due_count(const sender *self, const send_on *m, int64_t now)
{
    uint64_t room = UNDER_WAY_MAX - (self->sent - self->acked);
    uint64_t due = m->count;

    if (m->per_ns > 0 && (double)(now - self->begin) * m->per_ns < (double)m->count) {
        due = (uint64_t)((double)(now - self->begin) * m->per_ns);
    }
    due = due > self->sent ? due - self->sent : 0;
    due = due < STEP ? due : STEP;
    return due < room ? due : room;
}

static eda_status sender_on_send_on(sender *self, const send_on *m, eda_ctx *ctx)
{
    int64_t now = bench_now();
    uint64_t end;

    if (self->begin == 0) {
        *self = (sender){.begin = now};
    }
    for (end = self->sent + due_count(self, m, now); self->sent < end; self->sent++) {
        bool wants_ack = self->sent / SINKS % ACK_LEN == ACK_LEN - 1;
        int64_t due = m->per_ns > 0 ? self->begin + (int64_t)((double)self->sent / m->per_ns) : now;

        EDA_TRY(eda_publish(ctx,
            EDA_MSG(parcel, .tag = wants_ack ? TAG_ACK : 1, .to = self->sent % SINKS, .due = due),
            NULL));
    }
    if (self->sent == m->count) {
        self->begin = 0;
        return EDA_OK;
    }
    return eda_publish(ctx, EDA_MSG(send_on, .count = m->count, .per_ns = m->per_ns), NULL);
}

EDA_ACTOR(sender, eda_none, emits(parcel, send_on), on(parcel_ack, sender_on_parcel_ack),
    on(send_on, sender_on_send_on));

static void forget_delays(bench_histogram *ret_all)
{
    size_t i;

    *ret_all = (bench_histogram){{0}};
    for (i = 0; i < SINKS; i++) {
        bench_histogram_merge(ret_all, &delays[i]);
    }
}

static void print_delays(const bench_histogram *all, unsigned percent)
{
    static const struct {
        const char *name;
        double part;
    } quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}};
    char what[32];
    size_t i;

    for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        (void)snprintf(what, sizeof(what), "%s_at_%u", quantiles[i].name, percent);
        bench_print("load", what, bench_histogram_quantile(all, quantiles[i].part), "ns");
    }
}

static void load(uint64_t size)
{
    static const unsigned percents[] = {50, 90};
    static bench_histogram all;
    eda_system *sys =
        bench_start_system((const eda_actor *const[]){&eda_actor_sender, &eda_actor_sink, NULL});
    double peak; /* messages per ns */
    size_t i;

    (void)bench_time(sys, EDA_MSG(send_on, .count = size / 10 + 1)); /* warms up */
    peak = (double)size / (double)bench_time(sys, EDA_MSG(send_on, .count = size));
    bench_print("load", "peak", peak * 1e9, "1/s");
    forget_delays(&all);
    for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        (void)bench_time(
            sys, EDA_MSG(send_on, .count = size, .per_ns = peak * (double)percents[i] / 100));
        forget_delays(&all);
        print_delays(&all, percents[i]);
    }
    bench_stop(sys);
}

const bench bench_load[] = {
    {"load", 4000000, 5000, load, false}, /* messages of each part */
    {.name = NULL},
};
