/* cluster_test.c - nodes of one process, on the bus within it: who hosts what, messages and
 * requests between them, outsiders, and accounts that balance. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nodes.h"

#define NODES_MAX 3u
#define PATIENCE_MS 20000u

/* --- the actors ------------------------------------------------------------------------------ */

EDA_MESSAGE(lamp_switch, "lamp/{id}/switch", (uint64_t, id), (uint32_t, number));
EDA_MESSAGE(lamp_switched, "lamp/{id}/switched", .overflow = EDA_WAIT,
    (uint64_t, id), (uint32_t, number));
EDA_RECORD(lamp_state, (uint32_t, switches), (uint32_t, last));
EDA_REQUEST(lamp_get, lamp_state, "lamp/{id}/get", (uint64_t, id));
EDA_MESSAGE(lamp_named, "named/{name}/switch", (eda_str, name), (eda_str, note, .may_miss = true));

static atomic_uint switched;  /* turns of lamps anywhere */
static atomic_uint disorders; /* messages of one lamp out of order */
static atomic_uint noticed;   /* by the register */
static atomic_uint named;

typedef struct lamp {
    uint32_t switches;
    uint32_t last;
} lamp;

static eda_status lamp_on_switch(lamp *self, const lamp_switch *cmd, eda_ctx *ctx)
{
    atomic_fetch_add(&switched, 1);
    if (cmd->number != self->last + 1) {
        atomic_fetch_add(&disorders, 1);
    }
    self->last = cmd->number;
    self->switches++;
    return eda_publish(ctx, EDA_MSG(lamp_switched, .id = cmd->id, .number = cmd->number), NULL);
}

static void lamp_on_get(lamp *self, const lamp_get *request, lamp_state *reply)
{
    (void)request;
    *reply = (lamp_state){.switches = self->switches, .last = self->last};
}

EDA_ACTOR(lamp, eda_none, key(id), spawns_for(outside), emits(lamp_switched),
    on(lamp_switch, lamp_on_switch), answers(lamp_get, lamp_on_get));

typedef struct ledger {
    uint32_t count;
} ledger;

static void ledger_on_switched(ledger *self, const lamp_switched *event)
{
    (void)event;
    self->count++;
    atomic_fetch_add(&noticed, 1);
}

EDA_ACTOR(ledger, eda_none, on(lamp_switched, ledger_on_switched));

EDA_MESSAGE(lamp_lit, "lamp/{id}/lit", .is_outgoing = true, (uint64_t, id));
EDA_RECORD(gauge_state, (uint32_t, count));
EDA_REQUEST(gauge_get, gauge_state, "gauge/get");

typedef struct gauge {
    uint32_t count;
} gauge;

static void gauge_on_lit(gauge *self, const lamp_lit *event)
{
    (void)event;
    self->count++;
}

static void gauge_on_get(gauge *self, const gauge_get *request, gauge_state *reply)
{
    (void)request;
    *reply = (gauge_state){.count = self->count};
}

EDA_ACTOR(gauge, eda_none, on(lamp_lit, gauge_on_lit), answers(gauge_get, gauge_on_get));

typedef struct sign {
    uint32_t count;
} sign;

static void sign_on_named(sign *self, const lamp_named *cmd)
{
    (void)cmd;
    self->count++;
    atomic_fetch_add(&named, 1);
}

EDA_ACTOR(sign, eda_none, key(name), on(lamp_named, sign_on_named));

/* More than a link's window, from one actor: EDA_WAIT, so it is held meanwhile. */
#define CRATES 200000u
#define CRATES_A_TURN 1000u

EDA_MESSAGE(crate, "crate", .is_inside = true, .overflow = EDA_WAIT, (uint32_t, number));
EDA_MESSAGE(crate_send, "crate/send", .is_inside = true, (uint32_t, from));

static atomic_uint stored;

typedef struct sender {
    uint32_t turns;
} sender;

