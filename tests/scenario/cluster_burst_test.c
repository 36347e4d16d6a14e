/* cluster_burst_test.c - one turn that alone fills the way to another node, by messages and by
 * bytes: what finds no room waits, and all of it arrives in order. Nobody is held back where one
 * worker publishes, on whose seat the gateway then always is; on another seat whoever publishes is.
 */
#include <edacious/edacious.h>

#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/link.h"
#include "nodes.h"

#define PATIENCE_MS 120000u
#define HELD_MS 50u
#define PUBLISHES 4096u /* the most of one turn */
#define CRATE_SIZE 4200u

EDA_MESSAGE(burst_go, "burst/go", (bool, is_large));
EDA_MESSAGE(bead_sent, "bead/sent", .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (uint32_t, number));
EDA_MESSAGE(crate_sent, "crate/sent", .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (uint32_t, number), (eda_str, filling));
EDA_RECORD(burst_state, (uint32_t, turns));
EDA_REQUEST(burst_get, burst_state, "burst/get");

/* --- who publishes ------------------------------------------------------------------------- */

typedef struct burst {
    uint32_t turns;
} burst;

static eda_status burst_on_go(burst *self, const burst_go *cmd, eda_ctx *ctx)
{
    static char filling[CRATE_SIZE];
    uint32_t i;

    self->turns++;
    memset(filling, 'x', sizeof(filling));
    for (i = 1; i <= PUBLISHES; i++) {
        if (cmd->is_large) {
            EDA_TRY(eda_publish(ctx,
                EDA_MSG(crate_sent, .number = i, .filling = {filling, sizeof(filling)}), NULL));
        } else {
            EDA_TRY(eda_publish(ctx, EDA_MSG(bead_sent, .number = i), NULL));
        }
    }
    return EDA_OK;
}

static void burst_on_get(burst *self, const burst_get *request, burst_state *reply)
{
    (void)request;
    reply->turns = self->turns;
}

EDA_ACTOR(burst, eda_none, emits(bead_sent), emits(crate_sent), on(burst_go, burst_on_go),
    answers(burst_get, burst_on_get));

/* The same on a seat of its own. */
typedef burst barker;

EDA_ACTOR(barker, eda_none, dedicated_thread, scope(node), emits(crate_sent),
    on(burst_go, burst_on_go), answers(burst_get, burst_on_get));

/* --- who gets it --------------------------------------------------------------------------- */

static sem_t gate; /* whoever handles first waits for it: then the rest finds no room */
static atomic_bool is_waiting;
static atomic_uint handled;
static atomic_uint disorders;

static void pass_gate(void *arg)
{
    (void)arg;
    while (sem_wait(&gate) != 0) { /* interrupted */
    }
}

static eda_status take(uint32_t *count, uint32_t number, eda_ctx *ctx)
{
    atomic_fetch_add(&handled, 1);
    if (number != ++*count) {
        atomic_fetch_add(&disorders, 1);
    }
    return atomic_exchange(&is_waiting, true) ? EDA_OK : eda_blocking(ctx, pass_gate, NULL);
}

/* Each bead is for every stringer: so one turn sends more than EDAI_LINK_WINDOW. */
#define STRINGER(name_)                                                                            \
    typedef struct name_ {                                                                         \
        uint32_t count;                                                                            \
    } name_;                                                                                       \
                                                                                                   \
    static eda_status name_##_on_bead(name_ *self, const bead_sent *bead, eda_ctx *ctx)            \
    {                                                                                              \
        return take(&self->count, bead->number, ctx);                                              \
    }                                                                                              \
                                                                                                   \
    EDA_ACTOR(name_, eda_none, options(.mailbox_len_max = 16), on(bead_sent, name_##_on_bead));

/* clang-format off */
#define STRINGERS(X_) \
    X_(red) X_(pink) X_(rose) X_(rust) X_(gold) X_(sand) X_(lime) X_(moss) X_(jade) X_(teal) X_(cyan) X_(blue) \
    X_(navy) X_(plum) X_(lilac) X_(mauve) X_(grey) X_(snow) X_(bone) X_(onyx) X_(ruby) X_(opal) X_(fawn) X_(tan)
/* clang-format on */

STRINGERS(STRINGER)

#define STRINGER_COUNT 24u

typedef struct loader {
    uint32_t count;
} loader;

static eda_status loader_on_crate(loader *self, const crate_sent *crate, eda_ctx *ctx)
{
    assert_int_equal(crate->filling.len, CRATE_SIZE);
    return take(&self->count, crate->number, ctx);
}

EDA_ACTOR(loader, eda_none, options(.mailbox_len_max = 16), on(crate_sent, loader_on_crate));

/* --- the turn ------------------------------------------------------------------------------ */

static void add_stringers(eda_system *sys)
{
#define ADD(name_) MUST(sys, eda_add(sys, EDA_WITH(name_)));
    STRINGERS(ADD)
#undef ADD
}

/* The counts of a node on which so many deliveries were handled, and passed on to the other. */
static void check_counts(eda_system *sys, uint64_t forwarded)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);

    nodes_check_accounts(sys);
    assert_int_equal(counts.shed + counts.lost + counts.unknown + counts.failed, 0);
    assert_int_equal(counts.expired + counts.dead + counts.stopped, 0);
    assert_int_equal(counts.forwarded, forwarded);
}

