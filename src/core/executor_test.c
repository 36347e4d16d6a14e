/* executor_test.c - the pump: steps, their bounds, the descriptor, blocked clients; and worker
 * threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/thread.h"
#include "delivery.h"

EDA_MESSAGE(tick_one, "tick/one", (uint32_t, n));
EDA_MESSAGE(tick_key, "tick/{key}", (uint32_t, key));
EDA_MESSAGE(ball, "ball/{player}", (uint32_t, player));
EDA_MESSAGE(kick_off, "kick/off");
EDA_RECORD(block_result, (uint64_t, thread_count));
EDA_REQUEST(block_please, block_result, "block/please");

typedef struct ticker {
    uint32_t count;
} ticker;

static void tick(ticker *self, const tick_one *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(ticker, eda_none, on(tick_one, tick));

typedef struct keyed_ticker {
    uint32_t count;
} keyed_ticker;

static void tick_keyed(keyed_ticker *self, const tick_key *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(keyed_ticker, eda_none, key(key), on(tick_key, tick_keyed));

/* Two of them never stop. */
typedef struct player {
    uint64_t count;
} player;

static eda_status play(player *self, const ball *message, eda_ctx *ctx)
{
    self->count++;
    return eda_publish(ctx, EDA_MSG(ball, .player = 1 - message->player), NULL);
}

EDA_ACTOR(player, eda_none, key(player), emits(ball), on(ball, play));

/* Neither does this one, in a single turn. */
typedef struct sleeper {
    uint64_t count;
} sleeper;

static eda_status sleep_for_ever(sleeper *self, const kick_off *message, eda_ctx *ctx)
{
    (void)message;
    for (;;) {
        self->count++;
        EDA_TRY(eda_sleep(ctx, 0));
    }
}

EDA_ACTOR(sleeper, eda_none, on(kick_off, sleep_for_ever));

typedef struct blocker {
    uint64_t count;
} blocker;

static void block_a_thread(void *arg)
{
    atomic_fetch_add((atomic_uint *)arg, 1);
}

static eda_status block_on(
    blocker *self, const block_please *message, block_result *ret_result, eda_ctx *ctx)
{
    static atomic_uint blocked;

    (void)message;
    EDA_TRY(eda_blocking(ctx, block_a_thread, &blocked));
    self->count++;
    ret_result->thread_count = atomic_load(&blocked);
    return EDA_OK;
}

EDA_ACTOR(blocker, eda_none, answers(block_please, block_on));

static bool is_readable(eda_system *sys)
{
    struct pollfd at = {.fd = eda_system_fd(sys), .events = POLLIN};

    return poll(&at, 1, 0) == 1;
}

static void step_without_work_runs_nothing(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_ticker));
    uint32_t wait_ms = 5;

    (void)state;
    assert_int_equal(eda_system_step(sys, 0, &wait_ms), 0);
    assert_int_equal(wait_ms, EDA_FOREVER);
    assert_int_equal(eda_system_step(sys, 3, NULL), 0);
    assert_false(is_readable(sys));
    eda_system_stop(sys);
    assert_int_equal(eda_system_step(sys, 0, &wait_ms), 0); /* even now */
    assert_int_equal(wait_ms, EDA_FOREVER);
    eda_system_free(sys);
}

static void step_runs_at_most_so_many_turns_of_one(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_ticker));
    uint32_t left = 100;
    uint32_t wait_ms = 5;
    uint32_t most;
    uint32_t i;

    (void)state;
    for (i = 0; i < left; i++) {
        delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(tick_one, .n = i), NULL));
    }
    for (most = 1; left > most; most++) {
        assert_true(is_readable(sys));
        assert_int_equal(eda_system_step(sys, most, &wait_ms), most);
        assert_int_equal(wait_ms, 0);
        left -= most;
    }
    assert_true(is_readable(sys));
    assert_int_equal(eda_system_step(sys, 0, NULL), left);
    assert_false(is_readable(sys));
    delivery_end(sys);
}

static void step_runs_at_most_so_many_turns_of_many(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_keyed_ticker));
    uint32_t left = 1000;
    uint32_t most;
    uint32_t i;

    (void)state;
    for (i = 0; i < left; i++) {
        delivery_assert_ok(
            eda_publish(eda_system_client(sys), EDA_MSG(tick_key, .key = i % 300), NULL));
    }
    for (most = 1; left > most; most++) {
        assert_int_equal(eda_system_step(sys, most, NULL), most);
        assert_true(is_readable(sys));
        left -= most;
    }
    assert_int_equal(delivery_pump(sys), left);
    delivery_assert_counts(sys, NULL, NULL, .handled = 1000);
    delivery_end(sys);
}

static void descriptor_is_readable_from_a_publish_on(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_ticker));
    struct pollfd at = {.fd = eda_system_fd(sys), .events = POLLIN};

    (void)state;
    assert_true(at.fd >= 0);
    (void)delivery_pump(sys);
    assert_false(is_readable(sys));
    delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(tick_one, .n = 1), NULL));
    assert_int_equal(poll(&at, 1, -1), 1);
    (void)delivery_pump(sys);
    assert_false(is_readable(sys));
    delivery_end(sys);
}

/* --- from other threads ------------------------------------------------------------------- */

typedef struct outsider {
    eda_system *sys;
    uint32_t count;
    eda_status status;
} outsider;

static void *publish_from_outside(void *arg)
{
    outsider *self = arg;
    eda_ctx *client = NULL;
    uint32_t i;

    self->status = eda_client_new(self->sys, &client);
    for (i = 0; i < self->count && self->status == EDA_OK; i++) {
        self->status = eda_publish(client, EDA_MSG(tick_one, .n = i), NULL);
    }
    eda_client_free(client);
    return NULL;
}