static eda_status sender_on_send(sender *self, const crate_send *cmd, eda_ctx *ctx)
{
    uint32_t i;

    self->turns++;
    for (i = 1; i <= CRATES_A_TURN; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(crate, .number = cmd->from + i), NULL));
    }
    return cmd->from + CRATES_A_TURN == CRATES
               ? EDA_OK
               : eda_publish(ctx, EDA_MSG(crate_send, .from = cmd->from + CRATES_A_TURN), NULL);
}

EDA_ACTOR(sender, eda_none, emits(crate, crate_send), on(crate_send, sender_on_send));

typedef struct store {
    uint32_t last;
} store;

static void store_on_crate(store *self, const crate *cmd)
{
    atomic_fetch_add(cmd->number == self->last + 1 ? &stored : &disorders, 1);
    self->last = cmd->number;
}

EDA_ACTOR(store, eda_none, on(crate, store_on_crate));

/* --- nodes ----------------------------------------------------------------------------------- */

static eda_system *nodes[NODES_MAX];

static eda_system *make_node(const char *name, const char *network)
{
    return nodes_make(name, network, 2);
}

/* Nodes that all host all actors. */
static void start_alike(uint32_t count, const char *network)
{
    static const char *const names[] = {"one", "two", "three"};
    uint32_t i;

    atomic_store(&switched, 0);
    atomic_store(&disorders, 0);
    atomic_store(&noticed, 0);
    atomic_store(&named, 0);
    for (i = 0; i < count; i++) {
        nodes[i] = make_node(names[i], network);
        MUST(nodes[i], eda_add(nodes[i], EDA_WITH(lamp)));
        MUST(nodes[i], eda_add(nodes[i], EDA_WITH(ledger)));
        MUST(nodes[i], eda_add(nodes[i], EDA_WITH(sign)));
        MUST(nodes[i], eda_system_start(nodes[i]));
    }
    for (i = 0; i < count; i++) {
        MUST(nodes[i], eda_cluster_wait_nodes(nodes[i], count, PATIENCE_MS));
    }
}

static void free_all(uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        nodes_check_accounts(nodes[i]);
        eda_system_free(nodes[i]);
        nodes[i] = NULL;
    }
}

