/* pubsub.c - one message, a thousand receivers: each an actor type of its own. */
#include "bench.h"

#include <stdio.h>

#define SUBSCRIBERS 1000u
#define STEP 4u        /* events of one turn: at most 4,096 deliveries leave with it */
#define ROUND_LEN 768u /* events sent before everybody is waited for: a mailbox holds 1,024 */

EDA_MESSAGE(news, "bench/news", (uint32_t, tag), (uint64_t, number), (uint64_t, value));
EDA_MESSAGE(announce, "bench/announce", (uint32_t, tag), (uint64_t, from), (uint64_t, to));

typedef struct subscriber {
    uint64_t seen;
} subscriber;

static void subscriber_on_news(subscriber *self, const news *m)
{
    self->seen += m->value;
}

/* The pattern of all subscribers: only the names differ. */
EDA_ACTOR(subscriber, eda_none, on(news, subscriber_on_news));

typedef struct announcer {
    uint64_t sent;
} announcer;

static eda_status announcer_on_announce(announcer *self, const announce *m, eda_ctx *ctx)
{
    uint64_t end = m->to - m->from < STEP ? m->to : m->from + STEP;
    uint64_t i;

    for (i = m->from; i < end; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(news, .tag = m->tag, .number = i, .value = 1), NULL));
        self->sent++;
    }
    return end == m->to
               ? EDA_OK
               : eda_publish(ctx, EDA_MSG(announce, .tag = m->tag, .from = end, .to = m->to), NULL);
}

EDA_ACTOR(announcer, eda_none, emits(news, announce), on(announce, announcer_on_announce));

static void pubsub(uint64_t size)
{
    static eda_actor types[SUBSCRIBERS];
    static char names[SUBSCRIBERS][24];
    const eda_actor *actors[SUBSCRIBERS + 2];
    int64_t time = 0;
    eda_system *sys;
    uint64_t i;

    for (i = 0; i < SUBSCRIBERS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "subscriber_%u", (unsigned)i);
        types[i] = eda_actor_subscriber;
        types[i].name = names[i];
        actors[i] = &types[i];
    }
    actors[SUBSCRIBERS] = &eda_actor_announcer;
    actors[SUBSCRIBERS + 1] = NULL;
    sys = bench_start_system(actors);
    for (i = 0; i < size; i += ROUND_LEN) {
        uint64_t to = size - i < ROUND_LEN ? size : i + ROUND_LEN;

        time += bench_time(sys, EDA_MSG(announce, .tag = 1, .from = i, .to = to));
    }
    bench_print_rate("pubsub", "deliveries", size * SUBSCRIBERS, time);
    bench_stop(sys);
}

const bench bench_pubsub[] = {
    {"pubsub", 5000, 5, pubsub, false}, /* events */
    {.name = NULL},
};
