/* fallen_test.c - what is seen of a node that died, by each who had to do with it: the table of
 * docs/operating.md, row by row.
 *
 * The node is this program once more, on the bus between processes; a handler of its own kills it,
 * or the test does. It ends by itself when its standard input does. */
#define _GNU_SOURCE 1 /* mkdtemp, pipe2 */

#include <edacious/edacious.h>

#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli_run.h"
#include "nodes.h"
#include "outsider.h"

#define PATIENCE_MS 60000u
#define FOREVER EDA_SEC(3600)

static bool is_victim; /* this process */

/* --- the actors ------------------------------------------------------------------------------ */

EDA_MESSAGE(lamp_switch, "lamp/{id}/switch", (uint64_t, id));
EDA_MESSAGE(lamp_hold, "lamp/{id}/hold", (uint64_t, id));
EDA_MESSAGE(lamp_fall, "lamp/{id}/fall", (uint64_t, id));
EDA_RECORD(lamp_state, (bool, is_victims), (uint32_t, switches));
EDA_REQUEST(lamp_get, lamp_state, "lamp/{id}/get", (uint64_t, id));
EDA_REQUEST(lamp_die, lamp_state, "lamp/{id}/die", (uint64_t, id));

/* So that what has begun has no end. */
static void fall(void)
{
    if (is_victim) {
        (void)raise(SIGKILL);
    }
}

typedef struct lamp {
    uint32_t switches;
} lamp;

static void lamp_on_switch(lamp *self, const lamp_switch *cmd)
{
    (void)cmd;
    self->switches++;
}

/* What comes behind it has arrived, and waits. */
static eda_status lamp_on_hold(lamp *self, const lamp_hold *cmd, eda_ctx *ctx)
{
    (void)self;
    (void)cmd;
    return is_victim ? eda_sleep(ctx, EDA_SEC(3600)) : EDA_OK;
}

static void lamp_on_fall(lamp *self, const lamp_fall *cmd)
{
    (void)cmd;
    fall();
    self->switches++;
}

static void lamp_on_get(lamp *self, const lamp_get *request, lamp_state *reply)
{
    (void)request;
    *reply = (lamp_state){.is_victims = is_victim, .switches = self->switches};
}

static void lamp_on_die(lamp *self, const lamp_die *request, lamp_state *reply)
{
    (void)request;
    fall();
    *reply = (lamp_state){.switches = self->switches};
}

EDA_ACTOR(lamp, eda_none,
    key(id),
    spawns_for(outside),
    on(lamp_switch, lamp_on_switch),
    on(lamp_hold, lamp_on_hold),
    on(lamp_fall, lamp_on_fall),
    answers(lamp_get, lamp_on_get),
    answers(lamp_die, lamp_on_die));

/* On the victim alone. */
EDA_MESSAGE(anchor_drop, "anchor/drop");
EDA_REQUEST(anchor_die, lamp_state, "anchor/die");

typedef struct anchor {
    uint32_t drops;
} anchor;

static void anchor_on_drop(anchor *self, const anchor_drop *cmd)
{
    (void)cmd;
    self->drops++;
}

static void anchor_on_die(anchor *self, const anchor_die *request, lamp_state *reply)
{
    (void)request;
    fall();
    *reply = (lamp_state){.switches = self->drops};
}

EDA_ACTOR(anchor, eda_none, on(anchor_drop, anchor_on_drop), answers(anchor_die, anchor_on_die));

/* More than may be on the way to one node, from one actor: EDA_WAIT, so it is held meanwhile. */
#define WINDOW 65536u
#define CRATES_A_TURN 1000u
#define CRATES (80u * CRATES_A_TURN)

EDA_MESSAGE(crate, "shelf/{id}/crate", .overflow = EDA_WAIT, (uint64_t, id), (uint32_t, number));
EDA_MESSAGE(crate_send, "crate/send", .is_inside = true, (uint64_t, id), (uint32_t, from));
EDA_RECORD(shelf_state, (bool, is_victims), (uint32_t, last));
EDA_REQUEST(shelf_get, shelf_state, "shelf/{id}/get", (uint64_t, id));

typedef struct shelf {
    uint32_t last;
} shelf;

static void shelf_on_crate(shelf *self, const crate *cmd)
{
    self->last = cmd->number;
}

