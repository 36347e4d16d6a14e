/* messaging.c - pingpong, count, fanin, ring, big: how fast messages go from actor to actor. */
#include "floor.h"

#define PRODUCERS 8u
#define RING_LEN 503u
#define BIG_LEN 120u

enum {
    ADD = 1,
    TOTAL,
    PRODUCE,
    PING,
    PONG
};

/* Sends each message on to the actor it was given, until none is left to be sent. */
static void on_ball(loop *on, actor *self, message *m)
{
    self->count++;
    if (m->a > 0) {
        (void)floor_send(on, self->of, m->tag, m->a - 1, m->b);
    }
    floor_give(&on->messages, m);
}

/* Actors in a circle, one message; returns ns. */
static int64_t circle(const char *what, uint64_t len, uint64_t messages)
{
    loop on = {.first = NULL};
    actor *first = floor_actor(&on, on_ball, NULL);
    actor *last = first;
    uint64_t total = 0;
    int64_t begin;
    int64_t time;
    uint64_t i;

    for (i = 1; i < len; i++) {
        last->of = floor_actor(&on, on_ball, NULL);
        last = last->of;
    }
    last->of = first;
    begin = floor_now();
    (void)floor_send(&on, first, ADD, messages - 1, 0);
    floor_run(&on);
    time = floor_now() - begin;
    for (i = 0; i < len; i++) {
        total += first->count;
        first = first->of;
    }
    floor_check(what, total, messages);
    return time;
}

void floor_pingpong(uint64_t size)
{
    double time = (double)circle("pingpong", 2, 2 * size);

    floor_print("pingpong.one_way", time / (double)(2 * size), "ns");
    floor_print("pingpong.messages", (double)(2 * size) / time * 1e9, "1/s");
    floor_pingpong_cross(size);
}

void floor_ring(uint64_t size)
{
    floor_print("ring.hops", (double)size / (double)circle("ring", RING_LEN, size) * 1e9, "1/s");
}

/* Adds up, and tells the sum to whoever asks. */
static void on_add(loop *on, actor *self, message *m)
{
    if (m->tag == ADD) {
        self->value += m->b;
        floor_give(&on->messages, m);
    } else {
        m->b = self->value;
        floor_forward(on, m->from, m);
    }
}

/* Sends its part of a batch, then goes on in a turn of its own: count is what is left. All
 * producers together send what the counter takes in one turn: a queue that grows would leave the
 * caches. */
static void on_produce(loop *on, actor *self, message *m)
{
    uint64_t len = self->count < self->index ? self->count : self->index;
    uint64_t i;

    for (i = 0; i < len; i++) {
        (void)floor_send(on, self->of, ADD, i, 1);
    }
    self->count -= len;
    if (self->count > 0) {
        floor_forward(on, self, m);
    } else {
        floor_give(&on->messages, m);
    }
}

static void on_total(loop *on, actor *self, message *m)
{
    self->value = m->b;
    floor_give(&on->messages, m);
}

static void produce(const char *metric, uint64_t producers, uint64_t size)
{
    loop on = {.first = NULL};
    actor *counter = floor_actor(&on, on_add, NULL);
    actor *client = floor_actor(&on, on_total, NULL);
    uint64_t each = size / producers;
    int64_t begin = floor_now();
    uint64_t i;

    for (i = 0; i < producers; i++) {
        actor *producer = floor_actor(&on, on_produce, counter);

        producer->count = each;
        producer->index = FLOOR_BATCH_LEN / (uint32_t)producers;
        (void)floor_send(&on, producer, PRODUCE, 0, 0);
    }
    floor_run(&on);
    floor_send(&on, counter, TOTAL, 0, 0)->from = client;
    floor_run(&on);
    floor_print_rate(metric, client->value, begin);
    floor_check(metric, client->value, each * producers);
}

void floor_count(uint64_t size)
{
    produce("count.messages", 1, size);
}

void floor_fanin(uint64_t size)
{
    produce("fanin.messages", PRODUCERS, size);
}

typedef struct members {
    actor *all[BIG_LEN];
    uint64_t pings;
} members;

/* A random other; value counts the pings sent. */
static void ping(loop *on, actor *self)
{
    const members *of = self->of;
    uint64_t to = floor_scramble(self->value * BIG_LEN + self->index) % (BIG_LEN - 1);

    to += to >= self->index;
    self->value++;
    (void)floor_send(on, of->all[to], PING, self->index, self->value);
}

static void on_call(loop *on, actor *self, message *m)
{
    const members *of = self->of;

    self->count++;
    if (m->tag == PING) {
        (void)floor_send(on, of->all[m->a], PONG, self->index, m->b);
    } else if (self->value < of->pings) {
        ping(on, self);
    }
    floor_give(&on->messages, m);
}

void floor_big(uint64_t size)
{
    loop on = {.first = NULL};
    members of = {.pings = size};
    uint64_t total = 0;
    int64_t begin;
    uint32_t i;

    for (i = 0; i < BIG_LEN; i++) {
        of.all[i] = floor_actor(&on, on_call, &of);
        of.all[i]->index = i;
    }
    begin = floor_now();
    for (i = 0; i < BIG_LEN; i++) {
        ping(&on, of.all[i]);
    }
    floor_run(&on);
    floor_print_rate("big.messages", 2 * size * BIG_LEN, begin);
    for (i = 0; i < BIG_LEN; i++) {
        total += of.all[i]->count;
    }
    floor_check("big", total, 2 * size * BIG_LEN);
}
