/* inbox_test.c - handing envelopes over: order, the parked mark, and no loss with threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"
#include "core/inbox.h"

#define PUSHERS 3u
#define EACH 20000u

static const edai_port port = {.self = NULL}; /* no points: nothing of it is called */

static bool push_one(edai_inbox *inbox, edai_envelope *envelope)
{
    edai_chain chain = {.newest = NULL};
    bool was_parked;

    edai_chain_add(&chain, envelope);
    was_parked = edai_inbox_push(inbox, &chain, &port);
    assert_int_equal(chain.count, 0); /* handed over */
    assert_null(chain.newest);
    return was_parked;
}

static void take_from_empty_gives_nothing(void **state)
{
    edai_inbox inbox;

    (void)state;
    edai_inbox_init(&inbox);
    assert_true(edai_inbox_is_empty(&inbox));
    assert_null(edai_inbox_take(&inbox, &port));
    assert_int_equal(edai_inbox_pending(&inbox), 0);
}

static void take_gives_chains_oldest_first(void **state)
{
    edai_inbox inbox;
    edai_envelope all[6] = {{.next = NULL}};
    edai_chain chain = {.newest = NULL};
    edai_envelope *at;
    size_t i;

    (void)state;
    edai_inbox_init(&inbox);
    assert_false(push_one(&inbox, &all[0]));
    for (i = 1; i < 5; i++) {
        edai_chain_add(&chain, &all[i]);
    }
    assert_int_equal(chain.count, 4);
    assert_false(edai_inbox_push(&inbox, &chain, &port));
    assert_false(push_one(&inbox, &all[5]));
    assert_int_equal(edai_inbox_pending(&inbox), 6);
    at = edai_inbox_take(&inbox, &port);
    for (i = 0; i < 6; i++) {
        assert_ptr_equal(at, &all[i]);
        at = at->next;
    }
    assert_null(at);
    assert_int_equal(edai_inbox_pending(&inbox), 0);
    assert_true(edai_inbox_is_empty(&inbox));
}

static void park_with_something_there_is_refused(void **state)
{
    edai_inbox inbox;
    edai_envelope envelope = {.next = NULL};

    (void)state;
    edai_inbox_init(&inbox);
    push_one(&inbox, &envelope);
    assert_false(edai_inbox_park(&inbox, &port));
    assert_ptr_equal(edai_inbox_take(&inbox, &port), &envelope);
    assert_true(edai_inbox_park(&inbox, &port));
    assert_true(edai_inbox_is_parked(&inbox));
}

static void push_to_a_parked_owner_says_so_once(void **state)
{
    edai_inbox inbox;
    edai_envelope all[2] = {{.next = NULL}};

    (void)state;
    edai_inbox_init(&inbox);
    assert_true(edai_inbox_park(&inbox, &port));
    assert_true(push_one(&inbox, &all[0]));
    assert_false(edai_inbox_is_parked(&inbox));
    assert_false(push_one(&inbox, &all[1]));
    edai_inbox_unpark(&inbox); /* a pusher replaced the mark: nothing is taken back */
    assert_ptr_equal(edai_inbox_take(&inbox, &port), &all[0]);
    assert_ptr_equal(all[0].next, &all[1]);
    assert_null(all[1].next);
}

static void unpark_takes_the_mark_back(void **state)
{
    edai_inbox inbox;

    (void)state;
    edai_inbox_init(&inbox);
    assert_true(edai_inbox_park(&inbox, &port));
    edai_inbox_unpark(&inbox);
    assert_true(edai_inbox_is_empty(&inbox));
    assert_true(edai_inbox_park(&inbox, &port));
    assert_null(edai_inbox_take(&inbox, &port)); /* taking finds only the mark, and removes it */
    assert_false(edai_inbox_is_parked(&inbox));
}

typedef struct shared_inbox {
    edai_inbox inbox;
    edai_parker parker;
} shared_inbox;

typedef struct pusher {
    shared_inbox *to;
    edai_envelope envelopes[EACH];
} pusher;

static void *push_all(void *arg)
{
    pusher *self = arg;
    edai_chain chain = {.newest = NULL};
    size_t i;

    for (i = 0; i < EACH; i++) {
        self->envelopes[i].identity = i;
        edai_chain_add(&chain, &self->envelopes[i]);
        if (i % 7 == 0 || i + 1 == EACH) { /* chains of different lengths */
            if (edai_inbox_push(&self->to->inbox, &chain, &port)) {
                edai_parker_wake(&self->to->parker);
            }
        }
    }
    return NULL;
}

/* If a wake-up were lost the owner would sleep for ever. */
static void envelopes_of_threads_arrive_once_each_and_in_order(void **state)
{
    static pusher pushers[PUSHERS];
    static shared_inbox to;
    edai_thread threads[PUSHERS];
    uint64_t expected[PUSHERS] = {0};
    size_t left = (size_t)PUSHERS * EACH;
    uint16_t i;
    size_t at;

    (void)state;
    edai_inbox_init(&to.inbox);
    edai_parker_init(&to.parker);
    for (i = 0; i < PUSHERS; i++) {
        pushers[i].to = &to;
        for (at = 0; at < EACH; at++) {
            pushers[i].envelopes[at].publisher = i;
        }
        assert_int_equal(edai_thread_start(&threads[i], push_all, &pushers[i], "pusher"), EDA_OK);
    }
    while (left > 0) {
        edai_envelope *taken = edai_inbox_take(&to.inbox, &port);

        for (; taken != NULL; taken = taken->next, left--) {
            assert_int_equal(taken->identity, expected[taken->publisher]++);
        }
        if (left > 0 && edai_inbox_park(&to.inbox, &port)) {
            (void)edai_parker_park(&to.parker, INT64_MAX);
            edai_inbox_unpark(&to.inbox);
        }
    }
    for (i = 0; i < PUSHERS; i++) {
        assert_int_equal(edai_thread_join(&threads[i]), EDA_OK);
    }
    assert_int_equal(edai_inbox_pending(&to.inbox), 0);
    edai_parker_fini(&to.parker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_from_empty_gives_nothing),
        cmocka_unit_test(take_gives_chains_oldest_first),
        cmocka_unit_test(park_with_something_there_is_refused),
        cmocka_unit_test(push_to_a_parked_owner_says_so_once),
        cmocka_unit_test(unpark_takes_the_mark_back),
        cmocka_unit_test(envelopes_of_threads_arrive_once_each_and_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
