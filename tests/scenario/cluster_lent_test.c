/* cluster_lent_test.c - large messages from another node that wait in a mailbox: they refer to what
 * was received, as far as may be kept for that, and are copied beyond it. */
#include <edacious/edacious.h>

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"
#include "cluster/node.h"
#include "nodes.h"

#define PATIENCE_MS 120000u
#define NETWORK "{\"network\": \"lent\"}"
#define BALE_SIZE ((size_t)1000 << 10)
#define BALES 80u

_Static_assert(BALES *BALE_SIZE > EDAI_INTAKE_LENT_MAX + 8 * BALE_SIZE, "some are to be copied");

EDA_MESSAGE(bale_sent, "bale/sent", .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (uint32_t, number), (eda_bytes, payload));

static sem_t gate; /* the first bale waits here, and the others in the mailbox */
static atomic_uint handled;
static atomic_uint broken;

static void pass_gate(void *arg)
{
    (void)arg;
    while (sem_wait(&gate) != 0) { /* interrupted */
    }
}

typedef struct shed {
    uint32_t count;
} shed;

static eda_status shed_on_bale(shed *self, const bale_sent *bale, eda_ctx *ctx)
{
    bool is_whole = bale->number == self->count && bale->payload.len == BALE_SIZE;

    if (self->count == 0) {
        EDA_TRY(eda_blocking(ctx, pass_gate, NULL));
    }
    for (size_t i = 0; is_whole && i < BALE_SIZE; i++) {
        is_whole = bale->payload.ptr[i] == (uint8_t)(bale->number + i / 4096);
    }
    self->count++;
    atomic_fetch_add(&broken, is_whole ? 0 : 1);
    atomic_fetch_add(&handled, 1);
    return EDA_OK;
}

EDA_ACTOR(shed, eda_none, on(bale_sent, shed_on_bale));

static void send_all(eda_system *near)
{
    static uint8_t bytes[BALE_SIZE];

    for (uint32_t number = 0; number < BALES; number++) {
        for (size_t i = 0; i < BALE_SIZE; i++) {
            bytes[i] = (uint8_t)(number + i / 4096);
        }
        MUST(near, eda_publish(eda_system_client(near),
                       EDA_MSG(bale_sent, .number = number, .payload = {bytes, BALE_SIZE}), NULL));
    }
}

static size_t lent_by(eda_system *sys)
{
    return atomic_load(&edai_node_of(sys->abroad)->intake.lent_size);
}

static void messages_that_wait_keep_so_much_of_batches_and_are_copied_beyond(void **state)
{
    eda_system *near = nodes_make("near", NETWORK, 1);
    eda_system *far = nodes_make("far", NETWORK, 2);

    (void)state;
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    nodes_trust(near);
    nodes_trust(far);
    MUST(near, eda_declare(near, &eda_type_bale_sent));
    MUST(far, eda_add(far, EDA_WITH(shed)));
    MUST(near, eda_system_start(near));
    MUST(far, eda_system_start(far));
    MUST(near, eda_cluster_wait_nodes(near, 2, PATIENCE_MS));
    send_all(near);
    while (eda_system_cluster(far).arrived < BALES) {
        edai_thread_yield();
    }
    assert_int_equal(atomic_load(&handled), 0);
    assert_in_range(lent_by(far), EDAI_INTAKE_LENT_MAX / 2, EDAI_INTAKE_LENT_MAX + BALE_SIZE);
    assert_int_equal(sem_post(&gate), 0);
    MUST(near, eda_cluster_wait_idle(near, PATIENCE_MS));
    assert_int_equal(atomic_load(&handled), BALES);
    assert_int_equal(atomic_load(&broken), 0);
    while (lent_by(far) > 0) { /* given back by whoever frees the message */
        edai_thread_yield();
    }
    nodes_check_accounts(near);
    nodes_check_accounts(far);
    eda_system_free(near);
    eda_system_free(far);
    assert_int_equal(sem_destroy(&gate), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_that_wait_keep_so_much_of_batches_and_are_copied_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
