/* view_test.c - tables of what is heard, and of what the view makes of it. */
#include "view/view.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ME "me/0000000000000001"
#define LOG_SIZE 2048

typedef enum op {
    END = 0,
    TOKEN,
    UNTOKEN,
    HELLO,     /* `number`: hash of its catalogue */
    PONG,      /* the same */
    LEAVING,   /* a hello that says so */
    CATALOGUE, /* `number`: its hash; it hosts "door" */
    UNSERVED,
    PASS /* time passes, tick after tick, up to then */
} op;

/* What is told, by the view, in that step: "b1" is the node b with the incarnation 1. */
typedef struct entry {
    int at_ms;
    op op;
    const char *who;
    uint64_t number;
    const char *told;
} entry;

typedef struct witness {
    edai_view *view;
    int64_t now;
    char log[LOG_SIZE];
    size_t len;
} witness;

static void put(witness *self, const char *text, const char *id)
{
    size_t len = strlen(id);
    int node_len = (int)(len - EDAI_WIRE_INC_LEN - 1);

    assert_true(self->len < LOG_SIZE);
    self->len += (size_t)snprintf(self->log + self->len, LOG_SIZE - self->len, "%s%s%.*s%c",
        self->len > 0 ? ", " : "", text, node_len, id, id[len - 1]);
}

static void on_ping(void *arg, const edai_member *member)
{
    put(arg, "ping ", member->id);
}

static void on_catalogue(void *arg, const edai_member *member)
{
    put(arg, "ask ", member->id);
}

static void on_changed(void *arg, const edai_member *member, edai_member_state before)
{
    static const char *const names[] = {
        [EDAI_JOINING] = "found ",
        [EDAI_USABLE] = "usable ",
        [EDAI_SUSPECT] = "suspect ",
        [EDAI_LEAVING] = "leaving ",
        [EDAI_GONE] = "dead ",
    };
    const witness *self = arg;

    assert_int_not_equal(member->state, before);
    assert_int_equal(before == 0, member->state == EDAI_JOINING);
    assert_int_equal(
        edai_view_find(self->view, eda_str_from(member->id)) == NULL, member->state == EDAI_GONE);
    put(arg, names[member->state], member->id);
}

static void on_placed(void *arg)
{
    witness *self = arg;

    self->len += (size_t)snprintf(
        self->log + self->len, LOG_SIZE - self->len, "%splaced", self->len > 0 ? ", " : "");
}

static void begin(witness *self)
{
    edai_view_events events = {.arg = self,
        .ping = on_ping,
        .catalogue = on_catalogue,
        .changed = on_changed,
        .placed = on_placed};

    *self = (witness){0};
    assert_int_equal(edai_view_new(EDA_STR(ME), &events, &self->view), EDA_OK);
}

/* "b1" as an id. */
static const char *id_of(const char *who, char id[EDAI_WIRE_NODE_LEN_MAX])
{
    size_t len = strlen(who) - 1;

    (void)snprintf(id, EDAI_WIRE_NODE_LEN_MAX, "%.*s/000000000000000%c", (int)len, who, who[len]);
    return id;
}

static edai_hello hello_of(const char *id)
{
    const char *slash = strchr(id, '/');

    assert_non_null(slash);
    return (edai_hello){.node = {id, (size_t)(slash - id)}, .inc = eda_str_from(slash + 1)};
}

static eda_status hear(witness *self, const entry *step)
{
    char buffer[EDAI_WIRE_NODE_LEN_MAX];
    eda_str id = eda_str_from(id_of(step->who, buffer));
    edai_hello hello = hello_of(id.ptr);
    eda_str door = EDA_STR("door");

    hello.actors = step->number;
    hello.is_leaving = step->op == LEAVING;
    if (step->op == TOKEN || step->op == UNTOKEN) {
        return edai_view_token(self->view, id, step->op == TOKEN, self->now);
    }
    if (step->op == CATALOGUE) {
        return edai_view_catalogued(self->view, id, step->number, &door, 1);
    }
    if (step->op == UNSERVED) {
        edai_view_unserved(self->view, id, self->now);
        return EDA_OK;
    }
    return step->op == PONG ? edai_view_pong(self->view, &hello, self->now)
                            : edai_view_hello(self->view, &hello, self->now);
}

