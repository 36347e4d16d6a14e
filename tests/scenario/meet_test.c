/* meet_test.c - what becomes of keys that live on two nodes which could not reach each other, when
 * they meet: each goes on living on one of them, and the other says how many it gives up. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"
#include "nodes.h"

#define PATIENCE_MS 60000u
#define KEYS 40u
#define ACTORS (KEYS + 1) /* with a singleton */

EDA_MESSAGE(guest_came, "guest/{id}/came", (uint64_t, id));
EDA_RECORD(guest_visits, (uint32_t, count));
EDA_REQUEST(guest_get, guest_visits, "guest/{id}/get", (uint64_t, id));

typedef struct guest {
    uint32_t visits;
} guest;

static void guest_on_came(guest *self, const guest_came *message)
{
    (void)message;
    self->visits++;
}

static void guest_on_get(guest *self, const guest_get *request, guest_visits *reply)
{
    (void)request;
    *reply = (guest_visits){.count = self->visits};
}

EDA_ACTOR(guest, eda_none, key(id), on(guest_came, guest_on_came),
    answers(guest_get, guest_on_get));

typedef struct porter {
    uint32_t visits;
} porter;

static void porter_on_came(porter *self, const guest_came *message)
{
    (void)message;
    self->visits++;
}

EDA_ACTOR(porter, eda_none, on(guest_came, porter_on_came));

/* --- a bus with a wall ----------------------------------------------------------------------- */

static eda_bus_driver walled;
static atomic_bool is_shut;

static eda_status put_or_drop(eda_bus *bus, const eda_bus_message *message)
{
    return atomic_load(&is_shut) ? EDA_OK : eda_bus_inproc.put(bus, message);
}

/* What is asked behind the wall nobody serves. */
static eda_status get_or_nobody(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg)
{
    eda_bus_message asked = *request;

    asked.key = atomic_load(&is_shut) ? EDA_STR("nowhere") : asked.key;
    return eda_bus_inproc.get(bus, &asked, is_for_all, timeout_ms, fn, arg);
}

/* They find each other by their hellos. */
static eda_status no_token(eda_bus *bus, eda_str key, uint64_t *ret_id)
{
    (void)bus;
    (void)key;
    *ret_id = UINT64_MAX;
    return EDA_OK;
}

/* --- nodes ----------------------------------------------------------------------------------- */

/* What the log of one said. */
typedef struct diary {
    edai_mutex mutex;
    uint32_t meetings; /* lines of them */
    uint64_t shared;
    uint64_t given_up;
    uint64_t kept;
    uint32_t lives; /* begun anew */
    uint64_t ended;
} diary;

/* A number, and the text that has to stand behind it. Returns what comes then. */
static const char *read_number(const char *at, const char *behind, uint64_t *ret_number)
{
    char *end = NULL;

    *ret_number = strtoull(at, &end, 10);
    assert_ptr_not_equal(end, at);
    assert_memory_equal(end, behind, strlen(behind));
    return end + strlen(behind);
}

static void note(void *arg, eda_str line)
{
    static const char meeting[] = "ran apart from this one; actors here that may live there, too: ";
    static const char death[] = "for dead: it begins anew; actors given up: ";
    diary *self = arg;
    char text[512];
    const char *at;

    (void)snprintf(text, sizeof(text), "%.*s", EDA_STR_ARG(line));
    edai_mutex_lock(&self->mutex);
    at = strstr(text, meeting);
    if (at != NULL) {
        self->meetings++;
        at = read_number(at + sizeof(meeting) - 1, ", given up: ", &self->shared);
        at = read_number(at, ", kept: ", &self->given_up);
        (void)read_number(at, "", &self->kept);
    }
    at = strstr(text, death);
    if (at != NULL) {
        self->lives++;
        (void)read_number(at + sizeof(death) - 1, "", &self->ended);
    }
    edai_mutex_unlock(&self->mutex);
}

static diary read_diary(diary *from)
{
    diary copy;

    edai_mutex_lock(&from->mutex);
    copy = *from;
    edai_mutex_unlock(&from->mutex);
    return copy;
}

static eda_system *start(const char *name, diary *told)
{
    const eda_options options = {.name = name,
        .workers = 1,
        .bus_driver = &walled,
        .bus_config = "{\"network\": \"walled\"}",
        .log = note,
        .log_arg = told};
    eda_system *sys = NULL;

    edai_mutex_init(&told->mutex);
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    MUST(sys, eda_add(sys, EDA_WITH(guest)));
    MUST(sys, eda_add(sys, EDA_WITH(porter)));
    MUST(sys, eda_system_start(sys));
    return sys;
}

static uint64_t live_on(eda_system *sys)
{
    return eda_system_activations(sys, NULL).live;
}

static void visit_all(eda_system *sys, uint32_t times)
{
    for (uint32_t i = 0; i < times * KEYS; i++) {
        MUST(sys, eda_publish(eda_system_client(sys), EDA_MSG(guest_came, .id = i % KEYS), NULL));
    }
    MUST(sys, eda_wait_idle(sys, PATIENCE_MS));
}

static uint32_t visits_of(eda_system *sys, uint64_t id)
{
    const guest_visits *reply = NULL;

    MUST(sys, eda_ask(eda_system_client(sys), EDA_ASK(guest_get, &reply, .id = id), PATIENCE_MS));
    return reply->count;
}