static void shelf_on_get(shelf *self, const shelf_get *request, shelf_state *reply)
{
    (void)request;
    *reply = (shelf_state){.is_victims = is_victim, .last = self->last};
}

EDA_ACTOR(shelf, eda_none, key(id), on(crate, shelf_on_crate), answers(shelf_get, shelf_on_get));

typedef struct sender {
    uint32_t turns;
} sender;

static eda_status sender_on_send(sender *self, const crate_send *cmd, eda_ctx *ctx)
{
    const uint32_t next = cmd->from + CRATES_A_TURN;

    self->turns++;
    for (uint32_t i = cmd->from + 1; i <= next; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(crate, .id = cmd->id, .number = i), NULL));
    }
    return next == CRATES
               ? EDA_OK
               : eda_publish(ctx, EDA_MSG(crate_send, .id = cmd->id, .from = next), NULL);
}

/* On the survivor alone. */
EDA_ACTOR(sender, eda_none, emits(crate, crate_send), on(crate_send, sender_on_send));

static struct {
    atomic_uint count;
    eda_node_state states[8];
    uint32_t nodes[8];
} changes; /* of the victim, as the survivor sees it */

typedef struct watcher {
    uint32_t seen;
} watcher;

static void watcher_on_change(watcher *self, const eda_node_change *change)
{
    const unsigned at = atomic_load(&changes.count);

    self->seen++;
    if (at < 8) {
        changes.states[at] = change->state;
        changes.nodes[at] = change->nodes;
        atomic_store(&changes.count, at + 1);
    }
}

EDA_ACTOR(watcher, eda_none, on(eda_node_change, watcher_on_change));

/* --- the two nodes --------------------------------------------------------------------------- */

static char folder[] = "/tmp/eda-fallen-XXXXXX";
static char config[64];
static char *program;

static eda_system *survivor;
static pid_t victim;
static int life = -1; /* to the victim's input: it ends when this is closed */

static eda_system *make(const char *name)
{
    const eda_options options = {.name = name,
        .workers = 2,
        .bus = "local",
        .bus_config = config,
        .cluster = "plant",
        .log = nodes_quiet};
    eda_system *sys = NULL;

    if (eda_system_new(&options, &sys) != EDA_OK || eda_add(sys, EDA_WITH(lamp)) != EDA_OK ||
        eda_add(sys, EDA_WITH(shelf)) != EDA_OK) {
        eda_system_free(sys);
        return NULL;
    }
    return sys;
}

static int live_as_victim(void)
{
    eda_system *sys = make("victim");
    char nothing;

    is_victim = true;
    if (sys == NULL || eda_add(sys, EDA_WITH(anchor)) != EDA_OK ||
        eda_system_start(sys) != EDA_OK || write(STDIN_FILENO, "", 1) != 1) {
        return 1;
    }
    while (read(STDIN_FILENO, &nothing, 1) > 0) {
    }
    _exit(0);
}

static void start_victim(void)
{
    char role[] = "victim";
    char *const words[] = {program, role, config, NULL};
    posix_spawn_file_actions_t actions;
    char nothing;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO), 0);
    assert_int_equal(posix_spawn(&victim, program, &actions, NULL, words, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[0]);
    life = ends[1];
    /* Its token, which tells of its death, is declared last: when its start returns. */
    assert_int_equal(read(life, &nothing, 1), 1);
    MUST(survivor, eda_cluster_wait_nodes(survivor, 2, PATIENCE_MS));
}

/* It died, or is killed now; and is taken for dead. */
static void bury_victim(void)
{
    int result = 0;

    assert_int_equal(kill(victim, SIGKILL), 0); /* it is not waited for yet */
    assert_int_equal(waitpid(victim, &result, 0), victim);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    (void)close(life);
    while (eda_system_cluster(survivor).nodes != 1) {
        edai_thread_yield();
    }
    MUST(survivor, eda_cluster_wait_nodes(survivor, 1, PATIENCE_MS));
}

/* Stopped it takes nothing from its connection. */
static void stop_victim(void)
{
    int result = 0;

    assert_int_equal(kill(victim, SIGSTOP), 0);
    assert_int_equal(waitpid(victim, &result, WUNTRACED), victim);
    assert_true(WIFSTOPPED(result));
}

