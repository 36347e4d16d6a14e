/* messaging.c - pingpong, ring, big: one message after the other from actor to actor. */
#include "bench.h"

/* --- pingpong: two actors and one message ------------------------------------------------- */

EDA_MESSAGE(ball, "bench/player/{to}/ball", (uint32_t, tag), (uint64_t, to), (uint64_t, left));

typedef struct player {
    uint64_t seen;
} player;

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

static void pingpong(uint64_t size)
{
    eda_system *sys = bench_start_system((const eda_actor *const[]){&eda_actor_player, NULL});
    uint64_t messages = 2 * size;
    int64_t time = bench_time(sys, EDA_MSG(ball, .tag = 1, .left = messages - 1));

    bench_print("pingpong", "one_way", (double)time / (double)messages, "ns");
    bench_print_rate("pingpong", "messages", messages, time);
    bench_stop(sys);
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

    bench_print_rate("ring", "hops", size, bench_time(sys, EDA_MSG(hop, .tag = 1, .left = size)));
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
    int64_t begin = bench_now();
    uint64_t i;

    for (i = 0; i < BIG_LEN; i++) {
        bench_publish(sys, EDA_MSG(join, .to = i, .pings = size));
    }
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    bench_print_rate("big", "messages", 2 * size * BIG_LEN, bench_now() - begin);
    bench_stop(sys);
}

const bench bench_messaging[] = {
    {"pingpong", 3000000, 1000, pingpong, false}, /* round trips */
    {"ring", 5000000, 2000, ring, false},         /* hops */
    {"big", 30000, 20, big, false},               /* pings of each */
    {.name = NULL},
};
