/* ask.c - an actor asks another: the time of a whole round, one clock read included. */
#include "bench.h"

#include <stdlib.h>

#define PAIRS 8u

EDA_RECORD(answer, (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_REQUEST(question, answer, "bench/responder/{to}/question",
    (uint32_t, tag), (uint64_t, to), (uint64_t, value));
EDA_MESSAGE(interview, "bench/asker/{to}/interview", (uint32_t, tag), (uint64_t, to), (uint64_t, count));

typedef struct responder {
    uint64_t seen;
} responder;

static void responder_on_question(responder *self, const question *m, answer *ret_answer)
{
    self->seen++;
    *ret_answer = (answer){.tag = m->tag, .a = m->value, .b = self->seen};
}

EDA_ACTOR(responder, eda_none, key(to), answers(question, responder_on_question));

/* Written by the asker's turn, read when the system is idle. */
static double *times;

typedef struct asker {
    uint64_t sum;
} asker;

static eda_status asker_on_interview(asker *self, const interview *m, eda_ctx *ctx)
{
    int64_t begin = bench_now();
    uint64_t i;

    for (i = 0; i < m->count; i++) {
        const answer *got = NULL;
        int64_t end;

        EDA_TRY(
            eda_ask(ctx, EDA_ASK(question, &got, .tag = m->tag, .to = m->to, .value = i), 1000));
        self->sum += got->a;
        end = bench_now();
        times[i] = (double)(end - begin);
        begin = end;
    }
    return EDA_OK;
}

/* Short turns: what a turn is answered is kept until its end. */
#define TURN_LEN 1000u

EDA_ACTOR(asker, eda_none, key(to), emits(question), on(interview, asker_on_interview));

/* Where the two of a pair live is left to the system: the best and the worst pair are told. */
static void ask(uint64_t size)
{
    eda_system *sys = bench_start_system(
        (const eda_actor *const[]){&eda_actor_asker, &eda_actor_responder, NULL});
    uint64_t turns = size / PAIRS / TURN_LEN;
    uint64_t each = turns * TURN_LEN;
    double *all = bench_numbers(each);
    double p50[PAIRS];
    double p99[PAIRS];
    uint64_t pair;
    uint64_t turn;

    for (pair = 0; pair < PAIRS; pair++) {
        for (turn = 0; turn < turns; turn++) {
            times = all + turn * TURN_LEN;
            (void)bench_time(sys, EDA_MSG(interview, .tag = 1, .to = pair, .count = TURN_LEN));
        }
        p50[pair] = bench_quantile(all, each, 0.5);
        p99[pair] = bench_quantile(all, each, 0.99);
    }
    free(all);
    bench_print("ask", "p50_best_pair", bench_quantile(p50, PAIRS, 0.0), "ns");
    bench_print("ask", "p99_best_pair", bench_quantile(p99, PAIRS, 0.0), "ns");
    bench_print("ask", "p50_worst_pair", bench_quantile(p50, PAIRS, 1.0), "ns");
    bench_print("ask", "p99_worst_pair", bench_quantile(p99, PAIRS, 1.0), "ns");
    bench_stop(sys);
}

const bench bench_ask[] = {
    {"ask", 4000000, ask},
    {.name = NULL},
};