static int start_both(void **state)
{
    (void)state;
    atomic_store(&changes.count, 0);
    survivor = make("survivor");
    assert_non_null(survivor);
    nodes_trust(survivor); /* only that its process ended tells of the victim's death */
    MUST(survivor, eda_add(survivor, EDA_WITH(sender)));
    MUST(survivor, eda_add(survivor, EDA_WITH(watcher)));
    MUST(survivor, eda_declare(survivor, &eda_type_anchor_drop));
    MUST(survivor, eda_declare(survivor, &eda_type_anchor_die));
    MUST(survivor, eda_system_start(survivor));
    start_victim();
    return 0;
}

static int end_both(void **state)
{
    (void)state;
    MUST(survivor, eda_wait_idle(survivor, PATIENCE_MS));
    nodes_check_accounts(survivor);
    eda_system_free(survivor);
    return 0;
}

static eda_ctx *client(void)
{
    return eda_system_client(survivor);
}

static lamp_state look(uint64_t id)
{
    const lamp_state *reply = NULL;

    MUST(survivor, eda_ask(client(), EDA_ASK(lamp_get, &reply, .id = id), PATIENCE_MS));
    return *reply;
}

/* A lamp that lives on the victim. */
static uint64_t find_lamp(void)
{
    uint64_t id = 1;

    while (!look(id).is_victims) {
        id++;
    }
    return id;
}

static void switch_lamp(uint64_t id, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        MUST(survivor, eda_publish(client(), EDA_MSG(lamp_switch, .id = id), NULL));
    }
}

static eda_counts counts_of(const char *message)
{
    return eda_system_counts(survivor, message, NULL);
}

/* It lives again, elsewhere, and has forgotten. */
static void check_anew(uint64_t id)
{
    const lamp_state state = look(id);

    assert_false(state.is_victims);
    assert_int_equal(state.switches, 0);
}

static void check_error(const char *text)
{
    const eda_str error = eda_error(client());

    assert_int_equal(error.len, strlen(text));
    assert_memory_equal(error.ptr, text, error.len);
}

/* --- by actors and clients of a node --------------------------------------------------------- */

static void ask_of_a_node_that_dies_has_an_unknown_outcome(void **state)
{
    const lamp_state *reply = NULL;
    const uint64_t id = find_lamp();

    (void)state;
    switch_lamp(id, 3);
    assert_int_equal(look(id).switches, 3);
    assert_int_equal(
        eda_ask(client(), EDA_ASK(lamp_die, &reply, .id = id), EDA_FOREVER), EDA_EUNKNOWN);
    check_error("the node that had it vanished: the outcome is unknown");
    bury_victim();
    check_anew(id);
}

static void ask_of_a_node_that_dies_ends_at_its_deadline_if_that_is_earlier(void **state)
{
    const lamp_state *reply = NULL;
    const uint64_t id = find_lamp();

    (void)state;
    stop_victim();
    assert_int_equal(eda_ask(client(), EDA_ASK(lamp_get, &reply, .id = id), 1), EDA_ETIMEOUT);
    bury_victim();
    check_anew(id);
}

static void receipt_of_a_node_that_dies_has_an_unknown_outcome(void **state)
{
    const uint64_t id = find_lamp();
    eda_receipt receipt = {0};

    (void)state;
    MUST(survivor, eda_publish(client(), EDA_MSG(lamp_fall, .id = id), &receipt));
    for (int i = 0; i < 2; i++) { /* nothing else comes of waiting again */
        assert_int_equal(eda_wait(client(), receipt, EDA_FOREVER), EDA_EUNKNOWN);
        check_error("lamp on lamp_fall: the outcome is unknown: it may have been handled");
    }
    bury_victim();
    check_anew(id);
}

static void publish_that_was_not_told_of_is_counted_unknown_or_lost(void **state)
{
    const uint64_t id = find_lamp();
    eda_counts counts;

    (void)state;
    stop_victim();
    switch_lamp(id, 10);
    bury_victim();
    counts = counts_of("lamp_switch");
    assert_int_equal(counts.accepted, 10);
    assert_int_equal(counts.unknown + counts.lost, 10);
    check_anew(id);
}

