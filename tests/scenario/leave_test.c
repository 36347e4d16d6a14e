/* leave_test.c - what the others tell of a node that leaves well: that it is leaving, and that it
 * is gone. */
#include <edacious/edacious.h>

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nodes.h"

#define PATIENCE_MS 60000u
#define NETWORK "{\"network\": \"leave\"}"
#define CHANGES_MAX 8u

static eda_node_state changes[CHANGES_MAX]; /* of the node "leaver", as the watcher saw them */
static uint32_t change_count;
static sem_t is_down;

typedef struct watcher {
    uint32_t nodes;
} watcher;

static void watcher_on_change(watcher *self, const eda_node_change *change)
{
    self->nodes = change->nodes;
    if (change_count == CHANGES_MAX || !eda_str_equal(change->node, EDA_STR("leaver"))) {
        return;
    }
    changes[change_count++] = change->state;
    if (change->state == EDA_NODE_DOWN) {
        assert_int_equal(sem_post(&is_down), 0);
    }
}

EDA_ACTOR(watcher, eda_none, options(.scope = EDA_SCOPE_NODE),
    on(eda_node_change, watcher_on_change));

static void node_that_leaves_well_is_told_as_leaving_and_gone(void **state)
{
    static const eda_node_state expected[] = {EDA_NODE_UP, EDA_NODE_LEAVING, EDA_NODE_DOWN};
    eda_system *sys = nodes_make("stayer", NETWORK, 1);
    eda_system *leaver = nodes_make("leaver", NETWORK, 1);

    (void)state;
    assert_int_equal(sem_init(&is_down, 0, 0), 0);
    MUST(sys, eda_add(sys, EDA_WITH(watcher)));
    MUST(sys, eda_system_start(sys));
    MUST(leaver, eda_system_start(leaver));
    MUST(sys, eda_cluster_wait_nodes(sys, 2, PATIENCE_MS));
    eda_system_free(leaver);
    while (sem_wait(&is_down) != 0) { /* interrupted */
    }
    MUST(sys, eda_cluster_wait_idle(sys, PATIENCE_MS));
    assert_int_equal(change_count, sizeof(expected) / sizeof(expected[0]));
    assert_memory_equal(changes, expected, sizeof(expected));
    eda_system_free(sys);
    assert_int_equal(sem_destroy(&is_down), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(node_that_leaves_well_is_told_as_leaving_and_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
