/* waitgraph_test.c - circles of actors that wait for each other are found and named; what is no
 * circle is left alone.
 *
 * A path says who asks whom: each letter is the next node to be asked, a capital one by a request
 * that interleaves; '.' waits for the gate, and the end of a path replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <ctype.h>
#include <string.h>

EDA_RECORD(asking_value, (uint32_t, n));
EDA_REQUEST(asking_hop, asking_value, "asking/hop/{name}", (eda_str, name), (eda_str, path));
EDA_REQUEST(asking_slip, asking_value, "asking/slip/{name}", (eda_str, name), (eda_str, path));
EDA_MESSAGE(asking_go, "asking/go/{name}", (eda_str, name), (eda_str, path));
EDA_MESSAGE(asking_side, "asking/side/{name}", (eda_str, name), (eda_str, path));
EDA_MESSAGE(asking_tick, "asking/tick", (uint32_t, n));
EDA_MESSAGE(asking_ping_ball, "asking/ping", .overflow = EDA_WAIT, (uint32_t, depth));
EDA_MESSAGE(asking_pong_ball, "asking/pong", .overflow = EDA_WAIT, (uint32_t, depth));
EDA_REQUEST(asking_self_get, asking_value, "asking/self/get", (uint32_t, n));
EDA_MESSAGE(asking_self_go, "asking/self/go", (uint32_t, n));

/* Several looks for circles are made in that time, and one has to follow the other. */
#define A_WHILE EDA_MS(80)

/* --- nodes -------------------------------------------------------------------------------- */

typedef struct asking_node {
    uint32_t unused;
} asking_node;

static eda_status follow(eda_ctx *ctx, eda_str path)
{
    const asking_value *value = NULL;
    char letter;
    eda_str name = {.ptr = &letter, .len = 1};
    eda_str rest;

    if (path.len == 0) {
        return EDA_OK;
    }
    rest = (eda_str){.ptr = path.ptr + 1, .len = path.len - 1};
    if (path.ptr[0] == '.') {
        EDA_TRY(eda_blocking(ctx, asking_gate_wait, asking_the_gate));
        return follow(ctx, rest);
    }
    letter = (char)tolower((unsigned char)path.ptr[0]);
    if (letter == path.ptr[0]) {
        return eda_ask(ctx, EDA_ASK(asking_hop, &value, .name = name, .path = rest), EDA_FOREVER);
    }
    return eda_ask(ctx, EDA_ASK(asking_slip, &value, .name = name, .path = rest), EDA_FOREVER);
}

static eda_status node_hop(
    asking_node *self, const asking_hop *hop, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    (void)reply;
    return follow(ctx, hop->path);
}

static eda_status node_slip(
    asking_node *self, const asking_slip *slip, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    (void)reply;
    return follow(ctx, slip->path);
}

static eda_status set_off(eda_ctx *ctx, eda_str name, eda_str path)
{
    eda_status status = follow(ctx, path);

    asking_note("%.*s:%s", EDA_STR_ARG(name), eda_status_name(status));
    if (status != EDA_OK) {
        asking_note("<%.*s>", EDA_STR_ARG(eda_error(ctx)));
    }
    return status;
}

static eda_status node_go(asking_node *self, const asking_go *go, eda_ctx *ctx)
{
    (void)self;
    return set_off(ctx, go->name, go->path);
}

static eda_status node_side(asking_node *self, const asking_side *side, eda_ctx *ctx)
{
    (void)self;
    return set_off(ctx, side->name, side->path);
}

EDA_ACTOR(asking_node, eda_none, key(name), emits(asking_hop, asking_slip), answers(asking_hop, node_hop),
    answers(asking_slip, node_slip, interleaves), on(asking_go, node_go),
    on(asking_side, node_side, interleaves));

typedef struct asking_clock {
    uint32_t unused;
} asking_clock;

static void clock_tick(asking_clock *self, const asking_tick *tick)
{
    (void)self;
    asking_note("tick%u", tick->n);
}

EDA_ACTOR(asking_clock, eda_none, on(asking_tick, clock_tick));

/* --- two who flood each other ------------------------------------------------------------- */

typedef struct asking_ping {
    uint32_t count;
} asking_ping;