static uint64_t live(const char *actor, uint32_t node)
{
    return eda_system_activations(nodes[node], actor).live;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void one_node_is_as_ever(void **state)
{
    uint32_t i;
    const lamp_state *reply = NULL;

    (void)state;
    start_alike(1, "{\"network\": \"alone\"}");
    for (i = 1; i <= 100; i++) {
        MUST(nodes[0], eda_publish(eda_system_client(nodes[0]),
                           EDA_MSG(lamp_switch, .id = 5, .number = i), NULL));
    }
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    MUST(nodes[0],
        eda_ask(eda_system_client(nodes[0]), EDA_ASK(lamp_get, &reply, .id = 5), PATIENCE_MS));
    assert_int_equal(reply->switches, 100);
    assert_int_equal(atomic_load(&noticed), 100);
    free_all(1);
}

static void three_nodes_share_the_actors(void **state)
{
    eda_counts sum = {.accepted = 0};
    uint32_t i;

    (void)state;
    start_alike(3, "{\"network\": \"shared\"}");
    for (i = 0; i < 3000; i++) { /* each lamp is switched by one client */
        uint32_t id = i % 100;

        MUST(nodes[id % 3], eda_publish(eda_system_client(nodes[id % 3]),
                                EDA_MSG(lamp_switch, .id = id, .number = i / 100 + 1), NULL));
    }
    MUST(nodes[1], eda_cluster_wait_idle(nodes[1], PATIENCE_MS));
    assert_int_equal(atomic_load(&switched), 3000);
    assert_int_equal(atomic_load(&disorders), 0);
    assert_int_equal(atomic_load(&noticed), 3000);
    assert_int_equal(live("lamp", 0) + live("lamp", 1) + live("lamp", 2), 100);
    assert_int_equal(live("ledger", 0) + live("ledger", 1) + live("ledger", 2), 1);
    for (i = 0; i < 3; i++) {
        eda_counts counts = eda_system_counts(nodes[i], NULL, NULL);

        assert_true(live("lamp", i) > 10);
        assert_int_equal(counts.lost + counts.unknown + counts.shed + counts.unheard, 0);
        sum.accepted += counts.accepted;
        sum.handled += counts.handled;
        sum.forwarded += counts.forwarded;
    }
    assert_int_equal(sum.handled, 6000);
    assert_int_equal(sum.accepted - sum.forwarded, sum.handled);
    free_all(3);
}

static void nodes_are_summed_up_by_actor(void **state)
{
    eda_cluster_sums sums = {.nodes = 7};
    uint32_t id;

    (void)state;
    start_alike(2, "{\"network\": \"summed\"}");
    for (id = 0; id < 30; id++) {
        MUST(nodes[id % 2], eda_publish(eda_system_client(nodes[id % 2]),
                                EDA_MSG(lamp_switch, .id = id, .number = 1), NULL));
    }
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(eda_cluster_sum(nodes[0], "lmap", PATIENCE_MS, &sums), EDA_ENOENT);
    assert_string_equal(eda_system_error(nodes[0]), "no node has an actor type of the name 'lmap'");
    assert_int_equal(sums.nodes, 7);
    MUST(nodes[0], eda_cluster_sum(nodes[0], "lamp", PATIENCE_MS, &sums));
    assert_int_equal(sums.nodes, 2);
    assert_int_equal(sums.activations.live, 30);
    assert_int_equal(sums.counts.handled, 60);
    MUST(nodes[1], eda_cluster_sum(nodes[1], NULL, PATIENCE_MS, &sums));
    assert_int_equal(sums.activations.live, 31);
    free_all(2);
}

static void a_client_asks_and_waits_across_nodes(void **state)
{
    const lamp_state *reply = NULL;
    uint32_t id;

    (void)state;
    start_alike(2, "{\"network\": \"asked\"}");
    for (id = 0; id < 50; id++) {
        eda_ctx *client = eda_system_client(nodes[id % 2]);

        MUST(nodes[id % 2],
            eda_publish_wait(client, EDA_MSG(lamp_switch, .id = id, .number = 1), PATIENCE_MS));
        assert_true(atomic_load(&switched) >= id + 1); /* its turn is over, wherever it was */
        MUST(nodes[(id + 1) % 2], eda_ask(eda_system_client(nodes[(id + 1) % 2]),
                                      EDA_ASK(lamp_get, &reply, .id = id), PATIENCE_MS));
        assert_int_equal(reply->switches, 1);
    }
    assert_true(live("lamp", 0) > 5 && live("lamp", 1) > 5);
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    free_all(2);
}

static void an_actor_type_may_live_on_another_node_alone(void **state)
{
    const lamp_state *reply = NULL;
    uint32_t i;

    (void)state;
    atomic_store(&switched, 0);
    atomic_store(&noticed, 0);
    nodes[0] = make_node("desk", "{\"network\": \"apart\"}");
    MUST(nodes[0], eda_add(nodes[0], EDA_WITH(ledger)));
    MUST(nodes[0], eda_declare(nodes[0], &eda_type_lamp_switch));
    MUST(nodes[0], eda_declare(nodes[0], &eda_type_lamp_get));
    nodes[1] = make_node("lamps", "{\"network\": \"apart\"}");
    MUST(nodes[1], eda_add(nodes[1], EDA_WITH(lamp)));
    MUST(nodes[0], eda_system_start(nodes[0]));
    assert_int_equal(
        eda_ask(eda_system_client(nodes[0]), EDA_ASK(lamp_get, &reply, .id = 1), PATIENCE_MS),
        EDA_ENOENT);
    MUST(nodes[1], eda_system_start(nodes[1]));
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    for (i = 1; i <= 100; i++) {
        MUST(nodes[0], eda_publish(eda_system_client(nodes[0]),
                           EDA_MSG(lamp_switch, .id = 1, .number = i), NULL));
    }
    MUST(nodes[0], eda_publish_wait(eda_system_client(nodes[0]),
                       EDA_MSG(lamp_switch, .id = 1, .number = 101), PATIENCE_MS));
    MUST(nodes[0],
        eda_ask(eda_system_client(nodes[0]), EDA_ASK(lamp_get, &reply, .id = 1), PATIENCE_MS));
    assert_int_equal(reply->switches, 101);
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(atomic_load(&noticed), 101);
    assert_int_equal(live("lamp", 1), 1);
    free_all(2);
}

static void what_may_wait_is_not_shed_on_its_way_to_another_node(void **state)
{
    (void)state;
    atomic_store(&stored, 0);
    atomic_store(&disorders, 0);
    nodes[0] = make_node("dock", "{\"network\": \"crates\"}");
    MUST(nodes[0], eda_add(nodes[0], EDA_WITH(sender)));
    MUST(nodes[0], eda_system_start(nodes[0]));
    nodes[1] = make_node("hall", "{\"network\": \"crates\"}");
    MUST(nodes[1], eda_add(nodes[1], EDA_WITH(store)));
    MUST(nodes[1], eda_system_start(nodes[1]));
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    MUST(nodes[0], eda_publish(eda_system_client(nodes[0]), EDA_MSG(crate_send, .from = 0), NULL));
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(eda_system_counts(nodes[0], "crate", NULL).forwarded, CRATES);
    assert_int_equal(atomic_load(&stored), CRATES);
    assert_int_equal(atomic_load(&disorders), 0);
    free_all(2);
}

static void a_node_that_leaves_gives_its_actors_away(void **state)
{
    const lamp_state *reply = NULL;
    uint32_t id;

    (void)state;
    start_alike(2, "{\"network\": \"left\"}");
    for (id = 0; id < 50; id++) {
        MUST(nodes[0], eda_publish(eda_system_client(nodes[0]),
                           EDA_MSG(lamp_switch, .id = id, .number = 1), NULL));
    }
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    eda_system_free(nodes[1]);
    for (id = 0; id < 50; id++) {
        MUST(nodes[0],
            eda_ask(eda_system_client(nodes[0]), EDA_ASK(lamp_get, &reply, .id = id), PATIENCE_MS));
    }
    assert_int_equal(live("lamp", 0), 50);
    free_all(1);
}

/* --- outsiders ------------------------------------------------------------------------------- */

typedef struct outsider {
    eda_bus *bus;
    atomic_uint seen;
    atomic_uint ends;
    atomic_uint answers;
    atomic_uint errors;
    atomic_uint tokens;
    char last[256];
} outsider;

static void on_seen(void *arg, const eda_bus_message *message)
{
    outsider *self = arg;

    (void)snprintf(self->last, sizeof(self->last), "%.*s", (int)message->payload.len,
        (const char *)message->payload.ptr);
    atomic_fetch_add(&self->seen, 1);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    outsider *self = arg;

    (void)end;
    if (answer != NULL) {
        (void)snprintf(self->last, sizeof(self->last), "%.*s", (int)answer->payload.len,
            (const char *)answer->payload.ptr);
        atomic_fetch_add(is_error ? &self->errors : &self->answers, 1);
    } else {
        atomic_fetch_add(&self->ends, 1);
    }
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    outsider *self = arg;

    if (is_alive) {
        (void)snprintf(self->last, sizeof(self->last), "%.*s", 16, key.ptr + key.len - 16);
        atomic_fetch_add(&self->tokens, 1);
    }
}

static void join(outsider *self, const char *network)
{
    const eda_bus_options options = {.config = network};
    eda_bus_problem problem;

    memset(self, 0, sizeof(*self));
    assert_int_equal(eda_bus_inproc.open(&options, &self->bus, &problem), EDA_OK);
}

static void get(outsider *self, const char *key, const char *json)
{
    const eda_bus_message request = {
        .key = eda_str_from(key), .payload = {.ptr = (const uint8_t *)json, .len = strlen(json)}};
    unsigned ends = atomic_load(&self->ends);

    assert_int_equal(
        eda_bus_inproc.get(self->bus, &request, false, PATIENCE_MS, on_answer, self), EDA_OK);
    while (atomic_load(&self->ends) == ends) {
    }
}

/* How many answer if all that serve the key are asked. */
static unsigned count_answers(outsider *self, const char *key)
{
    const eda_bus_message request = {.key = eda_str_from(key)};
    unsigned answers = atomic_load(&self->answers);
    unsigned ends = atomic_load(&self->ends);

    assert_int_equal(
        eda_bus_inproc.get(self->bus, &request, true, PATIENCE_MS, on_answer, self), EDA_OK);
    while (atomic_load(&self->ends) == ends) {
    }
    return atomic_load(&self->answers) - answers;
}

static void put(const outsider *self, const char *key, const char *encoding, const char *payload)
{
    const eda_bus_message message = {.key = eda_str_from(key),
        .encoding = eda_str_from(encoding),
        .payload = {.ptr = (const uint8_t *)payload, .len = strlen(payload)}};

    assert_int_equal(eda_bus_inproc.put(self->bus, &message), EDA_OK);
}

static void outsiders_put_get_and_subscribe(void **state)
{
    outsider self;
    uint64_t id = 0;

    (void)state;
    start_alike(2, "{\"network\": \"open\"}");
    join(&self, "{\"network\": \"open\"}");
    assert_int_equal(
        eda_bus_inproc.subscribe(self.bus, EDA_STR("lamp/*/switched"), on_seen, &self, &id),
        EDA_OK);
    get(&self, "lamp/7/get", "");
    assert_int_equal(atomic_load(&self.answers), 1);
    assert_string_equal(self.last, "{\"switches\":0,\"last\":0}");
    put(&self, "lamp/7/switch", "application/json", "{\"number\": 1}");
    while (atomic_load(&self.seen) == 0) {
    }
    assert_string_equal(self.last, "{\"id\":7,\"number\":1}");
    get(&self, "lamp/7/get", "{}");
    assert_string_equal(self.last, "{\"switches\":1,\"last\":1}");
    get(&self, "lamp/7/get", "{\"id\": 8}");
    assert_int_equal(atomic_load(&self.errors), 1);
    assert_non_null(strstr(self.last, "\"code\":\"EDA_EINVAL\""));
    assert_int_equal(atomic_load(&switched), 1);
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(atomic_load(&noticed), 1);
    eda_bus_inproc.close(self.bus);
    free_all(2);
}

static void one_node_serves_outsiders_requests(void **state)
{
    outsider self;
    uint32_t leaver;

    (void)state;
    for (leaver = 0; leaver < 2; leaver++) { /* whoever of the two serves them leaves once */
        start_alike(3, "{\"network\": \"served\"}");
        join(&self, "{\"network\": \"served\"}");
        assert_int_equal(count_answers(&self, "lamp/7/get"), 1);
        eda_system_free(nodes[leaver]);
        nodes[leaver] = nodes[2];
        MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
        MUST(nodes[1], eda_cluster_wait_nodes(nodes[1], 2, PATIENCE_MS));
        assert_int_equal(count_answers(&self, "lamp/7/get"), 1);
        MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS)); /* a reply comes first */
        eda_bus_inproc.close(self.bus);
        free_all(2);
    }
}

