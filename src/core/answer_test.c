/* answer_test.c - replies of every size: those that leave in their request's own block, and those
 * that need another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <string.h>

EDA_RECORD(row, (uint64_t, a), (uint64_t, b), (uint64_t, c), (uint64_t, d), (uint64_t, e),
    (uint64_t, f), (uint64_t, g), (uint64_t, h));
EDA_RECORD(table, (row, a), (row, b), (row, c), (row, d));
EDA_RECORD(answer_none);
EDA_RECORD(answer_8, (uint64_t, n));
EDA_RECORD(answer_64, (row, a));
EDA_RECORD(answer_128, (row, a), (row, b));
EDA_RECORD(answer_256, (table, a));
EDA_RECORD(answer_264, (table, a), (uint64_t, n));
EDA_RECORD(answer_3840, (table, a), (table, b), (table, c), (table, d), (table, e), (table, f),
    (table, g), (table, h), (table, i), (table, j), (table, k), (table, l), (table, m), (table, n),
    (table, o));
EDA_REQUEST(ask_none, answer_none, "answer/none", (uint64_t, n));
EDA_REQUEST(ask_8, answer_8, "answer/8", (uint64_t, n));
EDA_REQUEST(ask_64, answer_64, "answer/64", (uint64_t, n));
EDA_REQUEST(ask_128, answer_128, "answer/128", (uint64_t, n));
EDA_REQUEST(ask_256, answer_256, "answer/256", (uint64_t, n));
EDA_REQUEST(ask_264, answer_264, "answer/264", (uint64_t, n));
EDA_REQUEST(ask_3840, answer_3840, "answer/3840", (uint64_t, n));
EDA_REQUEST(ask_long, answer_8, "answer/long", (table, a), (row, b), (uint64_t, n));
EDA_REQUEST(ask_echo, answer_128, "answer/echo", (row, a), (row, b));
EDA_MESSAGE(answer_go, "answer/go", (uint64_t, n));

/* Every word of a reply tells which request it answers and where it stands. */
static void fill(void *reply, size_t size, uint64_t n)
{
    uint64_t *words = reply;
    size_t i;

    for (i = 0; i < size / sizeof(*words); i++) {
        if (words[i] != 0) {
            asking_note("dirty"); /* a handler finds its reply cleared */
        }
        words[i] = n * 1000 + i;
    }
}

static bool is_filled(const void *reply, size_t size, uint64_t n)
{
    const uint64_t *words = reply;
    size_t i;

    for (i = 0; i < size / sizeof(*words); i++) {
        if (words[i] != n * 1000 + i) {
            return false;
        }
    }
    return true;
}

typedef struct oracle {
    uint64_t count;
} oracle;

static void oracle_none(oracle *self, const ask_none *ask, answer_none *reply)
{
    (void)ask;
    (void)reply;
    self->count++;
}

static void oracle_8(oracle *self, const ask_8 *ask, answer_8 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_64(oracle *self, const ask_64 *ask, answer_64 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_128(oracle *self, const ask_128 *ask, answer_128 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_256(oracle *self, const ask_256 *ask, answer_256 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_264(oracle *self, const ask_264 *ask, answer_264 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_3840(oracle *self, const ask_3840 *ask, answer_3840 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_long(oracle *self, const ask_long *ask, answer_8 *reply)
{
    self->count++;
    fill(reply, sizeof(*reply), ask->n);
}

static void oracle_echo(oracle *self, const ask_echo *ask, answer_128 *reply)
{
    self->count++;
    *reply = (answer_128){.a = ask->b, .b = ask->a};
}

EDA_ACTOR(oracle, eda_none, answers(ask_none, oracle_none), answers(ask_8, oracle_8),
    answers(ask_64, oracle_64), answers(ask_128, oracle_128), answers(ask_256, oracle_256),
    answers(ask_264, oracle_264), answers(ask_3840, oracle_3840), answers(ask_long, oracle_long),
    answers(ask_echo, oracle_echo));

/* Asks once, and notes the size of a reply that is not what it should be. */
#define ASK_ONE(ctx_, size_, n_)                                                                   \
    do {                                                                                           \
        const answer_##size_ *got_ = NULL;                                                         \
        eda_status status_ = eda_ask((ctx_), EDA_ASK(ask_##size_, &got_, .n = (n_)), 60000);       \
        if (status_ != EDA_OK || !is_filled(got_, sizeof(*got_), (n_))) {                          \
            asking_note("%s:%s", #size_, eda_status_name(status_));                                \
        }                                                                                          \
    } while (false)

static void ask_all(eda_ctx *ctx, uint64_t n)
{
    const answer_none *none = NULL;
    const answer_8 *got = NULL;
    const answer_128 *echo = NULL;

    if (eda_ask(ctx, EDA_ASK(ask_none, &none, .n = n), 60000) != EDA_OK || none == NULL) {
        asking_note("none");
    }
    ASK_ONE(ctx, 8, n);
    ASK_ONE(ctx, 64, n);
    ASK_ONE(ctx, 128, n);
    ASK_ONE(ctx, 256, n);
    ASK_ONE(ctx, 264, n);
    ASK_ONE(ctx, 3840, n);
    if (eda_ask(ctx, EDA_ASK(ask_long, &got, .n = n), 60000) != EDA_OK ||
        !is_filled(got, sizeof(*got), n)) {
        asking_note("long");
    }
    if (eda_ask(ctx, EDA_ASK(ask_echo, &echo, .a = {.a = n, .h = n + 1}, .b = {.h = n + 2}),
            60000) != EDA_OK ||
        echo->a.h != n + 2 || echo->b.a != n || echo->b.h != n + 1) {
        asking_note("echo");
    }
}

typedef struct seeker {
    uint64_t count;
} seeker;

static eda_status seeker_go(seeker *self, const answer_go *go, eda_ctx *ctx)
{
    const answer_128 *first = NULL;
    uint64_t i;

    self->count++;
    if (eda_ask(ctx, EDA_ASK(ask_128, &first, .n = 7), 60000) != EDA_OK) {
        asking_note("first");
        return EDA_EFAILED;
    }
    for (i = 0; i < go->n; i++) {
        ask_all(ctx, i);
    }
    /* A reply is kept until the turn ends, whatever was asked since. */
    asking_note(is_filled(first, sizeof(*first), 7) ? "kept" : "lost");
    return EDA_OK;
}

EDA_ACTOR(seeker, eda_none,
    emits(ask_none, ask_8, ask_64, ask_128, ask_256, ask_264, ask_3840, ask_long, ask_echo),
    on(answer_go, seeker_go));

static const eda_actor *const everybody[] = {&eda_actor_oracle, &eda_actor_seeker, NULL};

static void answers_of_every_size_reach_a_turn(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(answer_go, .n = 20), ASKING_TIMEOUT_MS),
        EDA_OK);
    assert_string_equal(asking_notes(), "kept");
    asking_end(sys);
}

static void answers_of_every_size_reach_a_client(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    uint64_t i;

    (void)state;
    for (i = 0; i < 20; i++) {
        ask_all(eda_system_client(sys), i);
    }
    assert_string_equal(asking_notes(), "");
    asking_end(sys);
}

static void answers_of_every_size_cross_workers(void **state)
{
    const eda_options options = {.workers = 4};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    ask_all(eda_system_client(sys), 3);
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(answer_go, .n = 20), ASKING_TIMEOUT_MS),
        EDA_OK);
    assert_string_equal(asking_notes(), "kept");
    asking_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_every_size_reach_a_turn),
        cmocka_unit_test(answers_of_every_size_reach_a_client),
        cmocka_unit_test(answers_of_every_size_cross_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