static eda_status ping_ball(asking_ping *self, const asking_ping_ball *ball, eda_ctx *ctx)
{
    uint32_t i;

    self->count++;
    for (i = 0; i < 3 && ball->depth > 0; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(asking_pong_ball, .depth = ball->depth - 1), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(asking_ping, eda_none, options(.mailbox_len_max = 2), emits(asking_pong_ball),
    on(asking_ping_ball, ping_ball));

typedef struct asking_pong {
    uint32_t count;
} asking_pong;

static eda_status pong_ball(asking_pong *self, const asking_pong_ball *ball, eda_ctx *ctx)
{
    uint32_t i;

    self->count++;
    for (i = 0; i < 3 && ball->depth > 0; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(asking_ping_ball, .depth = ball->depth - 1), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(asking_pong, eda_none, options(.mailbox_len_max = 2), emits(asking_ping_ball),
    on(asking_pong_ball, pong_ball));

/* --- one who asks itself while it starts -------------------------------------------------- */

typedef struct asking_self {
    uint32_t unused;
} asking_self;

static eda_status self_start(asking_self *self, const eda_none *deps, eda_ctx *ctx)
{
    const asking_value *value = NULL;
    eda_status status = eda_ask(ctx, EDA_ASK(asking_self_get, &value, .n = 1), EDA_FOREVER);

    (void)self;
    (void)deps;
    asking_note("start:%s", eda_status_name(status));
    return EDA_OK;
}

static void self_get(asking_self *self, const asking_self_get *get, asking_value *reply)
{
    (void)self;
    reply->n = get->n;
}

static void self_go(asking_self *self, const asking_self_go *go)
{
    (void)self;
    asking_note("go%u", go->n);
}

EDA_ACTOR(asking_self, eda_none, emits(asking_self_get), start(self_start), on(asking_self_go, self_go),
    answers(asking_self_get, self_get, interleaves));

static const eda_actor *const everybody[] = {&eda_actor_asking_node, &eda_actor_asking_clock,
    &eda_actor_asking_ping, &eda_actor_asking_pong, &eda_actor_asking_self, NULL};

static const eda_options kinds[] = {
    {.pumped = true}, {.workers = 1}, {.workers = 2}, {.workers = 8}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void go(eda_system *sys, const char *name, const char *path)
{
    assert_int_equal(
        eda_publish(eda_system_client(sys),
            EDA_MSG(asking_go, .name = eda_str_from(name), .path = eda_str_from(path)), NULL),
        EDA_OK);
}

static void side(eda_system *sys, const char *name, const char *path)
{
    assert_int_equal(
        eda_publish(eda_system_client(sys),
            EDA_MSG(asking_side, .name = eda_str_from(name), .path = eda_str_from(path)), NULL),
        EDA_OK);
}

/* Whoever of `names` tells of it: all are in it. */
static void assert_names(const char *text, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strstr(text, *names) == NULL) {
            fail_msg("%s is not named: %s", *names, text);
        }
    }
}

/* A pumped system, in which a while has passed. */
static eda_system *start_for_a_while(void)
{
    eda_system *sys = asking_start(NULL, everybody);

    assert_int_equal(
        eda_publish_after(eda_system_client(sys), EDA_MSG(asking_tick, .n = 1), A_WHILE), EDA_OK);
    return sys;
}

static void assert_no_circle_after_a_while(eda_system *sys, uint32_t good)
{
    asking_pump_until(sys, "tick1", 1);
    if (strstr(asking_notes(), "EDA_EDEADLOCK") != NULL) {
        fail_msg("no circle: %s", asking_notes());
    }
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_false(asking_logged("wait for each other"));
    asking_assert_counts(sys, "asking_go", .accepted = good, .handled = good);
    asking_end(sys);
}

/* --- circles ------------------------------------------------------------------------------ */

static void circle_of_one_fails_at_once(void **state)
{
    static const char *const names[] = {"asking_node", NULL};
    uint32_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        eda_system *sys = asking_start(&kinds[i], everybody);

        go(sys, "a", "a");
        asking_settle(sys);
        assert_int_equal(asking_noted("a:EDA_EDEADLOCK"), 1);
        assert_names(asking_notes(), names);
        asking_end(sys);
    }
}

static void circle_of_one_who_starts_is_found(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    assert_int_equal(
        eda_publish(eda_system_client(sys), EDA_MSG(asking_self_go, .n = 1), NULL), EDA_OK);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "start:EDA_EDEADLOCK go1");
    asking_end(sys);
}

static void circle_of_two_names_both(void **state)
{
    static const char *const names[] = {"asking_node[a]", "asking_node[b]", " -> ", NULL};
    uint32_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        eda_system *sys = asking_start(&kinds[i], everybody);

        go(sys, "a", "ba");
        asking_settle(sys);
        assert_int_equal(asking_noted("a:EDA_EDEADLOCK"), 1);
        assert_names(asking_notes(), names);
        assert_names(eda_system_error(sys), names);
        assert_true(asking_logged("actors wait for each other"));
        asking_end(sys);
    }
}

static void circle_of_three_names_all(void **state)
{
    static const char *const names[] = {"asking_node[a]", "asking_node[b]", "asking_node[c]", NULL};
    uint32_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        eda_system *sys = asking_start(&kinds[i], everybody);

        go(sys, "x", "abca"); /* x only waits for it */
        asking_settle(sys);
        assert_int_equal(asking_noted("x:EDA_EDEADLOCK"), 1);
        assert_names(asking_notes(), names);
        assert_null(strstr(eda_system_error(sys), "asking_node[x]"));
        asking_end(sys);
    }
}

/* Both have another turn open that waits for something else: the circle is through one turn of
 * each. */