/* Ticks whenever the view asked for it. */
static void pass(witness *self, int64_t until)
{
    for (int64_t due; (due = edai_view_tick(self->view, self->now)) <= until;) {
        assert_true(due > self->now);
        self->now = due;
    }
    self->now = until;
}

static void play(witness *self, const entry *steps)
{
    for (const entry *step = steps; step->op != END; step++) {
        self->len = 0;
        self->log[0] = '\0';
        eda_status status = EDA_OK;
        if (step->op == PASS) {
            pass(self, EDA_MS(step->at_ms));
        } else {
            self->now = EDA_MS(step->at_ms);
            status = hear(self, step);
        }
        if (status != EDA_OK) {
            (void)snprintf(self->log, sizeof self->log, "%s", eda_status_name(status));
        }
        if (strcmp(self->log, step->told) != 0) {
            fail_msg("step %zu at %d ms told \"%s\", not \"%s\"", (size_t)(step - steps) + 1,
                step->at_ms, self->log, step->told);
        }
    }
}

static void play_alone(const entry *steps)
{
    witness fixture;

    begin(&fixture);
    play(&fixture, steps);
    edai_view_free(fixture.view);
}

#define PLAY(...) play_alone((const entry[]){__VA_ARGS__, {0}})
/* b1 is usable from 2 ms on, last heard at 1 ms. */
#define JOIN_B1                                                                                    \
    {0, TOKEN, "b1", 0, "found b1, ping b1"}, {1, PONG, "b1", 7, "ask b1"},                        \
    {                                                                                              \
        2, CATALOGUE, "b1", 7, "usable b1, placed"                                                 \
    }

static void view_token_then_ping_then_catalogue_makes_usable(void **state)
{
    (void)state;
    PLAY({0, TOKEN, "b1", 0, "found b1, ping b1"}, {100, PONG, "b1", 7, "ask b1"},
        {200, CATALOGUE, "b1", 7, "usable b1, placed"}, {300, TOKEN, "b1", 0, ""},
        {400, HELLO, "b1", 7, ""}, {1899, PASS, NULL, 0, ""});
}

static void view_catalogue_before_ping_makes_usable_too(void **state)
{
    (void)state;
    PLAY({0, HELLO, "b1", 7, "found b1, ping b1, ask b1"}, {100, CATALOGUE, "b1", 7, ""},
        {200, PONG, "b1", 7, "usable b1, placed"});
}

static void view_token_without_hello_is_pinged_and_kept(void **state)
{
    (void)state;
    PLAY({0, TOKEN, "b1", 0, "found b1, ping b1"}, {200, PASS, NULL, 0, ""},
        {1000, PASS, NULL, 0, "ping b1, ping b1, ping b1, ping b1"},
        {1200, PONG, "b1", 7, "ask b1"});
}

static void view_found_whose_token_goes_is_forgotten_and_found_again(void **state)
{
    (void)state;
    PLAY({0, TOKEN, "b1", 0, "found b1, ping b1"}, {100, UNTOKEN, "b1", 0, "ping b1"},
        {1100, PASS, NULL, 0, "ping b1, ping b1, ping b1, dead b1"},
        {2000, TOKEN, "b1", 0, "found b1, ping b1"});
}

static void view_hellos_alone_keep_alive(void **state)
{
    (void)state;
    PLAY({0, HELLO, "b1", 7, "found b1, ping b1, ask b1"}, {1, PONG, "b1", 7, ""},
        {2, CATALOGUE, "b1", 7, "usable b1, placed"}, {1500, PASS, NULL, 0, ""},
        {1500, HELLO, "b1", 7, ""}, {2999, PASS, NULL, 0, ""}, {2999, HELLO, "b1", 7, ""},
        {4498, PASS, NULL, 0, ""});
}

static void view_silence_is_suspected_pinged_then_dead(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {1500, PASS, NULL, 0, ""}, {1501, PASS, NULL, 0, "suspect b1, ping b1"},
        {2500, PASS, NULL, 0, "ping b1, ping b1, ping b1"},
        {2501, PASS, NULL, 0, "dead b1, placed"}, {5000, HELLO, "b1", 7, "EDA_ESTALE"},
        {5000, TOKEN, "b1", 7, "EDA_ESTALE"}, {5000, PONG, "b1", 7, "EDA_ESTALE"},
        {5000, CATALOGUE, "b1", 7, "EDA_ENOENT"}, {9000, PASS, NULL, 0, ""});
}

