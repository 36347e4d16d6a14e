/* pumped_node_test.c - a node without threads of its own: whoever steps it, or waits in it, does so
 * in time for what it has to tell the others. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nodes.h"

#define PATIENCE_MS 60000u
#define HELLO_MS 500u /* docs/wire.md: a hello twice a second */

EDA_MESSAGE(tick, "tick");

typedef struct counter {
    uint32_t count;
} counter;

static void counter_on_tick(counter *self, const tick *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(counter, eda_none, on(tick, counter_on_tick));

static eda_system *start(const char *network)
{
    eda_system *sys = nodes_make_pumped("pumped", network);

    MUST(sys, eda_add(sys, EDA_WITH(counter)));
    MUST(sys, eda_system_start(sys));
    return sys;
}

static void step_tells_when_the_next_hello_is_due(void **state)
{
    eda_system *sys = start("{\"network\": \"pumped hello\"}");
    uint32_t wait_ms = EDA_FOREVER;
    uint32_t i;

    (void)state;
    for (i = 0; i < 10; i++) {
        (void)eda_system_step(sys, 0, &wait_ms);
        assert_true(wait_ms <= HELLO_MS);
    }
    eda_system_free(sys);
}

/* It is not idle when it looks first: then it looks again later, by a timer of the node's. */
static void waiting_for_idleness_looks_again(void **state)
{
    eda_system *sys = start("{\"network\": \"pumped idle\"}");

    (void)state;
    MUST(sys, eda_publish(eda_system_client(sys), EDA_MSG(tick), NULL));
    MUST(sys, eda_cluster_wait_idle(sys, PATIENCE_MS));
    assert_int_equal(eda_system_counts(sys, "tick", "counter").handled, 1);
    eda_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_tells_when_the_next_hello_is_due),
        cmocka_unit_test(waiting_for_idleness_looks_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