static void circle_through_one_of_several_turns_is_found(void **state)
{
    static const char *const names[] = {"asking_node[a]", "asking_node[b]", NULL};
    uint32_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        eda_system *sys = asking_start(&kinds[i], everybody);
        asking_gate *mine = asking_gate_new();

        asking_the_gate = mine;
        side(sys, "a", "x.");
        side(sys, "b", "y.");
        side(sys, "a", "Ba"); /* handled by b at once; the way back must wait for a's open turns */
        while (asking_noted("a:EDA_EDEADLOCK") == 0) {
            (void)!eda_wait_idle(sys, 5);
        }
        assert_names(asking_notes(), names);
        asking_gate_open(mine);
        asking_settle(sys);
        asking_assert_counts(sys, "asking_side", .accepted = 3, .handled = 2, .failed = 1);
        asking_end(sys);
        asking_gate_free(mine);
    }
}

static void circles_are_found_one_after_the_other(void **state)
{
    uint32_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        eda_system *sys = asking_start(&kinds[i], everybody);

        go(sys, "a", "ba");
        go(sys, "c", "dc");
        go(sys, "e", "fge");
        asking_settle(sys);
        assert_int_equal(asking_noted("a:EDA_EDEADLOCK") + asking_noted("c:EDA_EDEADLOCK") +
                             asking_noted("e:EDA_EDEADLOCK"),
            3);
        asking_end(sys);
    }
}

/* --- what is no circle -------------------------------------------------------------------- */

static void chain_that_is_long_is_left_alone(void **state)
{
    eda_system *sys = start_for_a_while();

    (void)state;
    go(sys, "a", "bcdefghijklmnopqrstuvw.");
    go(sys, "x", "bc"); /* and those who wait for its links */
    go(sys, "y", "xw");
    assert_no_circle_after_a_while(sys, 3);
}

/* The way back is by a request that interleaves: it is being handled, slowly. */
static void way_back_that_interleaves_is_no_circle(void **state)
{
    eda_system *sys = start_for_a_while();

    (void)state;
    go(sys, "a", "bA.");
    go(sys, "c", "dCDC.");
    assert_no_circle_after_a_while(sys, 2);
}

/* b waits for one turn of a, which is going to end; another turn of a waits for b. */
static void turns_of_one_activation_wait_each_for_its_own(void **state)
{
    eda_system *sys = start_for_a_while();

    (void)state;
    go(sys, "b", "a.");
    (void)eda_system_step(sys, 0, NULL);
    side(sys, "a", "b");
    assert_no_circle_after_a_while(sys, 1);
}

static void circle_that_a_deadline_breaks_leaves_nothing(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    const asking_value *value = NULL;

    (void)state;
    assert_int_equal(
        eda_ask(eda_system_client(sys),
            EDA_ASK(asking_hop, &value, .name = EDA_STR("a"), .path = EDA_STR("ba")), 1),
        EDA_ETIMEOUT);
    asking_settle(sys);
    asking_end(sys);
}

static void circle_is_ended_by_stop(void **state)
{
    const eda_options options[] = {{.pumped = true, .drain_ms = 1}, {.workers = 8, .drain_ms = 1}};
    uint32_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        eda_system *sys = asking_start(&options[i], everybody);

        go(sys, "a", "ba");
        go(sys, "c", "dec");
        asking_end(sys);
    }
}

/* --- full mailboxes ----------------------------------------------------------------------- */

static void flood_of_two_names_both_and_goes_on(void **state)
{
    static const char *const names[] = {"asking_ping", "asking_pong", NULL};
    uint32_t i;

    (void)state;
    for (i = 0; i < KINDS; i++) {
        eda_system *sys = asking_start(&kinds[i], everybody);

        assert_int_equal(
            eda_publish(eda_system_client(sys), EDA_MSG(asking_ping_ball, .depth = 6), NULL),
            EDA_OK);
        asking_settle(sys);
        assert_names(eda_system_error(sys), names);
        assert_true(eda_system_counts(sys, "asking_ping_ball", NULL).shed +
                        eda_system_counts(sys, "asking_pong_ball", NULL).shed >
                    0);
        asking_end(sys);
    }
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, asking_make_gate, asking_free_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circle_of_one_fails_at_once),
        cmocka_unit_test(circle_of_one_who_starts_is_found),
        cmocka_unit_test(circle_of_two_names_both),
        cmocka_unit_test(circle_of_three_names_all),
        cmocka_unit_test(circle_through_one_of_several_turns_is_found),
        cmocka_unit_test(circles_are_found_one_after_the_other),
        GATED(chain_that_is_long_is_left_alone),
        GATED(way_back_that_interleaves_is_no_circle),
        GATED(turns_of_one_activation_wait_each_for_its_own),
        cmocka_unit_test(circle_that_a_deadline_breaks_leaves_nothing),
        cmocka_unit_test(circle_is_ended_by_stop),
        cmocka_unit_test(flood_of_two_names_both_and_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