/* One turn of `near` sends `total` messages; from `full` on the way to `far` is. */
static void burst_once(
    eda_system *near, eda_system *far, bool is_large, uint64_t total, uint64_t full)
{
    eda_ctx *client = eda_system_client(near);
    const burst_state *state = NULL;

    MUST(near, eda_publish_wait(client, EDA_MSG(burst_go, .is_large = is_large), PATIENCE_MS));
    while (eda_system_cluster(near).sent < full) {
        (void)sched_yield();
    }
    /* Were it held back, its next turn would begin when the way is free. */
    MUST(near, eda_ask(client, EDA_ASK(burst_get, &state), PATIENCE_MS));
    assert_int_equal(state->turns, 1);
    assert_true(eda_system_cluster(near).sent < total); /* the rest waits for room */
    assert_int_equal(sem_post(&gate), 0);
    MUST(near, eda_cluster_wait_idle(near, PATIENCE_MS));
    check_counts(near, total);
    check_counts(far, 0);
    assert_int_equal(atomic_load(&handled), total);
    assert_int_equal(atomic_load(&disorders), 0);
}

static void start_both(eda_system *near, eda_system *far, eda_added publisher)
{
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    atomic_store(&is_waiting, false);
    atomic_store(&handled, 0);
    atomic_store(&disorders, 0);
    nodes_trust(near);
    nodes_trust(far);
    MUST(near, eda_add(near, publisher));
    MUST(near, eda_system_start(near));
    MUST(far, eda_system_start(far));
    MUST(near, eda_cluster_wait_nodes(near, 2, PATIENCE_MS));
}

static void end_both(eda_system *near, eda_system *far)
{
    eda_system_free(near);
    eda_system_free(far);
    assert_int_equal(sem_destroy(&gate), 0);
}

static void turn_of_more_messages_than_a_link_holds_loses_none(void **state)
{
    eda_system *near = nodes_make("near", "{\"network\": \"beads\"}", 1);
    eda_system *far = nodes_make("far", "{\"network\": \"beads\"}", 2);

    (void)state;
    add_stringers(far);
    start_both(near, far, EDA_WITH(burst));
    burst_once(near, far, false, (uint64_t)PUBLISHES * STRINGER_COUNT,
        EDAI_LINK_WINDOW - STRINGER_COUNT + 1);
    end_both(near, far);
}

static void turn_of_more_bytes_than_a_link_holds_loses_none(void **state)
{
    eda_system *near = nodes_make("near", "{\"network\": \"crates\"}", 1);
    eda_system *far = nodes_make("far", "{\"network\": \"crates\"}", 2);

    (void)state;
    _Static_assert(
        (size_t)PUBLISHES * CRATE_SIZE > EDAI_LINK_SIZE_MAX, "more than may be under way");
    MUST(far, eda_add(far, EDA_WITH(loader)));
    start_both(near, far, EDA_WITH(burst));
    burst_once(near, far, true, PUBLISHES, EDAI_LINK_SIZE_EASY / CRATE_SIZE);
    end_both(near, far);
}

static void turn_on_another_seat_is_held_back_until_all_has_room(void **state)
{
    eda_system *near = nodes_make("near", "{\"network\": \"barks\"}", 1);
    eda_system *far = nodes_make("far", "{\"network\": \"barks\"}", 2);
    const burst_state *reply = NULL;
    eda_ctx *client;

    (void)state;
    MUST(far, eda_add(far, EDA_WITH(loader)));
    start_both(near, far, EDA_WITH(barker));
    client = eda_system_client(near);
    MUST(near, eda_publish_wait(client, EDA_MSG(burst_go, .is_large = true), PATIENCE_MS));
    assert_int_equal(
        eda_ask(client, EDA_ASK(burst_get, &reply), HELD_MS), EDA_ETIMEOUT); /* no turn begins */
    assert_int_equal(sem_post(&gate), 0);
    MUST(near, eda_ask(client, EDA_ASK(burst_get, &reply), PATIENCE_MS));
    assert_int_equal(reply->turns, 1);
    MUST(near, eda_cluster_wait_idle(near, PATIENCE_MS));
    nodes_check_accounts(near);
    nodes_check_accounts(far);
    assert_int_equal(atomic_load(&handled), PUBLISHES);
    assert_int_equal(atomic_load(&disorders), 0);
    end_both(near, far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turn_of_more_messages_than_a_link_holds_loses_none),
        cmocka_unit_test(turn_of_more_bytes_than_a_link_holds_loses_none),
        cmocka_unit_test(turn_on_another_seat_is_held_back_until_all_has_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