/* What is given up goes when the node looks for it next. */
static void wait_until_each_lives_once(eda_system *a, eda_system *b)
{
    while (live_on(a) + live_on(b) > ACTORS) {
        edai_thread_yield();
    }
    assert_int_equal(live_on(a) + live_on(b), ACTORS);
}

/* --- tests ----------------------------------------------------------------------------------- */

/* Of the two only one is told by what its own side visited; both ask the same one. */
static void check_one_side_won(eda_system *a, eda_system *b, uint32_t on_a, uint32_t on_b)
{
    for (uint64_t id = 0; id < KEYS; id++) {
        const uint32_t visits = visits_of(a, id);

        assert_true(visits == on_a || visits == on_b);
        assert_int_equal(visits_of(b, id), visits);
    }
}

static void keys_of_nodes_that_started_apart_live_once_when_they_meet(void **state)
{
    diary told_a = {.meetings = 0};
    diary told_b = {.meetings = 0};
    diary said_a;
    diary said_b;
    eda_system *a;
    eda_system *b;

    (void)state;
    atomic_store(&is_shut, true);
    a = start("a", &told_a);
    b = start("b", &told_b);
    visit_all(a, 3);
    visit_all(b, 5);
    assert_int_equal(live_on(a), ACTORS);
    assert_int_equal(live_on(b), ACTORS);
    atomic_store(&is_shut, false);
    MUST(a, eda_cluster_wait_nodes(a, 2, PATIENCE_MS));
    wait_until_each_lives_once(a, b);
    check_one_side_won(a, b, 3, 5);
    said_a = read_diary(&told_a);
    said_b = read_diary(&told_b);
    assert_int_equal(said_a.meetings, 1);
    assert_int_equal(said_b.meetings, 1);
    assert_int_equal(said_a.given_up + said_b.given_up, ACTORS);
    assert_int_equal(said_a.given_up, eda_system_cluster(a).given_up);
    assert_int_equal(said_b.given_up, eda_system_cluster(b).given_up);
    assert_int_equal(live_on(a), ACTORS - said_a.given_up);
    assert_int_equal(said_a.shared, said_a.given_up + said_a.kept);
    assert_int_equal(said_a.lives + said_b.lives, 0);
    eda_system_free(a);
    eda_system_free(b);
}

static void wait_until_alone(eda_system *sys)
{
    while (eda_system_cluster(sys).nodes != 1) {
        edai_thread_yield();
    }
}

static void one_of_two_that_were_cut_apart_begins_anew_when_they_meet(void **state)
{
    diary told_a = {.meetings = 0};
    diary told_b = {.meetings = 0};
    diary said_a;
    diary said_b;
    eda_system *a;
    eda_system *b;

    (void)state;
    atomic_store(&is_shut, false);
    a = start("a", &told_a);
    b = start("b", &told_b);
    MUST(a, eda_cluster_wait_nodes(a, 2, PATIENCE_MS));
    visit_all(a, 1);
    assert_int_equal(live_on(a) + live_on(b), ACTORS);
    atomic_store(&is_shut, true);
    wait_until_alone(a);
    wait_until_alone(b);
    visit_all(a, 1);
    visit_all(b, 1);
    assert_int_equal(live_on(a), ACTORS);
    assert_int_equal(live_on(b), ACTORS);
    atomic_store(&is_shut, false);
    MUST(a, eda_cluster_wait_nodes(a, 2, PATIENCE_MS));
    wait_until_each_lives_once(a, b);
    said_a = read_diary(&told_a);
    said_b = read_diary(&told_b);
    assert_int_equal(said_a.lives + said_b.lives, 1); /* both see one node: the names decide */
    assert_int_equal(said_a.ended + said_b.ended, ACTORS);
    assert_true(eda_system_cluster(a).given_up + eda_system_cluster(b).given_up >= ACTORS);
    eda_system_free(a);
    eda_system_free(b);
}

static void nodes_that_meet_at_once_have_nothing_to_say(void **state)
{
    diary told_a = {.meetings = 0};
    diary told_b = {.meetings = 0};
    eda_system *a;
    eda_system *b;

    (void)state;
    atomic_store(&is_shut, false);
    a = start("a", &told_a);
    visit_all(a, 1);
    b = start("b", &told_b);
    MUST(b, eda_cluster_wait_nodes(b, 2, PATIENCE_MS));
    visit_all(b, 1);
    assert_int_equal(live_on(a), ACTORS); /* what lives stays */
    assert_int_equal(eda_system_cluster(a).given_up + eda_system_cluster(b).given_up, 0);
    eda_system_free(a);
    eda_system_free(b);
    assert_int_equal(told_a.meetings + told_b.meetings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_nodes_that_started_apart_live_once_when_they_meet),
        cmocka_unit_test(one_of_two_that_were_cut_apart_begins_anew_when_they_meet),
        cmocka_unit_test(nodes_that_meet_at_once_have_nothing_to_say),
    };

    walled = eda_bus_inproc;
    walled.put = put_or_drop;
    walled.get = get_or_nobody;
    walled.token = no_token;
    walled.put_pieces = NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
