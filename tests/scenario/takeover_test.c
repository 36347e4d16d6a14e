/* takeover_test.c - a turn that runs long is left alone: its worker's other actors go on, and it
 * comes back when it calls a verb or returns.
 *
 * No clock: each long turn ends only when others have run that could not if it held them up, so a
 * runtime that does not take over hangs. EDA_ROUNDS: how many rounds each test runs. */
#include "crowd.h"
#include "delivery.h"

#include "base/processors.h"
#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define LONG_ONES 9u

EDA_MESSAGE(sit, "takeover/sitter/{id}/sit", (uint64_t, id), (uint32_t, verbs), (uint32_t, rings));
EDA_MESSAGE(note, "takeover/sitter/{id}/note", (uint64_t, id), (uint32_t, number));
EDA_MESSAGE(ring, "takeover/bell/ring", (uint64_t, id));
EDA_MESSAGE(done, "takeover/ledger/done", (uint64_t, id), (uint64_t, answer));
EDA_RECORD(answer, (uint64_t, value));
EDA_REQUEST(question, answer, "takeover/oracle/question", (uint64_t, value));

static atomic_uint rung;    /* by bell, which may sit where a long turn runs */
static atomic_uint sitting; /* long turns that have begun */
static atomic_uint wrong;

typedef struct sitter {
    uint32_t sat;
    uint32_t next; /* number of the note to come */
} sitter;

/* Nothing but waiting for others, as a long computation looks to them. */
static void until(const atomic_uint *count, uint32_t reached)
{
    while (atomic_load_explicit(count, memory_order_acquire) < reached) {
        edai_cpu_relax();
    }
}

static eda_status sitter_on_sit(sitter *self, const sit *m, eda_ctx *ctx)
{
    const answer *got = NULL;
    uint32_t i;

    atomic_fetch_add(&sitting, 1);
    until(&rung, m->rings);
    self->sat++;
    for (i = 0; i < m->verbs; i++) { /* each finds its worker again, and may wait upon another */
        EDA_TRY(eda_ask(ctx, EDA_ASK(question, &got, .value = m->id + i), EDA_FOREVER));
        if (got->value != m->id + i + 1) {
            atomic_fetch_add(&wrong, 1);
        }
        EDA_TRY(eda_publish(ctx, EDA_MSG(done, .id = m->id, .answer = got->value), NULL));
    }
    return EDA_OK;
}

static void sitter_on_note(sitter *self, const note *m)
{
    if (m->number != self->next++) {
        atomic_fetch_add(&wrong, 1);
    }
}

EDA_ACTOR(sitter, eda_none, key(id), emits(question, done), on(sit, sitter_on_sit),
    on(note, sitter_on_note));

typedef struct bell {
    uint32_t count;
} bell;

static void bell_on_ring(bell *self, const ring *m)
{
    (void)m;
    self->count++;
    atomic_fetch_add_explicit(&rung, 1, memory_order_release);
}

EDA_ACTOR(bell, eda_none, on(ring, bell_on_ring));

typedef struct ledger {
    uint64_t count;
} ledger;

static void ledger_on_done(ledger *self, const done *m)
{
    (void)m;
    self->count++;
}

EDA_ACTOR(ledger, eda_none, on(done, ledger_on_done));

typedef struct oracle {
    uint64_t asked;
} oracle;

static void oracle_on_question(oracle *self, const question *m, answer *ret_answer)
{
    self->asked++;
    ret_answer->value = m->value + 1;
}

EDA_ACTOR(oracle, eda_none, answers(question, oracle_on_question));

/* Several at once: every one of them waits for all. */
EDA_MESSAGE(gather, "takeover/crowd/{id}/gather", (uint64_t, id), (uint32_t, rings));

typedef struct member {
    uint32_t gathered;
} member;

static void member_on_gather(member *self, const gather *m)
{
    atomic_fetch_add(&sitting, 1);
    until(&sitting, LONG_ONES);
    until(&rung, m->rings);
    self->gathered++;
}

EDA_ACTOR(member, eda_none, key(id), on(gather, member_on_gather));

/* One whose handlers interleave: whatever they do, no two of them run at once. */
EDA_MESSAGE(brood, "takeover/hermit/{id}/brood", (uint64_t, id), (uint32_t, rings));
EDA_MESSAGE(knock, "takeover/hermit/{id}/knock", (uint64_t, id));
EDA_MESSAGE(inquire, "takeover/hermit/{id}/inquire", (uint64_t, id), (uint32_t, sitting));
EDA_REQUEST(riddle, answer, "takeover/sphinx/riddle", (uint32_t, sitting));

typedef struct hermit {
    atomic_uint running; /* handlers, this moment */
} hermit;

static void hermit_enter(hermit *self)
{
    if (atomic_fetch_add(&self->running, 1) != 0) {
        atomic_fetch_add(&wrong, 1);
    }
}