static void view_suspect_that_answers_is_usable_again(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {1501, PASS, NULL, 0, "suspect b1, ping b1"}, {2000, PONG, "b1", 7, "usable b1"},
        {3499, PASS, NULL, 0, ""});
}

static void view_told_to_wait_longer_suspects_later(void **state)
{
    witness fixture;

    (void)state;
    begin(&fixture);
    edai_view_suspect_after(fixture.view, 2000);
    play(&fixture, (const entry[]){JOIN_B1, {2000, PASS, NULL, 0, ""},
                       {2001, PASS, NULL, 0, "suspect b1, ping b1"}, {0}});
    edai_view_free(fixture.view);
}

static void view_silent_suspect_that_says_hello_is_usable_again(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {1501, PASS, NULL, 0, "suspect b1, ping b1"}, {1502, HELLO, "b1", 7, "usable b1"},
        {1800, PASS, NULL, 0, "ping b1"}, {1801, PONG, "b1", 7, ""}, {3300, PASS, NULL, 0, ""});
}

static void view_token_gone_is_suspected_pinged_then_dead(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {100, UNTOKEN, "b1", 0, "suspect b1, ping b1"},
        {101, HELLO, "b1", 7, ""}, /* was on its way */
        {1099, PASS, NULL, 0, "ping b1, ping b1, ping b1"},
        {1100, PASS, NULL, 0, "dead b1, placed"}, {1200, UNTOKEN, "b1", 0, ""});
}

static void view_token_gone_but_alive_lives_on(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {100, UNTOKEN, "b1", 0, "suspect b1, ping b1"}, {200, PONG, "b1", 7, "usable b1"},
        {300, UNTOKEN, "b1", 0, ""}, {1500, HELLO, "b1", 7, ""}, {2999, PASS, NULL, 0, ""},
        {3000, TOKEN, "b1", 0, ""});
    PLAY(JOIN_B1, {100, UNTOKEN, "b1", 0, "suspect b1, ping b1"},
        {350, HELLO, "b1", 7, "usable b1"}); /* too late to have been on its way */
}

static void view_unserved_pings_of_one_without_token_are_its_death(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {10, UNSERVED, "b1", 0, ""}, {11, UNSERVED, "b1", 0, ""},
        {100, UNTOKEN, "b1", 0, "suspect b1, ping b1"}, {101, UNSERVED, "b1", 0, ""},
        {350, PASS, NULL, 0, "ping b1"}, {351, UNSERVED, "b1", 0, "dead b1, placed"},
        {352, UNSERVED, "b1", 0, ""});
    PLAY(JOIN_B1, {1501, PASS, NULL, 0, "suspect b1, ping b1"}, {1502, UNSERVED, "b1", 0, ""},
        {1503, UNSERVED, "b1", 0, ""}); /* its token is still there */
}

static void view_token_of_whom_nobody_serves_pings_is_forgotten(void **state)
{
    (void)state;
    PLAY({0, TOKEN, "b1", 0, "found b1, ping b1"}, {1, UNSERVED, "b1", 0, ""},
        {2, UNSERVED, "b1", 0, ""}, {3, UNSERVED, "b1", 0, ""}, {4, UNSERVED, "b1", 0, ""},
        {5, UNSERVED, "b1", 0, ""}, {6, UNSERVED, "b1", 0, ""}, {7, UNSERVED, "b1", 0, ""},
        {8, UNSERVED, "b1", 0, "dead b1"}, {9, HELLO, "b1", 7, "found b1, ping b1, ask b1"});
}

static void view_former_incarnation_of_this_node_is_nobody(void **state)
{
    witness fixture;
    const entry steps[] = {{0, TOKEN, "me1", 0, ""}, {1, HELLO, "me1", 7, ""},
        {2, TOKEN, "me2", 0, ""}, {3, TOKEN, "me3", 0, ""}, {4, UNTOKEN, "me2", 0, ""},
        {5, TOKEN, "me4", 0, "found me4, ping me4"}, {0}}; /* somebody else of that name */

    (void)state;
    begin(&fixture);
    edai_view_rename(fixture.view, EDA_STR("me/0000000000000002"));
    edai_view_rename(fixture.view, EDA_STR("me/0000000000000003"));
    play(&fixture, steps);
    edai_view_free(fixture.view);
}