static void what_is_outgoing_is_put_on_its_topic_for_outsiders_alone(void **state)
{
    static const char network[] = "{\"network\": \"outgoing\"}";
    outsider self;
    uint64_t id = 0;
    uint32_t i;
    uint64_t published = 100;
    char expected[64];

    (void)state;
    nodes[0] = make_node("one", network);
    nodes[1] = make_node("two", network);
    MUST(nodes[0], eda_declare(nodes[0], &eda_type_lamp_lit));
    MUST(nodes[1], eda_add(nodes[1], EDA_WITH(gauge)));
    MUST(nodes[1], eda_system_start(nodes[1]));
    MUST(nodes[0], eda_system_start(nodes[0]));
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    for (i = 0; i < published; i++) {
        MUST(nodes[0], eda_publish(eda_system_client(nodes[0]), EDA_MSG(lamp_lit, .id = i), NULL));
    }
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(eda_system_cluster(nodes[0]).shown, 0);
    join(&self, network);
    assert_int_equal(
        eda_bus_inproc.subscribe(self.bus, EDA_STR("lamp/*/lit"), on_seen, &self, &id), EDA_OK);
    while (atomic_load(&self.seen) == 0) { /* until the node knows of it */
        MUST(nodes[0],
            eda_publish_wait(eda_system_client(nodes[0]), EDA_MSG(lamp_lit, .id = 7), PATIENCE_MS));
        published++;
    }
    put(&self, "lamp/7/lit", "application/json", "{}");
    get(&self, "gauge/get", "");
    (void)snprintf(expected, sizeof(expected), "{\"count\":%d}", (int)published);
    assert_string_equal(self.last, expected);
    assert_int_equal(eda_system_cluster(nodes[1]).seen, 1);
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    eda_bus_inproc.close(self.bus);
    free_all(2);
}