static void hermit_leave(hermit *self)
{
    atomic_fetch_sub(&self->running, 1);
}

static void hermit_on_brood(hermit *self, const brood *m)
{
    hermit_enter(self);
    atomic_fetch_add(&sitting, 1);
    until(&rung, m->rings);
    hermit_leave(self);
}

static void hermit_on_knock(hermit *self, const knock *m)
{
    (void)m;
    hermit_enter(self);
    hermit_leave(self);
}

static eda_status hermit_on_inquire(hermit *self, const inquire *m, eda_ctx *ctx)
{
    const answer *got = NULL;

    EDA_TRY(eda_ask(ctx, EDA_ASK(riddle, &got, .sitting = m->sitting), EDA_FOREVER));
    hermit_enter(self);
    hermit_leave(self);
    return EDA_OK;
}

EDA_ACTOR(hermit, eda_none, key(id), emits(riddle), on(brood, hermit_on_brood, interleaves),
    on(knock, hermit_on_knock, interleaves), on(inquire, hermit_on_inquire));

typedef struct sphinx {
    uint64_t asked;
} sphinx;

static void sphinx_on_riddle(sphinx *self, const riddle *m, answer *ret_answer)
{
    until(&sitting, m->sitting);
    ret_answer->value = ++self->asked;
}

EDA_ACTOR(sphinx, eda_none, answers(riddle, sphinx_on_riddle));

/* Rings when the thread it is run by may run on so many processors. */
EDA_MESSAGE(scan, "takeover/scout/scan", (uint32_t, wanted));

typedef struct scout {
    uint64_t scans;
} scout;

/* 0: not told. */
static uint32_t processors_of_thread(void)
{
    edai_processors mine = {{0}};
    uint32_t count = 0;
    unsigned i;

    if (edai_processors_of(edai_thread_number(), &mine)) {
        for (i = 0; i < EDAI_PROCESSORS_MAX; i++) {
            count += (uint32_t)(mine.words[i / 64] >> i % 64 & 1);
        }
    }
    return count;
}

static eda_status scout_on_scan(scout *self, const scan *m, eda_ctx *ctx)
{
    self->scans++;
    if (processors_of_thread() != m->wanted) {
        return eda_publish(ctx, EDA_MSG(scan, .wanted = m->wanted), NULL);
    }
    atomic_fetch_add_explicit(&rung, 1, memory_order_release);
    return EDA_OK;
}

EDA_ACTOR(scout, eda_none, emits(scan), on(scan, scout_on_scan));

static eda_system *start(void)
{
    atomic_store(&rung, 0);
    atomic_store(&sitting, 0);
    atomic_store(&wrong, 0);
    return delivery_start(&(eda_options){.workers = 2},
        DELIVERY_ACTORS(&eda_actor_sitter, &eda_actor_bell, &eda_actor_ledger, &eda_actor_oracle,
            &eda_actor_member, &eda_actor_hermit, &eda_actor_sphinx, &eda_actor_scout));
}

static void tell(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

/* The bell is one actor, each sitter another: some share a worker, and all share a seat. */
static void long_turn_lets_others_run(void **state)
{
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 20);
    uint32_t round;
    eda_system *sys = start();

    (void)state;
    for (round = 0; round < rounds; round++) {
        tell(sys, EDA_MSG(sit, .id = round, .rings = round + 1));
        until(&sitting, round + 1);
        tell(sys, EDA_MSG(ring, .id = round));
        delivery_settle(sys);
    }
    delivery_assert_counts(sys, "sit", NULL, .handled = rounds);
    delivery_end(sys);
}

static void long_turn_finds_its_worker_again(void **state)
{
    const uint32_t verbs = 5;
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 20);
    uint32_t round;
    eda_system *sys = start();

    (void)state;
    for (round = 0; round < rounds; round++) {
        tell(sys, EDA_MSG(sit, .id = round % 3, .rings = round + 1, .verbs = verbs));
        until(&sitting, round + 1);
        tell(sys, EDA_MSG(ring, .id = round));
        delivery_settle(sys);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    delivery_assert_counts(sys, "done", NULL, .handled = (uint64_t)rounds * verbs);
    delivery_end(sys);
}

/* A thread that woke there would wait for it. */
static void others_keep_away_from_the_processor_of_a_long_turn(void **state)
{
    const uint32_t all = processors_of_thread();
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 20);
    uint32_t round;
    eda_system *sys;

    (void)state;
    if (all < 2 || edai_processor_of(edai_thread_number()) < 0) {
        skip();
    }
    sys = start();
    for (round = 0; round < rounds; round++) {
        tell(sys, EDA_MSG(sit, .id = round, .rings = 2 * round + 1));
        until(&sitting, round + 1);
        tell(sys, EDA_MSG(scan, .wanted = all - 1));
        delivery_settle(sys);
        tell(sys, EDA_MSG(scan, .wanted = all)); /* when it has ended they may run there again */
        delivery_settle(sys);
    }
    delivery_assert_counts(sys, "sit", NULL, .handled = rounds);
    delivery_end(sys);
}