static void view_restart_under_the_same_name_ends_the_older(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {100, TOKEN, "b2", 0, "found b2, ping b2, suspect b1, ping b1"},
        {110, PONG, "b2", 7, "ask b2"}, {120, CATALOGUE, "b2", 7, "usable b2, placed"},
        {130, PONG, "b1", 7, "usable b1"}, /* both are there for a while */
        {200, UNTOKEN, "b1", 0, "suspect b1, ping b1"},
        {1200, PASS, NULL, 0, "ping b1, ping b1, ping b1, dead b1, placed"},
        {1300, HELLO, "b1", 7, "EDA_ESTALE"}, {1300, HELLO, "b2", 7, ""});
}

static void view_leaving_is_for_good(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {100, LEAVING, "b1", 7, "leaving b1, placed"}, {200, HELLO, "b1", 7, ""},
        {300, UNTOKEN, "b1", 0, "suspect b1, ping b1"}, {400, PONG, "b1", 7, "leaving b1"},
        {1900, PASS, NULL, 0, "suspect b1, ping b1"},
        {2900, PASS, NULL, 0, "ping b1, ping b1, ping b1, dead b1"});
}

static void view_changed_catalogue_is_asked_for_again(void **state)
{
    (void)state;
    PLAY(JOIN_B1, {100, HELLO, "b1", 8, "ask b1"}, {200, HELLO, "b1", 8, ""},
        {1099, PASS, NULL, 0, ""}, {1100, PASS, NULL, 0, "ask b1"}, {1200, CATALOGUE, "b1", 8, ""},
        {1300, HELLO, "b1", 8, ""}, {1400, HELLO, "b1", 9, "ask b1"});
}

static void view_catalogue_that_does_not_come_is_asked_for_again(void **state)
{
    (void)state;
    PLAY({0, TOKEN, "b1", 0, "found b1, ping b1"}, {10, PONG, "b1", 7, "ask b1"},
        {1009, PASS, NULL, 0, ""}, {1010, PASS, NULL, 0, "ask b1"},
        {1100, CATALOGUE, "b1", 7, "usable b1, placed"});
}

static void view_of_itself_and_of_nonsense_takes_nothing(void **state)
{
    (void)state;
    PLAY({0, TOKEN, "me1", 0, ""}, {0, UNTOKEN, "me1", 0, ""}, {0, PONG, "me1", 3, ""},
        {0, CATALOGUE, "me1", 3, "EDA_ENOENT"}, {0, TOKEN, "b*1", 0, "EDA_EINVAL"},
        {0, HELLO, "b*1", 0, "EDA_EINVAL"}, {0, UNTOKEN, "b1", 0, ""},
        {0, CATALOGUE, "b1", 0, "EDA_ENOENT"}, {0, UNSERVED, "b1", 0, ""},
        {9000, PASS, NULL, 0, ""});
}

/* --- beyond tables --- */

static void view_that_stood_still_gives_suspects_their_time(void **state)
{
    (void)state;
    witness fixture;

    begin(&fixture);
    play(&fixture, (const entry[]){JOIN_B1, {100, UNTOKEN, "b1", 0, "suspect b1, ping b1"}, {0}});
    int64_t due = edai_view_tick(fixture.view, EDA_MS(100));
    assert_int_equal(due, EDA_MS(350));
    /* the process was stopped for ten seconds; the answer waits to be read */
    due = edai_view_tick(fixture.view, EDA_MS(10100));
    assert_int_equal(edai_view_at(fixture.view, 1)->state, EDAI_SUSPECT);
    assert_int_equal(due, EDA_MS(10350));
    play(&fixture, (const entry[]){{10101, PONG, "b1", 7, "usable b1"}, {0}});
    edai_view_free(fixture.view);
}

