/* leave.c - giving actors away: all of them when the node leaves, and those that turn out to be
 * another's. */
#include "cluster/node.h"

#include "base/memory.h"

/* Between two looks whether those that were busy are idle now. */
#define AGAIN EDA_MS(1)

/* --- on the workers ------------------------------------------------------------------------ */

/* A look at all workers. */
typedef struct sweep {
    edai_node *node;
    bool is_all;
    const edai_actor_type *of; /* NULL: of all types */
    _Atomic uint32_t *done;    /* raised when it is over; NULL: nobody looks */
    _Atomic uint32_t left;     /* workers that have not looked */
} sweep;

static void end_one(sweep *self)
{
    edai_node *node = self->node;

    if (atomic_fetch_sub_explicit(&self->left, 1, memory_order_acq_rel) == 1) {
        if (self->done != NULL) {
            atomic_fetch_add(self->done, 1);
        }
        edai_free(self);
        atomic_fetch_add(&node->swept, 1);
        node->sys->port->wake(node->sys->port->self, &node->starter);
    }
}

static void on_sweep(edai_worker *worker, void *arg)
{
    sweep *self = arg;

    if (!worker->is_ending) {
        edai_passivate_away(worker, self->of, self->is_all);
    }
    end_one(self);
}

typedef struct sweep_call {
    edai_envelope envelope;
    edai_call call;
    sweep *of;
} sweep_call;

static void on_call(edai_worker *worker, void *arg)
{
    sweep_call *call = arg;
    sweep *of = call->of;

    edai_free(call);
    on_sweep(worker, of);
}

static void post(edai_node *node, uint16_t to, sweep *of)
{
    sweep_call *block = edai_alloc(sizeof(*block));

    if (block == NULL) {
        end_one(of); /* this worker's at the next look */
        return;
    }
    block->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    block->call = (edai_call){.fn = on_call, .arg = block};
    block->of = of;
    edai_worker_post(&node->sys->workers[to], &block->envelope);
}

/* False: out of memory. */
static bool begin(const sweep *what)
{
    edai_node *node = what->node;
    sweep *self = edai_alloc(sizeof(*self));
    uint16_t count = node->sys->worker_count;
    uint16_t i;

    if (self == NULL) {
        return false;
    }
    *self = *what;
    atomic_init(&self->left, count);
    for (i = 0; i < count; i++) {
        post(node, i, self);
    }
    return true;
}

static bool sweep_all(edai_node *node, bool is_all)
{
    const sweep what = {.node = node, .is_all = is_all};

    return begin(&what);
}

bool edai_leave_sweep(edai_node *node, const edai_actor_type *of, _Atomic uint32_t *done)
{
    const sweep what = {.node = node, .of = of, .done = done};

    return begin(&what);
}

static uint64_t count_live(const edai_node *node, bool is_all)
{
    const eda_system *sys = node->sys;
    uint64_t sum = 0;
    uint32_t actor;
    uint32_t i;

    for (actor = 0; actor < sys->actor_count; actor++) {
        const edai_actor_type *type = sys->actors[actor];

        for (i = 0; type->live_at != NULL && i < EDAI_PARTITIONS; i++) {
            uint16_t owner = atomic_load_explicit(&type->owners[i], memory_order_relaxed);

            if (is_all || (owner != EDAI_SELF && owner != EDAI_NOBODY)) {
                sum += atomic_load_explicit(&type->live_at[i], memory_order_relaxed);
            }
        }
    }
    return sum;
}

void edai_leave_strays(edai_node *node)
{
    if (count_live(node, false) > 0 && !sweep_all(node, false)) {
        edai_system_log(node->sys, NULL, "out of memory: actors of other nodes stay a while");
    }
}

uint64_t edai_leave_all(edai_node *node)
{
    const uint64_t count = count_live(node, true);

    if (!sweep_all(node, true)) {
        edai_system_log(node->sys, NULL, "out of memory: actors of a dead incarnation stay");
    }
    return count;
}

/* --- on the thread that stops the system --------------------------------------------------- */

/* Until no activation is left that another node could host, or it is time. */
static void give_away(edai_node *node, int64_t deadline)
{
    eda_system *sys = node->sys;
    const edai_port *port = sys->port;

    while (count_live(node, true) > 0 && edai_system_now(sys) < deadline) {
        uint32_t before = atomic_load(&node->swept);

        if (!sweep_all(node, true)) {
            return;
        }
        while (atomic_load(&node->swept) == before && edai_system_now(sys) < deadline) {
            port->park(port->self, &node->starter, deadline);
        }
        if (count_live(node, true) > 0) {
            port->park(port->self, &node->starter, edai_system_now(sys) + AGAIN);
        }
    }
}

static void on_leave(edai_worker *gateway, void *arg)
{
    edai_node *node = arg;

    (void)gateway;
    if (!node->is_leaving) {
        edai_move_stop(node);
        node->is_leaving = true;
        edai_view_leave(node->view);
        edai_node_tell(node);
    }
}

static void on_farewell(edai_worker *gateway, void *arg)
{
    (void)gateway;
    edai_member_farewell(arg);
}

/* Everybody is told that nothing is here any more, and has said that he knows. */
static void say_farewell(edai_node *node, int64_t deadline)
{
    const edai_port *port = node->sys->port;

    atomic_store(&node->is_known, false);
    if (edai_node_call(node, on_farewell) != EDA_OK) {
        return;
    }
    while (!atomic_load(&node->is_known) && edai_system_now(node->sys) < deadline) {
        port->park(port->self, &node->starter, deadline);
    }
}

void edai_leave(edai_abroad *abroad)
{
    edai_node *node = edai_node_of(abroad);
    int64_t deadline = edai_system_now(node->sys) + EDA_MS(node->sys->options.drain_ms);

    uint32_t nodes = atomic_load_explicit(&node->counts.nodes, memory_order_relaxed);

    if (node->bus == NULL || !atomic_load(&node->is_known)) {
        return;
    }
    edai_clerk_end(node);
    edai_outside_close(node); /* outsiders are the others' from now on */
    if (edai_node_call(node, on_leave) != EDA_OK) {
        edai_system_log(node->sys, NULL, "out of memory: the others are not told that it leaves");
        return;
    }
    if (nodes > 1) {
        give_away(node, deadline);
        say_farewell(node, deadline);
    }
}