/* What comes for the one that runs long waits for it, in order. */
static void messages_for_the_long_one_wait_in_order(void **state)
{
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 20);
    uint32_t round;
    uint32_t number = 0;
    eda_system *sys = start();

    (void)state;
    for (round = 0; round < rounds; round++) {
        uint32_t i;

        tell(sys, EDA_MSG(sit, .id = 7, .rings = round + 1, .verbs = 1));
        for (i = 0; i < 10; i++) {
            tell(sys, EDA_MSG(note, .id = 7, .number = number++));
        }
        tell(sys, EDA_MSG(ring, .id = round));
        delivery_settle(sys);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    delivery_assert_counts(sys, "note", NULL, .handled = number);
    delivery_end(sys);
}

/* Each runs until all run, and until somebody else has run beside them. */
static void nine_long_turns_run_at_once(void **state)
{
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 5);
    uint32_t round;
    uint64_t id;

    (void)state;
    for (round = 0; round < rounds; round++) {
        eda_system *sys = start();

        for (id = 0; id < LONG_ONES; id++) {
            tell(sys, EDA_MSG(gather, .id = id, .rings = 1));
        }
        until(&sitting, LONG_ONES);
        tell(sys, EDA_MSG(ring, .id = 0));
        delivery_settle(sys);
        delivery_assert_counts(sys, "gather", NULL, .handled = LONG_ONES);
        delivery_end(sys);
    }
}

/* What may run while a turn waits must not run beside one that computes. */
static void interleaving_ones_do_not_run_beside_the_long_one(void **state)
{
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 20);
    uint32_t round;
    eda_system *sys = start();

    (void)state;
    for (round = 0; round < rounds; round++) {
        tell(sys, EDA_MSG(brood, .id = round, .rings = round + 1));
        until(&sitting, round + 1);
        tell(sys, EDA_MSG(knock, .id = round));
        tell(sys, EDA_MSG(ring, .id = round));
        delivery_settle(sys);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    delivery_assert_counts(sys, "knock", NULL, .handled = rounds);
    delivery_end(sys);
}

/* One of its turns waits for an answer, which comes while another computes: it goes on later. */
static void waiting_turn_does_not_go_on_beside_the_long_one(void **state)
{
    uint32_t rounds = (uint32_t)crowd_number("EDA_ROUNDS", 20);
    uint32_t round;
    eda_system *sys = start();

    (void)state;
    for (round = 0; round < rounds; round++) {
        tell(sys, EDA_MSG(inquire, .id = round, .sitting = round + 1));
        tell(sys, EDA_MSG(brood, .id = round, .rings = round + 1));
        until(&sitting, round + 1);
        tell(sys, EDA_MSG(ring, .id = round));
        delivery_settle(sys);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    delivery_assert_counts(sys, "inquire", NULL, .handled = rounds);
    delivery_end(sys);
}

static void *stop(void *arg)
{
    eda_system_stop(arg);
    atomic_fetch_add(&rung, 0);
    return NULL;
}

/* A stop waits for it; it cannot be taken back. */
static void stop_waits_for_the_long_one(void **state)
{
    eda_system *sys = start();
    edai_thread stopper;
    eda_counts counts;

    (void)state;
    tell(sys, EDA_MSG(sit, .id = 1, .rings = 2));
    until(&sitting, 1);
    tell(sys, EDA_MSG(ring, .id = 1)); /* heard only by a seat that was given the workers */
    until(&rung, 1);
    assert_int_equal(edai_thread_start(&stopper, stop, sys, "stopper"), EDA_OK);
    atomic_fetch_add(&rung, 1); /* the turn ends, before, while or after the stop begins */
    (void)edai_thread_join(&stopper);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(counts.accepted, counts.handled + counts.failed + counts.stopped);
    eda_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_turn_lets_others_run),
        cmocka_unit_test(long_turn_finds_its_worker_again),
        cmocka_unit_test(others_keep_away_from_the_processor_of_a_long_turn),
        cmocka_unit_test(messages_for_the_long_one_wait_in_order),
        cmocka_unit_test(nine_long_turns_run_at_once),
        cmocka_unit_test(interleaving_ones_do_not_run_beside_the_long_one),
        cmocka_unit_test(waiting_turn_does_not_go_on_beside_the_long_one),
        cmocka_unit_test(stop_waits_for_the_long_one),
    };

    if (!edai_barrier_all_prepare()) {
        print_message("membarrier(2) is not to be had here: turns that run long are waited for\n");
        return 77; /* skipped */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