static void view_counts_members_and_changes(void **state)
{
    (void)state;
    witness fixture;

    begin(&fixture);
    assert_int_equal(edai_view_usable_count(fixture.view), 0);
    assert_int_equal(edai_view_at(fixture.view, EDAI_SELF)->state, EDAI_JOINING);
    edai_view_ready(fixture.view);
    assert_int_equal(edai_view_usable_count(fixture.view), 1);
    assert_int_equal(edai_view_number(fixture.view), 1);
    play(&fixture, (const entry[]){JOIN_B1, {0}});
    assert_int_equal(edai_view_usable_count(fixture.view), 2);
    assert_int_equal(edai_view_number(fixture.view), 2);
    play(&fixture, (const entry[]){{10, UNTOKEN, "b1", 0, "suspect b1, ping b1"}, {0}});
    assert_int_equal(edai_view_usable_count(fixture.view), 2);
    assert_int_equal(edai_view_number(fixture.view), 2);
    play(&fixture, (const entry[]){{20, PONG, "b1", 7, "usable b1"},
                       {30, LEAVING, "b1", 7, "leaving b1, placed"}, {0}});
    assert_int_equal(edai_view_usable_count(fixture.view), 1);
    assert_int_equal(edai_view_number(fixture.view), 3);
    edai_view_leave(fixture.view);
    assert_int_equal(edai_view_usable_count(fixture.view), 0);
    assert_int_equal(edai_view_at(fixture.view, EDAI_SELF)->state, EDAI_LEAVING);
    assert_null(edai_view_at(fixture.view, 2));
    assert_null(edai_view_at(fixture.view, EDAI_NOBODY));
    edai_view_free(fixture.view);
}

static void on_changed_keep_dead(void *arg, const edai_member *member, edai_member_state before)
{
    (void)before;
    if (member->state == EDAI_GONE) {
        *(uint16_t *)arg = member->slot;
    }
}

static void view_slots_are_reused_only_after_death(void **state)
{
    (void)state;
    uint16_t dead = EDAI_NOBODY;
    edai_view_events events = {.arg = &dead, .changed = on_changed_keep_dead};
    edai_view *view;
    char id[EDAI_WIRE_NODE_LEN_MAX];

    assert_int_equal(edai_view_new(EDA_STR(ME), &events, &view), EDA_OK);
    for (unsigned i = 1; i < EDAI_MEMBERS_MAX; i++) {
        (void)snprintf(id, sizeof id, "n%u/%016x", i, i);
        assert_int_equal(edai_view_token(view, eda_str_from(id), true, 0), EDA_OK);
        assert_int_equal(edai_view_find(view, eda_str_from(id))->slot, i);
    }
    assert_int_equal(edai_view_token(view, EDA_STR("x/0000000000000001"), true, 0), EDA_ELIMIT);
    assert_int_equal(
        edai_view_token(view, EDA_STR("n7/0000000000000007"), false, EDA_MS(10)), EDA_OK);
    assert_int_equal(
        edai_view_token(view, EDA_STR("x/0000000000000001"), true, EDA_MS(10)), EDA_ELIMIT);
    for (int ms = 10; ms < 1010; ms += 250) { /* or it would have stood still */
        (void)edai_view_tick(view, EDA_MS(ms));
        assert_int_equal(dead, EDAI_NOBODY);
    }
    (void)edai_view_tick(view, EDA_MS(1010));
    assert_int_equal(dead, 7);
    assert_int_equal(
        edai_view_token(view, EDA_STR("x/0000000000000001"), true, EDA_MS(1300)), EDA_OK);
    assert_int_equal(edai_view_find(view, EDA_STR("x/0000000000000001"))->slot, 7);
    assert_null(edai_view_find(view, EDA_STR("n7/0000000000000007")));
    edai_view_free(view);
}

static void view_remembers_the_last_deaths_only(void **state)
{
    (void)state;
    edai_view_events events = {0};
    edai_view *view;
    char id[EDAI_WIRE_NODE_LEN_MAX];
    int64_t now = 0;

    assert_int_equal(edai_view_new(EDA_STR(ME), &events, &view), EDA_OK);
    for (unsigned i = 0; i <= EDAI_DEATHS_MAX; i++) {
        (void)snprintf(id, sizeof id, "n%u/%016x", i, i);
        edai_hello hello = hello_of(id);
        assert_int_equal(edai_view_pong(view, &hello, now), EDA_OK);
        assert_int_equal(edai_view_catalogued(view, eda_str_from(id), 0, NULL, 0), EDA_OK);
        for (int64_t due; (due = edai_view_tick(view, now)) != INT64_MAX;) {
            now = due;
        }
    }
    edai_hello last = hello_of(id);
    edai_hello second = hello_of("n1/0000000000000001");
    edai_hello first = hello_of("n0/0000000000000000");
    assert_int_equal(edai_view_hello(view, &last, now), EDA_ESTALE);
    assert_int_equal(edai_view_hello(view, &second, now), EDA_ESTALE);
    assert_int_equal(edai_view_hello(view, &first, now), EDA_OK);
    edai_view_free(view);
}

