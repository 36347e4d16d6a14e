/* stream.c - count, fanin: producers send to one counter, which is asked for its total at the end.
 *
 * Nothing may be lost, and mailboxes are bounded: whoever sends ahead has two windows out at most,
 * and sends the next one when the receiver asks for more. */
#include "bench.h"

#define WINDOWS_LEN 768u /* of all producers together; a mailbox holds 1,024 */

EDA_MESSAGE(increment, "bench/counter/increment", (uint32_t, tag), (uint64_t, by), (uint64_t, from));
EDA_MESSAGE(window_end, "bench/counter/window_end", (uint32_t, tag), (uint64_t, from), (uint64_t, at));
EDA_MESSAGE(more, "bench/producer/{to}/more", (uint32_t, tag), (uint64_t, to), (uint64_t, at));
EDA_MESSAGE(produce, "bench/producer/{to}/produce",
    (uint32_t, window), (uint64_t, to), (uint64_t, count));
EDA_RECORD(total_reply, (uint64_t, total));
EDA_REQUEST(total, total_reply, "bench/counter/total", (uint32_t, tag), (uint64_t, a), (uint64_t, b));

typedef struct counter {
    uint64_t total;
} counter;

static void counter_on_increment(counter *self, const increment *m)
{
    self->total += m->by;
}

static eda_status counter_on_window_end(counter *self, const window_end *m, eda_ctx *ctx)
{
    (void)self;
    return eda_publish(ctx, EDA_MSG(more, .tag = m->tag, .to = m->from, .at = m->at), NULL);
}

static void counter_on_total(counter *self, const total *get, total_reply *ret_reply)
{
    (void)get;
    ret_reply->total = self->total;
}

EDA_ACTOR(counter, eda_none, emits(more), on(increment, counter_on_increment),
    on(window_end, counter_on_window_end), answers(total, counter_on_total));

typedef struct producer {
    uint64_t left;
    uint64_t window;
} producer;

static eda_status send_window(producer *self, uint64_t key, eda_ctx *ctx)
{
    uint64_t count = self->left < self->window ? self->left : self->window;
    uint64_t i;

    for (i = 0; i < count; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(increment, .tag = 1, .by = 1, .from = key), NULL));
    }
    self->left -= count;
    return self->left == 0
               ? EDA_OK
               : eda_publish(ctx, EDA_MSG(window_end, .from = key, .at = self->left), NULL);
}

static eda_status producer_on_more(producer *self, const more *m, eda_ctx *ctx)
{
    return send_window(self, m->to, ctx);
}

static eda_status producer_on_produce(producer *self, const produce *m, eda_ctx *ctx)
{
    self->left = m->count;
    self->window = m->window;
    EDA_TRY(send_window(self, m->to, ctx));
    return send_window(self, m->to, ctx);
}

EDA_ACTOR(producer, eda_none, key(to), emits(increment, window_end), on(more, producer_on_more),
    on(produce, producer_on_produce));

static void produce_all(const char *name, uint64_t size, uint64_t producer_count)
{
    eda_system *sys = bench_start_system(
        (const eda_actor *const[]){&eda_actor_counter, &eda_actor_producer, NULL});
    eda_ctx *client = eda_system_client(sys);
    uint64_t each = size / producer_count;
    int64_t begin = bench_now();
    const total_reply *reply = NULL;
    uint64_t i;

    for (i = 0; i < producer_count; i++) {
        bench_publish(sys, EDA_MSG(produce, .window = (uint32_t)(WINDOWS_LEN / 2 / producer_count),
                               .to = i, .count = each));
    }
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    bench_check(sys, eda_ask(client, EDA_ASK(total, &reply), 1000), "ask");
    bench_check(sys, reply->total == each * producer_count ? EDA_OK : EDA_EFAILED, "total");
    bench_print_rate(name, "messages", each * producer_count, bench_now() - begin);
    bench_stop(sys);
}

static void count(uint64_t size)
{
    produce_all("count", size, 1);
}

static void fanin(uint64_t size)
{
    produce_all("fanin", size, 8);
}

const bench bench_stream[] = {
    {"count", 8000000, 2000, count, false},
    {"fanin", 8000000, 8000, fanin, false},
    {.name = NULL},
};
