/* ask.c - an actor asks another: the time of a whole round, one clock read included. */
#include "bench.h"

#include <stdlib.h>

EDA_RECORD(answer, (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_REQUEST(question, answer, "bench/responder/question", (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_MESSAGE(interview, "bench/asker/interview", (uint32_t, tag), (uint64_t, from), (uint64_t, to));

typedef struct responder {
    uint64_t seen;
} responder;

static void responder_on_question(responder *self, const question *m, answer *ret_answer)
{
    self->seen++;
    *ret_answer = (answer){.tag = m->tag, .a = m->a, .b = self->seen};
}

EDA_ACTOR(responder, eda_none, answers(question, responder_on_question));

/* Short turns: what a turn is answered is kept until its end. */
#define TURN_LEN 1000u

/* Written by the asker's turns, read when the system is idle. */
static double *times;
static uint64_t sum;

typedef struct asker {
    int64_t begin; /* of the next time; 0: at the first turn */
} asker;

static eda_status asker_on_interview(asker *self, const interview *m, eda_ctx *ctx)
{
    uint64_t end = m->to - m->from < TURN_LEN ? m->to : m->from + TURN_LEN;
    uint64_t i;

    if (self->begin == 0) {
        self->begin = bench_now();
    }
    for (i = m->from; i < end; i++) {
        const answer *got = NULL;
        int64_t now;

        EDA_TRY(eda_ask(ctx, EDA_ASK(question, &got, .tag = m->tag, .a = i, .b = m->to), 1000));
        sum += got->a;
        now = bench_now();
        times[i] = (double)(now - self->begin);
        self->begin = now;
    }
    return end == m->to ? EDA_OK
                        : eda_publish(ctx,
                              EDA_MSG(interview, .tag = m->tag, .from = end, .to = m->to), NULL);
}

EDA_ACTOR(asker, eda_none, emits(question, interview), on(interview, asker_on_interview));

static void ask(uint64_t size)
{
    eda_system *sys = bench_start_system(
        (const eda_actor *const[]){&eda_actor_asker, &eda_actor_responder, NULL});
    int64_t time;

    times = bench_numbers(size);
    time = bench_time(sys, EDA_MSG(interview, .tag = 1, .to = size));
    if (sum != size * (size - 1) / 2) {
        bench_fail("ask: answers are missing or wrong");
    }
    bench_print("ask", "p50", bench_quantile(times, size, 0.5), "ns");
    bench_print("ask", "p99", bench_quantile(times, size, 0.99), "ns");
    bench_print_rate("ask", "requests", size, time);
    bench_stop(sys);
    free(times);
}

const bench bench_ask[] = {
    {"ask", 1000000, 2500, ask, false},
    {.name = NULL},
};