/* It had arrived, and waited for its turn. */
static void publish_that_had_arrived_is_counted_forwarded(void **state)
{
    const uint64_t id = find_lamp();
    eda_counts counts;

    (void)state;
    MUST(survivor, eda_publish(client(), EDA_MSG(lamp_hold, .id = id), NULL));
    switch_lamp(id, 10);
    MUST(survivor, eda_wait_idle(survivor, PATIENCE_MS));
    bury_victim();
    counts = counts_of("lamp_switch");
    assert_int_equal(counts.accepted, 10);
    assert_int_equal(counts.forwarded, 10);
    check_anew(id);
}

static void publish_to_a_type_that_died_out_is_counted_unheard(void **state)
{
    const lamp_state *reply = NULL;

    (void)state;
    MUST(survivor, eda_publish_wait(client(), EDA_MSG(anchor_drop), PATIENCE_MS));
    bury_victim();
    MUST(survivor, eda_publish_wait(client(), EDA_MSG(anchor_drop), PATIENCE_MS));
    assert_int_equal(counts_of("anchor_drop").unheard, 1);
    assert_int_equal(eda_ask(client(), EDA_ASK(anchor_die, &reply), PATIENCE_MS), EDA_ENOENT);
}

static void what_waited_for_room_goes_to_the_new_owner(void **state)
{
    const shelf_state *reply = NULL;
    uint64_t id = 0;
    eda_counts counts;

    (void)state;
    do {
        MUST(survivor, eda_ask(client(), EDA_ASK(shelf_get, &reply, .id = ++id), PATIENCE_MS));
    } while (!reply->is_victims);
    stop_victim();
    MUST(survivor, eda_publish(client(), EDA_MSG(crate_send, .id = id, .from = 0), NULL));
    while (counts_of("crate").accepted <= WINDOW) {
        edai_thread_yield();
    }
    bury_victim();
    MUST(survivor, eda_wait_idle(survivor, PATIENCE_MS));
    MUST(survivor, eda_ask(client(), EDA_ASK(shelf_get, &reply, .id = id), PATIENCE_MS));
    assert_false(reply->is_victims);
    assert_int_equal(reply->last, CRATES);
    counts = counts_of("crate");
    assert_int_equal(counts.accepted, CRATES);
    assert_int_equal(counts.unknown + counts.lost + counts.handled, CRATES);
    assert_true(counts.handled >= CRATES - WINDOW);
}

static void death_is_published_as_suspicion_and_end(void **state)
{
    static const eda_node_state states[] = {EDA_NODE_UP, EDA_NODE_SUSPECT, EDA_NODE_DOWN};
    static const uint32_t nodes[] = {2, 2, 1};

    (void)state;
    bury_victim();
    MUST(survivor, eda_wait_idle(survivor, PATIENCE_MS));
    assert_int_equal(atomic_load(&changes.count), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(changes.states[i], states[i]);
        assert_int_equal(changes.nodes[i], nodes[i]);
    }
}

/* --- by outsiders ---------------------------------------------------------------------------- */

static eda_bus *join(void)
{
    return outsider_join(&eda_bus_local, config);
}

static outsider_got get(eda_bus *bus, const char *key)
{
    return outsider_get(&eda_bus_local, bus, &(eda_bus_message){.key = eda_str_from(key)}, false);
}

static const char *key_of(uint64_t id, const char *verb)
{
    static char key[64];

    (void)snprintf(key, sizeof(key), "lamp/%llu/%s", (unsigned long long)id, verb);
    return key;
}

/* One that lives on the victim and is asked by way of the survivor: which of them serves lamps'
 * requests follows from the victim's incarnation, so another one is started until it is so. */
static uint64_t find_served(eda_bus *bus)
{
    for (;;) {
        const uint64_t id = find_lamp();
        const uint64_t seen = eda_system_cluster(survivor).seen;

        (void)get(bus, key_of(id, "get"));
        if (eda_system_cluster(survivor).seen > seen) {
            return id;
        }
        bury_victim();
        start_victim();
    }
}

static void get_by_way_of_another_node_is_answered_by_an_error(void **state)
{
    eda_bus *bus = join();
    const uint64_t id = find_served(bus);
    const outsider_got result = get(bus, key_of(id, "die"));

    (void)state;
    assert_int_equal(result.answers, 1);
    assert_true(result.is_error);
    assert_string_equal(result.text,
        "{\"code\":\"EDA_EUNKNOWN\",\"message\":\"the node that had it vanished: the outcome is "
        "unknown\"}");
    bury_victim();
    eda_bus_local.close(bus);
}