static void what_outsiders_get_wrong_is_counted(void **state)
{
    outsider self;

    (void)state;
    start_alike(1, "{\"network\": \"wrong\"}");
    join(&self, "{\"network\": \"wrong\"}");
    put(&self, "lamp/7/switch", "application/json", "{\"number\": -1}");
    put(&self, "lamp/7/switch", "application/json", "no json");
    put(&self, "lamp/7/switch", "application/protobuf", "x");
    put(&self, "lamp/x/switch", "application/json", "{\"number\": 1}");
    put(&self, "named/front/switch", "", "{}"); /* is right, but nobody of that key lives */
    get(&self, "lamp/7/get", "");               /* behind all of them */
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(eda_system_cluster(nodes[0]).refused, 4);
    assert_int_equal(eda_system_counts(nodes[0], "lamp_named", "sign").shed, 1);
    assert_int_equal(atomic_load(&switched) + atomic_load(&named), 0);
    MUST(nodes[0], eda_publish(eda_system_client(nodes[0]),
                       EDA_MSG(lamp_named, .name = EDA_STR("front")), NULL));
    MUST(nodes[0], eda_wait_idle(nodes[0], PATIENCE_MS));
    put(&self, "named/front/switch", "", "{}");
    get(&self, "lamp/7/get", "");
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    assert_int_equal(atomic_load(&named), 2);
    eda_bus_inproc.close(self.bus);
    free_all(1);
}