static void publishes_of_another_thread_make_the_descriptor_readable(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_ticker));
    struct pollfd at = {.fd = eda_system_fd(sys), .events = POLLIN};
    outsider outside = {.sys = sys, .count = 1000};
    edai_thread thread;
    uint32_t turns = 0;

    (void)state;
    assert_int_equal(edai_thread_start(&thread, publish_from_outside, &outside, "outside"), EDA_OK);
    while (turns < 1000) { /* if a wake-up were lost this would wait for ever */
        assert_int_equal(poll(&at, 1, -1), 1);
        turns += eda_system_step(sys, 7, NULL);
    }
    assert_int_equal(edai_thread_join(&thread), EDA_OK);
    delivery_assert_status(outside.status, EDA_OK);
    delivery_settle(sys);
    delivery_assert_counts(sys, "tick_one", NULL, .handled = 1000);
    delivery_end(sys);
}

static void idle_wait_pumps_what_another_thread_publishes(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_ticker));
    outsider outside = {.sys = sys, .count = 1000};
    edai_thread thread;

    (void)state;
    assert_int_equal(edai_thread_start(&thread, publish_from_outside, &outside, "outside"), EDA_OK);
    while (eda_system_counts(sys, NULL, NULL).handled < 1000) {
        delivery_assert_ok(eda_wait_idle(sys, 60000));
    }
    assert_int_equal(edai_thread_join(&thread), EDA_OK);
    delivery_end(sys);
}

/* --- blocked clients ---------------------------------------------------------------------- */

static void client_gets_its_answer_though_others_never_stop(void **state)
{
    eda_system *sys = delivery_start(
        NULL, DELIVERY_ACTORS(&eda_actor_ticker, &eda_actor_player, &eda_actor_sleeper));
    eda_ctx *client = eda_system_client(sys);
    eda_counts counts;

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(ball, .player = 0), NULL));
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(tick_one, .n = 1), 60000));
    delivery_assert_ok(eda_publish(client, EDA_MSG(kick_off), NULL));
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(tick_one, .n = 2), 60000));
    delivery_assert_status(eda_wait_idle(sys, 1), EDA_ETIMEOUT); /* it never is */
    assert_true(is_readable(sys));
    counts = delivery_stop(sys);
    assert_int_equal(counts.stopped, 2); /* the ball in the air, and the sleeper's turn */
    eda_system_free(sys);
}

static void blocking_calls_resume_a_pumped_turn(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_blocker));
    const block_result *result = NULL;
    uint32_t i;

    (void)state;
    for (i = 0; i < 20; i++) {
        delivery_assert_ok(eda_ask(eda_system_client(sys), EDA_ASK(block_please, &result), 60000));
    }
    assert_int_equal(result->thread_count, 20);
    delivery_settle(sys);
    delivery_end(sys);
}

/* --- worker threads ----------------------------------------------------------------------- */

static void threads_have_no_descriptor(void **state)
{
    const eda_options options = {.workers = 2};
    eda_system *sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_ticker));

    (void)state;
    assert_int_equal(eda_system_fd(sys), -1);
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(tick_one, .n = 1), 60000));
    delivery_settle(sys);
    delivery_end(sys);
}

/* --- the watcher -------------------------------------------------------------------------- */

EDA_MESSAGE(linger, "linger");

static atomic_bool was_told;

static void told(void *arg, eda_str line)
{
    static const char expected[] = "lingerer";
    size_t i;

    (void)arg;
    for (i = 0; i + sizeof(expected) - 1 <= line.len; i++) {
        if (eda_str_equal((eda_str){line.ptr + i, sizeof(expected) - 1}, EDA_STR("lingerer"))) {
            atomic_store(&was_told, true);
        }
    }
}

typedef struct lingerer {
    uint32_t count;
} lingerer;

/* Until the watcher has spoken. */
static void linger_on(lingerer *self, const linger *message)
{
    (void)message;
    self->count++;
    while (!atomic_load(&was_told)) {
    }
}

EDA_ACTOR(lingerer, eda_none, on(linger, linger_on));

static void slow_turn_is_told_while_it_runs(void **state)
{
    const eda_options options = {.workers = 1, .slow_turn_ms = 1, .log = told};
    eda_system *sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_lingerer));

    (void)state;
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(linger), 60000));
    delivery_end(sys);
}

/* Then nothing watches, and nothing else is amiss. */
static void system_without_descriptors_runs(void **state)
{
    struct rlimit before;
    struct rlimit none;
    const eda_options options = {.workers = 2};
    eda_system *sys;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_ticker));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(tick_one, .n = 1), 60000));
    delivery_settle(sys);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_without_work_runs_nothing),
        cmocka_unit_test(step_runs_at_most_so_many_turns_of_one),
        cmocka_unit_test(step_runs_at_most_so_many_turns_of_many),
        cmocka_unit_test(descriptor_is_readable_from_a_publish_on),
        cmocka_unit_test(publishes_of_another_thread_make_the_descriptor_readable),
        cmocka_unit_test(idle_wait_pumps_what_another_thread_publishes),
        cmocka_unit_test(client_gets_its_answer_though_others_never_stop),
        cmocka_unit_test(blocking_calls_resume_a_pumped_turn),
        cmocka_unit_test(threads_have_no_descriptor),
        cmocka_unit_test(slow_turn_is_told_while_it_runs),
        cmocka_unit_test(system_without_descriptors_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