static void get_that_the_node_served_itself_ends_without_an_answer(void **state)
{
    eda_bus *bus = join();
    const outsider_got result = get(bus, "anchor/die");

    (void)state;
    assert_int_equal(result.answers, 0);
    assert_int_equal(result.end, EDA_ETIMEOUT); /* Zenoh's is EDA_OK */
    bury_victim();
    eda_bus_local.close(bus);
}

/* --- by the command -------------------------------------------------------------------------- */

/* It ends with that; on its standard error is such a text, or nothing. */
static void run(const char *verb, const char *topic, const char *json, edai_exit code,
    const char *out, const char *err)
{
    cli_result made = cli_run_with("", CLI_WORDS(verb, topic, json));

    if (made.code != code || strcmp(made.out, out) != 0 || strstr(made.err, err) == NULL ||
        (err[0] == '\0' && made.err[0] != '\0')) {
        fail_msg(
            "%s %s ended with %d; out:\n%s\nerr:\n%s", verb, topic, made.code, made.out, made.err);
    }
    cli_drop(&made);
}

static void command_that_asks_is_told_and_answered_afterwards(void **state)
{
    eda_bus *bus = join();
    const uint64_t id = find_served(bus);

    (void)state;
    run("ask", key_of(id, "die"), "{}", EDAI_EXIT_TIMEOUT, "",
        "edacious ask: EDA_EUNKNOWN: the node that had it vanished: the outcome is unknown\n");
    bury_victim();
    run("ask", key_of(id, "get"), "{}", EDAI_EXIT_OK, "{\"is_victims\":false,\"switches\":0}\n",
        "");
    eda_bus_local.close(bus);
}

static void command_that_asked_the_node_itself_is_told_so(void **state)
{
    (void)state;
    run("ask", "anchor/die", "{}", EDAI_EXIT_TIMEOUT, "", "or who was asked vanished");
    bury_victim();
    run("ask", "anchor/die", "{}", EDAI_EXIT_UNREACHABLE, "", "nobody answers anchor/die by ");
}

static void command_that_puts_is_told_nothing(void **state)
{
    const uint64_t id = find_lamp();

    (void)state;
    run("pub", key_of(id, "fall"), "{}", EDAI_EXIT_OK, "", "");
    bury_victim();
    check_anew(id);
}

int main(int argc, char **argv)
{
#define OF_A_DEATH(test_) cmocka_unit_test_setup_teardown(test_, start_both, end_both)
    const struct CMUnitTest tests[] = {
        OF_A_DEATH(ask_of_a_node_that_dies_has_an_unknown_outcome),
        OF_A_DEATH(ask_of_a_node_that_dies_ends_at_its_deadline_if_that_is_earlier),
        OF_A_DEATH(receipt_of_a_node_that_dies_has_an_unknown_outcome),
        OF_A_DEATH(publish_that_was_not_told_of_is_counted_unknown_or_lost),
        OF_A_DEATH(publish_that_had_arrived_is_counted_forwarded),
        OF_A_DEATH(publish_to_a_type_that_died_out_is_counted_unheard),
        OF_A_DEATH(what_waited_for_room_goes_to_the_new_owner),
        OF_A_DEATH(death_is_published_as_suspicion_and_end),
        OF_A_DEATH(get_by_way_of_another_node_is_answered_by_an_error),
        OF_A_DEATH(get_that_the_node_served_itself_ends_without_an_answer),
        OF_A_DEATH(command_that_asks_is_told_and_answered_afterwards),
        OF_A_DEATH(command_that_asked_the_node_itself_is_told_so),
        OF_A_DEATH(command_that_puts_is_told_nothing),
    };
    int failed;

    if (argc == 3 && strcmp(argv[1], "victim") == 0) {
        (void)snprintf(config, sizeof(config), "%s", argv[2]);
        return live_as_victim();
    }
    program = argv[0];
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(config, sizeof(config), "{\"socket\": \"%s/s\"}", folder);
    (void)snprintf(cli_where, sizeof(cli_where), "local:%s/s", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)rmdir(folder);
    return failed;
}
