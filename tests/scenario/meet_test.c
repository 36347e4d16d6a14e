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

#define NODES_MAX 3u

static eda_system *nodes[NODES_MAX];
static diary told[NODES_MAX];
static uint32_t node_count;

/* Until there are so many. */
static void start(uint32_t count)
{
    static const char *const names[NODES_MAX] = {"a", "b", "c"};

    for (; node_count < count; node_count++) {
        const eda_options options = {.name = names[node_count],
            .workers = 1,
            .bus_driver = &walled,
            .bus_config = "{\"network\": \"walled\"}",
            .log = note,
            .log_arg = &told[node_count]};
        eda_system **sys = &nodes[node_count];

        told[node_count] = (diary){.meetings = 0};
        edai_mutex_init(&told[node_count].mutex);
        assert_int_equal(eda_system_new(&options, sys), EDA_OK);
        MUST(*sys, eda_add(*sys, EDA_WITH(guest)));
        MUST(*sys, eda_add(*sys, EDA_WITH(porter)));
        MUST(*sys, eda_system_start(*sys));
    }
}

static void free_all(void)
{
    while (node_count > 0) {
        eda_system_free(nodes[--node_count]);
    }
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

/* Each hosts all of them, visited once there, twice, three times. */
static void visit_each(void)
{
    for (uint32_t i = 0; i < node_count; i++) {
        visit_all(nodes[i], i + 1);
        assert_int_equal(live_on(nodes[i]), ACTORS);
    }
}

static void start_apart(uint32_t count)
{
    atomic_store(&is_shut, true);
    start(count);
    visit_each();
}

static uint64_t live_on_all(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < node_count; i++) {
        sum += live_on(nodes[i]);
    }
    return sum;
}

static uint64_t given_up_on_all(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < node_count; i++) {
        sum += eda_system_cluster(nodes[i]).given_up;
    }
    return sum;
}

/* What is given up goes when the node looks for it next. */
static void meet(void)
{
    atomic_store(&is_shut, false);
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], node_count, PATIENCE_MS));
    while (live_on_all() > ACTORS) {
        edai_thread_yield();
    }
    assert_int_equal(live_on_all(), ACTORS);
}

/* --- tests ----------------------------------------------------------------------------------- */

/* Only one is told by what its own side visited; all ask the same one. */
static void check_one_side_won(void)
{
    for (uint64_t id = 0; id < KEYS; id++) {
        const uint32_t visits = visits_of(nodes[0], id);

        assert_in_range(visits, 1, node_count);
        for (uint32_t i = 1; i < node_count; i++) {
            assert_int_equal(visits_of(nodes[i], id), visits);
        }
    }
}

static void keys_of_nodes_that_started_apart_live_once_when_they_meet(void **state)
{
    (void)state;
    start_apart(2);
    meet();
    check_one_side_won();
    for (uint32_t i = 0; i < 2; i++) {
        const diary said = read_diary(&told[i]);

        assert_int_equal(said.meetings, 1);
        assert_int_equal(said.given_up, eda_system_cluster(nodes[i]).given_up);
        assert_int_equal(live_on(nodes[i]), ACTORS - said.given_up);
        assert_int_equal(said.shared, said.given_up + said.kept);
        assert_int_equal(said.lives, 0);
    }
    assert_int_equal(given_up_on_all(), ACTORS);
    free_all();
}

/* Who gives a key up may have met both others by then. */
static void keys_of_three_nodes_are_given_up_once_each(void **state)
{
    (void)state;
    start_apart(3);
    meet();
    check_one_side_won();
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(live_on(nodes[i]), ACTORS - eda_system_cluster(nodes[i]).given_up);
    }
    assert_int_equal(given_up_on_all(), 2 * ACTORS);
    free_all();
}

static void wait_until_alone(eda_system *sys)
{
    while (eda_system_cluster(sys).nodes != 1) {
        edai_thread_yield();
    }
}

static void one_of_two_that_were_cut_apart_begins_anew_when_they_meet(void **state)
{
    diary said_a;
    diary said_b;

    (void)state;
    atomic_store(&is_shut, false);
    start(2);
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    visit_all(nodes[0], 1);
    assert_int_equal(live_on_all(), ACTORS);
    atomic_store(&is_shut, true);
    wait_until_alone(nodes[0]);
    wait_until_alone(nodes[1]);
    visit_each();
    meet();
    said_a = read_diary(&told[0]);
    said_b = read_diary(&told[1]);
    assert_int_equal(said_a.lives + said_b.lives, 1); /* both see one node: the names decide */
    assert_int_equal(said_a.ended + said_b.ended, ACTORS);
    assert_true(given_up_on_all() >= ACTORS);
    free_all();
}

static void nodes_that_meet_at_once_have_nothing_to_say(void **state)
{
    (void)state;
    atomic_store(&is_shut, false);
    start(1);
    visit_all(nodes[0], 1);
    start(2);
    MUST(nodes[1], eda_cluster_wait_nodes(nodes[1], 2, PATIENCE_MS));
    visit_all(nodes[1], 1);
    assert_int_equal(live_on(nodes[0]), ACTORS); /* what lives stays */
    assert_int_equal(given_up_on_all(), 0);
    free_all();
    assert_int_equal(told[0].meetings + told[1].meetings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_nodes_that_started_apart_live_once_when_they_meet),
        cmocka_unit_test(keys_of_three_nodes_are_given_up_once_each),
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