/* Everything that allocates; false: some allocation failed, and was told. */
static bool run_once(void)
{
    edai_view_events events = {0};
    edai_view *view;
    edai_wire_held held = {.actor = EDA_STR_INIT("window"), .bits = {1}};
    eda_str names[] = {EDA_STR_INIT("door"), EDA_STR_INIT("gate")};
    edai_hello hello = hello_of("b/0000000000000001");

    hello.held = &held;
    hello.held_count = 1;
    if (edai_view_new(EDA_STR(ME), &events, &view) != EDA_OK) {
        return false;
    }
    bool is_whole = edai_view_host(view, EDA_STR("door")) == EDA_OK;
    is_whole &= edai_view_place(view, EDA_STR("lamp")) != NULL;
    is_whole &= edai_view_token(view, EDA_STR("c/0000000000000001"), true, 0) == EDA_OK;
    is_whole &= edai_view_pong(view, &hello, 0) == EDA_OK;
    is_whole &= edai_view_catalogued(view, EDA_STR("b/0000000000000001"), 0, names, 2) == EDA_OK;
    edai_view_free(view);
    return is_whole;
}

static void view_survives_each_allocation_failing(void **state)
{
    (void)state;
    unsigned nth = 0;
    bool is_whole;

    do {
        edai_alloc_fail_at(++nth);
        is_whole = run_once();
        edai_alloc_fail_at(0);
    } while (!is_whole);
    assert_true(nth > 8);
}

static void view_catalogue_without_memory_changes_nothing(void **state)
{
    (void)state;
    eda_str names[] = {EDA_STR_INIT("door"), EDA_STR_INIT("gate")};
    witness fixture;

    begin(&fixture);
    play(&fixture, (const entry[]){{0, TOKEN, "b1", 0, "found b1, ping b1"},
                       {1, PONG, "b1", 7, "ask b1"}, {0}});
    edai_alloc_fail_at(3); /* of the second */
    assert_int_equal(
        edai_view_catalogued(fixture.view, EDA_STR("b/0000000000000001"), 7, names, 2), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(edai_view_at(fixture.view, 1)->state, EDAI_JOINING);
    play(&fixture, (const entry[]){{1001, PASS, NULL, 0, "ask b1"},
                       {1002, CATALOGUE, "b1", 7, "usable b1, placed"}, {0}});
    edai_view_free(fixture.view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(view_token_then_ping_then_catalogue_makes_usable),
        cmocka_unit_test(view_catalogue_before_ping_makes_usable_too),
        cmocka_unit_test(view_token_without_hello_is_pinged_and_kept),
        cmocka_unit_test(view_found_whose_token_goes_is_forgotten_and_found_again),
        cmocka_unit_test(view_hellos_alone_keep_alive),
        cmocka_unit_test(view_silence_is_suspected_pinged_then_dead),
        cmocka_unit_test(view_told_to_wait_longer_suspects_later),
        cmocka_unit_test(view_suspect_that_answers_is_usable_again),
        cmocka_unit_test(view_silent_suspect_that_says_hello_is_usable_again),
        cmocka_unit_test(view_token_gone_is_suspected_pinged_then_dead),
        cmocka_unit_test(view_token_gone_but_alive_lives_on),
        cmocka_unit_test(view_unserved_pings_of_one_without_token_are_its_death),
        cmocka_unit_test(view_token_of_whom_nobody_serves_pings_is_forgotten),
        cmocka_unit_test(view_former_incarnation_of_this_node_is_nobody),
        cmocka_unit_test(view_restart_under_the_same_name_ends_the_older),
        cmocka_unit_test(view_leaving_is_for_good),
        cmocka_unit_test(view_changed_catalogue_is_asked_for_again),
        cmocka_unit_test(view_catalogue_that_does_not_come_is_asked_for_again),
        cmocka_unit_test(view_of_itself_and_of_nonsense_takes_nothing),
        cmocka_unit_test(view_that_stood_still_gives_suspects_their_time),
        cmocka_unit_test(view_counts_members_and_changes),
        cmocka_unit_test(view_slots_are_reused_only_after_death),
        cmocka_unit_test(view_remembers_the_last_deaths_only),
        cmocka_unit_test(view_survives_each_allocation_failing),
        cmocka_unit_test(view_catalogue_without_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
