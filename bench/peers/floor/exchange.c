/* exchange.c - pubsub, ask: one to many, and there and back. */
#include "floor.h"

#include <stdlib.h>

#define SUBSCRIBERS 1000u

enum {
    EVENT = 1,
    PUBLISH,
    QUESTION
};

/* One payload, shared by all; the last one gives it back. */
static void on_event(loop *on, actor *self, message *m)
{
    message *shared = m->shared;

    self->value += shared->b;
    if (--shared->users == 0) {
        floor_give(&on->messages, shared);
    }
    floor_give(&on->messages, m);
}

/* One event a turn; count is what is left. */
static void on_publish(loop *on, actor *self, message *m)
{
    actor *const *subscribers = self->of;
    message *shared = floor_take(&on->messages);
    size_t i;

    shared->tag = EVENT;
    shared->users = SUBSCRIBERS;
    shared->a = self->count;
    shared->b = 1;
    for (i = 0; i < SUBSCRIBERS; i++) {
        message *envelope = floor_take(&on->messages);

        envelope->shared = shared;
        floor_forward(on, subscribers[i], envelope);
    }
    if (--self->count > 0) {
        floor_forward(on, self, m);
    } else {
        floor_give(&on->messages, m);
    }
}

void floor_pubsub(uint64_t size)
{
    static actor *subscribers[SUBSCRIBERS];
    loop on = {.first = NULL};
    actor *publisher = floor_actor(&on, on_publish, subscribers);
    uint64_t total = 0;
    int64_t begin;
    size_t i;

    for (i = 0; i < SUBSCRIBERS; i++) {
        subscribers[i] = floor_actor(&on, on_event, NULL);
    }
    publisher->count = size;
    begin = floor_now();
    (void)floor_send(&on, publisher, PUBLISH, 0, 0);
    floor_run(&on);
    floor_print_rate("pubsub.deliveries", size * SUBSCRIBERS, begin);
    for (i = 0; i < SUBSCRIBERS; i++) {
        total += subscribers[i]->value;
    }
    floor_check("pubsub", total, size * SUBSCRIBERS);
}

typedef struct interview {
    actor *responder;
    int64_t begin;
    uint64_t size;
    uint32_t *times; /* ns */
} interview;

/* The question's block becomes the answer. */
static void on_question(loop *on, actor *self, message *m)
{
    self->count++;
    m->b = 1;
    floor_forward(on, m->from, m);
}

static void question(loop *on, actor *self)
{
    const interview *of = self->of;

    floor_send(on, of->responder, QUESTION, self->count, 0)->from = self;
}

static void on_answer(loop *on, actor *self, message *m)
{
    interview *of = self->of;
    int64_t end = floor_now();

    of->times[self->count] = (uint32_t)(end - of->begin);
    of->begin = end;
    self->count++;
    self->value += m->b;
    floor_give(&on->messages, m);
    if (self->count < of->size) {
        question(on, self);
    }
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

/* Of times that are sorted. */
static double quantile(const interview *of, uint64_t percent)
{
    uint64_t at = (of->size - 1) * percent / 100;

    return of->times[at];
}

void floor_ask(uint64_t size)
{
    loop on = {.first = NULL};
    interview of = {.size = size, .times = calloc(size, sizeof(*of.times))};
    actor *client = floor_actor(&on, on_answer, &of);
    int64_t begin = floor_now();

    if (of.times == NULL) {
        floor_give_up("no memory for the times");
    }
    of.responder = floor_actor(&on, on_question, NULL);
    of.begin = begin;
    question(&on, client);
    floor_run(&on);
    floor_print_rate("ask.requests", size, begin);
    floor_check("ask", client->value, size);
    qsort(of.times, size, sizeof(*of.times), compare);
    floor_print("ask.p50", quantile(&of, 50), "ns");
    floor_print("ask.p99", quantile(&of, 99), "ns");
    free(of.times);
}
