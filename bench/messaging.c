/* messaging.c - pingpong, count, fanin, ring, big: how fast messages go from actor to actor.
 *
 * Nothing may be lost, and mailboxes are bounded: whoever sends ahead has two windows out at most,
 * and sends the next one when the receiver asks for more. */
#include "bench.h"

/* --- pingpong: two actors and one message ------------------------------------------------- */

#define PAIRS 16u

EDA_MESSAGE(ball, "bench/player/{to}/ball", (uint32_t, tag), (uint64_t, to), (uint64_t, left));

typedef struct player {
    uint64_t seen;
} player;

/* Players 2n and 2n + 1 are a pair. */
static eda_status player_on_ball(player *self, const ball *m, eda_ctx *ctx)
{
    self->seen++;
    if (m->left == 0) {
        return EDA_OK;
    }
    return eda_publish(
        ctx, EDA_MSG(ball, .tag = m->tag, .to = m->to ^ 1, .left = m->left - 1), NULL);
}

EDA_ACTOR(player, eda_none, key(to), emits(ball), on(ball, player_on_ball));

/* Where the two of a pair live is left to the system: some share a worker, some do not. */
static void pingpong(uint64_t size)
{
    eda_system *sys = bench_start_system((const eda_actor *const[]){&eda_actor_player, NULL});
    uint64_t left = 2 * size / PAIRS;
    double one_way[PAIRS];
    uint64_t pair;

    for (pair = 0; pair < PAIRS; pair++) {
        int64_t time = bench_time(sys, EDA_MSG(ball, .tag = 1, .to = 2 * pair, .left = left));

        one_way[pair] = (double)time / (double)(left + 1);
    }
    bench_print("pingpong", "one_way_best_pair", bench_quantile(one_way, PAIRS, 0.0), "ns");
    bench_print("pingpong", "one_way_median_pair", bench_quantile(one_way, PAIRS, 0.5), "ns");
    bench_print("pingpong", "one_way_worst_pair", bench_quantile(one_way, PAIRS, 1.0), "ns");
    bench_stop(sys);
}

/* --- count, fanin: producers and one counter ---------------------------------------------- */

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
        bench_check(sys,
            eda_publish(client,
                EDA_MSG(produce, .window = (uint32_t)(WINDOWS_LEN / 2 / producer_count), .to = i,
                    .count = each),
                NULL),
            "publish");
    }
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    bench_check(sys, eda_ask(client, EDA_ASK(total, &reply), 1000), "ask");
    bench_check(sys, reply->total == each * producer_count ? EDA_OK : EDA_EFAILED, "total");
    bench_print(name, "messages",
        (double)(each * producer_count) / (double)(bench_now() - begin) * 1e9, "1/s");
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

/* --- ring: one message round and round ---------------------------------------------------- */

#define RING_LEN 503u

EDA_MESSAGE(hop, "bench/link/{to}/hop", (uint32_t, tag), (uint64_t, to), (uint64_t, left));

typedef struct link {
    uint64_t seen;
} link;

static eda_status link_on_hop(link *self, const hop *m, eda_ctx *ctx)
{
    self->seen++;
    if (m->left == 0) {
        return EDA_OK;
    }
    return eda_publish(
        ctx, EDA_MSG(hop, .tag = m->tag, .to = (m->to + 1) % RING_LEN, .left = m->left - 1), NULL);
}

EDA_ACTOR(link, eda_none, key(to), emits(hop), on(hop, link_on_hop));

static void ring(uint64_t size)
{
    eda_system *sys = bench_start_system((const eda_actor *const[]){&eda_actor_link, NULL});
    int64_t time = bench_time(sys, EDA_MSG(hop, .tag = 1, .left = size));

    bench_print("ring", "hops", (double)size / (double)time * 1e9, "1/s");
    bench_stop(sys);
}

/* --- big: everybody asks everybody -------------------------------------------------------- */

#define BIG_LEN 120u

EDA_MESSAGE(ping, "bench/member/{to}/ping", (uint32_t, tag), (uint64_t, to), (uint64_t, from));
EDA_MESSAGE(pong, "bench/member/{to}/pong", (uint32_t, tag), (uint64_t, to), (uint64_t, from));
EDA_MESSAGE(join, "bench/member/{to}/join", (uint32_t, tag), (uint64_t, to), (uint64_t, pings));

typedef struct member {
    uint64_t left;
} member;

static eda_status send_ping(member *self, uint64_t key, eda_ctx *ctx)
{
    uint64_t to;

    if (self->left-- == 0) {
        return EDA_OK;
    }
    to = bench_scramble(self->left * BIG_LEN + key) % BIG_LEN;
    return eda_publish(ctx, EDA_MSG(ping, .tag = 1, .to = to, .from = key), NULL);
}

static eda_status member_on_join(member *self, const join *m, eda_ctx *ctx)
{
    self->left = m->pings;
    return send_ping(self, m->to, ctx);
}

static eda_status member_on_ping(member *self, const ping *m, eda_ctx *ctx)
{
    (void)self;
    return eda_publish(ctx, EDA_MSG(pong, .tag = m->tag, .to = m->from, .from = m->to), NULL);
}

static eda_status member_on_pong(member *self, const pong *m, eda_ctx *ctx)
{
    return send_ping(self, m->to, ctx);
}

EDA_ACTOR(member, eda_none, key(to), emits(ping, pong), on(join, member_on_join),
    on(ping, member_on_ping), on(pong, member_on_pong));

static void big(uint64_t size)
{
    eda_system *sys = bench_start_system((const eda_actor *const[]){&eda_actor_member, NULL});
    uint64_t pings = size / 2 / BIG_LEN;
    int64_t begin = bench_now();
    uint64_t i;

    for (i = 0; i < BIG_LEN; i++) {
        bench_check(sys,
            eda_publish(eda_system_client(sys), EDA_MSG(join, .to = i, .pings = pings), NULL),
            "publish");
    }
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    bench_print("big", "messages",
        (double)(2 * pings * BIG_LEN) / (double)(bench_now() - begin) * 1e9, "1/s");
    bench_stop(sys);
}

const bench bench_messaging[] = {
    {"pingpong", 8000000, pingpong}, /* round trips */
    {"count", 30000000, count},
    {"fanin", 30000000, fanin},
    {"ring", 20000000, ring},
    {"big", 20000000, big},
    {.name = NULL},
};