/* What others tell an incarnation that they took for dead (docs/wire.md). */
static void a_node_taken_for_dead_goes_on_as_another(void **state)
{
    static const uint8_t batch[] = {0x84, 1, 0x72, 'x', '/', '0', '1', '2', '3', '4', '5', '6', '7',
        '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 1, 0x81, 0x85, 1, 0, 21, 0x60, 0x40};
    outsider self;
    char key[128] = "";
    uint64_t id = 0;
    const lamp_state *reply = NULL;
    unsigned sessions = 0;
    uint32_t lamp_id;

    (void)state;
    start_alike(2, "{\"network\": \"undead\"}");
    join(&self, "{\"network\": \"undead\"}");
    assert_int_equal(eda_bus_inproc.watch(self.bus, EDA_STR("@edacious/v1/edacious/live/two/*"),
                         on_token, &self, &id),
        EDA_OK);
    while (atomic_load(&self.tokens) == 0) {
    }
    for (lamp_id = 0; lamp_id < 20; lamp_id++) {
        MUST(nodes[0], eda_publish_wait(eda_system_client(nodes[0]),
                           EDA_MSG(lamp_switch, .id = lamp_id, .number = 1), PATIENCE_MS));
    }
    sessions = atomic_load(&self.tokens);
    (void)snprintf(key, sizeof(key), "@edacious/v1/edacious/in/two/%.16s", self.last);
    const eda_bus_message message = {
        .key = eda_str_from(key), .payload = {.ptr = batch, .len = sizeof(batch)}};
    assert_int_equal(eda_bus_inproc.put(self.bus, &message), EDA_OK);
    while (atomic_load(&self.tokens) == sessions) { /* its new token */
    }
    /* What is asked of the old incarnation before its end is known ends as unknown. */
    for (lamp_id = 0; lamp_id < 20; lamp_id++) {
        eda_status status = EDA_EUNKNOWN;

        while (status == EDA_EUNKNOWN) {
            status = eda_ask(
                eda_system_client(nodes[0]), EDA_ASK(lamp_get, &reply, .id = lamp_id), PATIENCE_MS);
        }
        MUST(nodes[0], status);
    }
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    eda_bus_inproc.close(self.bus);
    free_all(2);
}

/* --- what a node refuses ---------------------------------------------------------------------- */

typedef struct keeper {
    uint32_t count;
} keeper;

static void keeper_on_switch(keeper *self, const lamp_switch *cmd)
{
    (void)cmd;
    self->count++;
}

EDA_ACTOR(keeper, eda_none, key(id), saves(count), on(lamp_switch, keeper_on_switch));

typedef struct local_sign {
    uint32_t count;
} local_sign;

static atomic_uint local_signs;

static void local_sign_on_named(local_sign *self, const lamp_named *cmd)
{
    (void)cmd;
    self->count++;
    atomic_fetch_add(&local_signs, 1);
}

EDA_ACTOR(local_sign, eda_none, scope(node), on(lamp_named, local_sign_on_named));

static void a_node_that_saves_needs_a_store_that_all_share(void **state)
{
    eda_options options = {.name = "keeper",
        .store = EDA_STORE_MEMORY,
        .bus = "inproc",
        .bus_config = "{\"network\": \"keeper\"}",
        .log = nodes_quiet};
    eda_system *sys = NULL;

    (void)state;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    MUST(sys, eda_add(sys, EDA_WITH(keeper)));
    assert_int_equal(eda_system_start(sys), EDA_EMISSING);
    assert_non_null(strstr(eda_system_error(sys), "'keeper' saves"));
    eda_system_free(sys);
    options.is_unfenced = true;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    MUST(sys, eda_add(sys, EDA_WITH(keeper)));
    MUST(sys, eda_system_start(sys));
    eda_system_free(sys);
}

static void names_and_buses_that_are_wrong_are_refused(void **state)
{
    static const struct {
        eda_options options;
        eda_status status;
        const char *text;
    } cases[] = {
        {{.name = "a/b", .bus = "inproc"}, EDA_EINVAL, "'a/b' cannot name a node"},
        {{.cluster = "*", .bus = "inproc"}, EDA_EINVAL, "'*' cannot name a cluster"},
        {{.bus = "nosuchbus"}, EDA_ENOENT, "nosuchbus"},
        {{.bus = "inproc", .bus_config = "{"}, EDA_EINVAL, "the bus 'inproc' cannot be opened"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        eda_system *sys = NULL;

        assert_int_equal(eda_system_new(&cases[i].options, &sys), EDA_OK);
        assert_int_equal(eda_system_start(sys), cases[i].status);
        assert_non_null(strstr(eda_system_error(sys), cases[i].text));
        eda_system_free(sys);
    }
}

static void a_node_has_its_own_of_what_has_its_scope(void **state)
{
    uint32_t i;

    (void)state;
    atomic_store(&local_signs, 0);
    for (i = 0; i < 2; i++) {
        nodes[i] = make_node(i == 0 ? "one" : "two", "{\"network\": \"scoped\"}");
        MUST(nodes[i], eda_add(nodes[i], EDA_WITH(local_sign)));
        MUST(nodes[i], eda_system_start(nodes[i]));
    }
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    for (i = 0; i < 2; i++) {
        MUST(nodes[i], eda_publish(eda_system_client(nodes[i]),
                           EDA_MSG(lamp_named, .name = EDA_STR("x")), NULL));
        MUST(nodes[i], eda_cluster_wait_idle(nodes[i], PATIENCE_MS));
        assert_int_equal(eda_system_counts(nodes[i], "lamp_named", "local_sign").handled, 1);
    }
    assert_int_equal(atomic_load(&local_signs), 2);
    free_all(2);
}

/* --- what a bus loses --------------------------------------------------------------------------
 */

/* The bus within the process, but for some of the batches that leave through it. */
static eda_bus_driver lossy;
static atomic_uint batches;

static eda_status put_or_lose(eda_bus *bus, const eda_bus_message *message)
{
    static const char inbox[] = "@edacious/v1/edacious/in/";

    if (message->key.len > sizeof(inbox) &&
        memcmp(message->key.ptr, inbox, sizeof(inbox) - 1) == 0 &&
        atomic_fetch_add(&batches, 1) % 3 == 1) {
        return EDA_OK;
    }
    return eda_bus_inproc.put(bus, message);
}

static void what_a_bus_loses_is_counted(void **state)
{
    eda_options options = {.name = "loser",
        .bus_driver = &lossy,
        .bus_config = "{\"network\": \"lossy\"}",
        .log = nodes_quiet};
    eda_counts counts;
    uint32_t i;

    (void)state;
    lossy = eda_bus_inproc;
    lossy.put = put_or_lose;
    atomic_store(&switched, 0);
    assert_int_equal(eda_system_new(&options, &nodes[0]), EDA_OK);
    MUST(nodes[0], eda_declare(nodes[0], &eda_type_lamp_switch));
    MUST(nodes[0], eda_system_start(nodes[0]));
    nodes[1] = make_node("lamps", options.bus_config);
    MUST(nodes[1], eda_add(nodes[1], EDA_WITH(lamp)));
    MUST(nodes[1], eda_system_start(nodes[1]));
    MUST(nodes[0], eda_cluster_wait_nodes(nodes[0], 2, PATIENCE_MS));
    for (i = 0; i < 1000; i++) {
        MUST(nodes[0], eda_publish(eda_system_client(nodes[0]),
                           EDA_MSG(lamp_switch, .id = i % 10, .number = i), NULL));
        if (i % 10 == 0) { /* so that there are batches */
            MUST(nodes[0], eda_publish(eda_system_client(nodes[0]),
                               EDA_MSG(lamp_switch, .id = 1, .number = i), NULL));
        }
    }
    MUST(nodes[0], eda_cluster_wait_idle(nodes[0], PATIENCE_MS));
    counts = eda_system_counts(nodes[0], NULL, NULL);
    assert_int_equal(counts.accepted, 1100);
    assert_true(counts.lost > 0);
    assert_int_equal(counts.lost + counts.forwarded, 1100);
    assert_int_equal(counts.forwarded, atomic_load(&switched));
    assert_int_equal(eda_system_cluster(nodes[1]).missed, counts.lost);
    free_all(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node_is_as_ever),
        cmocka_unit_test(three_nodes_share_the_actors),
        cmocka_unit_test(nodes_are_summed_up_by_actor),
        cmocka_unit_test(a_client_asks_and_waits_across_nodes),
        cmocka_unit_test(an_actor_type_may_live_on_another_node_alone),
        cmocka_unit_test(what_may_wait_is_not_shed_on_its_way_to_another_node),
        cmocka_unit_test(a_node_that_leaves_gives_its_actors_away),
        cmocka_unit_test(outsiders_put_get_and_subscribe),
        cmocka_unit_test(one_node_serves_outsiders_requests),
        cmocka_unit_test(what_is_outgoing_is_put_on_its_topic_for_outsiders_alone),
        cmocka_unit_test(what_outsiders_get_wrong_is_counted),
        cmocka_unit_test(a_node_taken_for_dead_goes_on_as_another),
        cmocka_unit_test(a_node_that_saves_needs_a_store_that_all_share),
        cmocka_unit_test(names_and_buses_that_are_wrong_are_refused),
        cmocka_unit_test(a_node_has_its_own_of_what_has_its_scope),
        cmocka_unit_test(what_a_bus_loses_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
