/* cluster_bytes_test.c - large messages between nodes, over a bus that keeps and is given memory:
 * they arrive whole, also where they wait, and all memory comes back. */
#include <edacious/edacious.h>

#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nodes.h"

#define PATIENCE_MS 120000u
#define NETWORK "{\"network\": \"bytes\"}"
#define LARGEST ((size_t)1000 << 10)
#define ROUNDS 8u

EDA_MESSAGE(load_sent, "load/sent", .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (uint32_t, number), (eda_str, name), (eda_bytes, payload));
EDA_MESSAGE(load_go, "load/go", (uint32_t, number));

static const size_t sizes[] = {0, 100, 9000, 20000, 70000, 300000, LARGEST};
#define SIZES_LEN (sizeof(sizes) / sizeof(sizes[0]))
static uint8_t bytes[LARGEST];

static uint8_t byte_of(uint32_t number, size_t at)
{
    return (uint8_t)(at * 31 + at / 4093 + number);
}

/* --- the bus, counted ------------------------------------------------------------------------ */

static atomic_uint given; /* pieces that the bus took */
static atomic_uint kept;
static atomic_uint kept_released;

static eda_status counting_put_pieces(
    eda_bus *bus, const eda_bus_message *message, const eda_bus_piece *pieces, size_t count)
{
    eda_status status = eda_bus_inproc.put_pieces(bus, message, pieces, count);

    if (status == EDA_OK) {
        atomic_fetch_add(&given, (unsigned)count);
    }
    return status;
}

static void *counting_keep(eda_bus *bus, const eda_bus_message *message)
{
    atomic_fetch_add(&kept, 1);
    return eda_bus_inproc.keep(bus, message);
}

static void counting_release(void *what)
{
    atomic_fetch_add(&kept_released, 1);
    eda_bus_inproc.release(what);
}

static eda_system *make_node(const char *name, const eda_bus_driver *driver)
{
    const eda_options options = {.name = name,
        .bus_driver = driver,
        .bus_config = NETWORK,
        .log = nodes_quiet,
        .drain_ms = 1,
        .workers = 2};
    eda_system *sys = NULL;

    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    return sys;
}

/* --- actors ---------------------------------------------------------------------------------- */

typedef struct crane {
    uint32_t count;
} crane;

static eda_status crane_on_go(crane *self, const load_go *cmd, eda_ctx *ctx)
{
    const size_t size = sizes[cmd->number % SIZES_LEN];

    self->count++;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = byte_of(cmd->number, i);
    }
    return eda_publish(ctx,
        EDA_MSG(
            load_sent, .number = cmd->number, .name = EDA_STR("a load"), .payload = {bytes, size}),
        NULL);
}

EDA_ACTOR(crane, eda_none, emits(load_sent), on(load_go, crane_on_go));

static sem_t gate; /* the first of each ship waits here, so that the others wait for it */
static atomic_uint handled;
static atomic_uint broken;

static void pass_gate(void *arg)
{
    (void)arg;
    while (sem_wait(&gate) != 0) { /* interrupted */
    }
}

static eda_status take(uint32_t *count, const load_sent *load, eda_ctx *ctx)
{
    bool is_whole = load->number == *count && load->payload.len == sizes[*count % SIZES_LEN] &&
                    eda_str_equal(load->name, EDA_STR("a load"));

    if (*count == 0) {
        EDA_TRY(eda_blocking(ctx, pass_gate, NULL));
    }
    for (size_t i = 0; is_whole && i < load->payload.len; i++) {
        is_whole = load->payload.ptr[i] == byte_of(load->number, i);
    }
    ++*count;
    atomic_fetch_add(&broken, is_whole ? 0 : 1);
    atomic_fetch_add(&handled, 1);
    return EDA_OK;
}

#define SHIP(name_)                                                                                \
    typedef struct name_ {                                                                         \
        uint32_t count;                                                                            \
    } name_;                                                                                       \
                                                                                                   \
    static eda_status name_##_on_load(name_ *self, const load_sent *load, eda_ctx *ctx)            \
    {                                                                                              \
        return take(&self->count, load, ctx);                                                      \
    }                                                                                              \
                                                                                                   \
    EDA_ACTOR(name_, eda_none, options(.mailbox_len_max = 4), on(load_sent, name_##_on_load));

SHIP(tanker)
SHIP(barge)

/* --- tests ----------------------------------------------------------------------------------- */

typedef struct port {
    eda_system *near;
    eda_system *far;
} port;

static void begin(port *self, const eda_bus_driver *driver)
{
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    atomic_store(&handled, 0);
    atomic_store(&broken, 0);
    atomic_store(&given, 0);
    atomic_store(&kept, 0);
    atomic_store(&kept_released, 0);
    self->near = make_node("near", driver);
    self->far = make_node("far", driver);
    MUST(self->near, eda_add(self->near, EDA_WITH(crane)));
    MUST(self->far, eda_add(self->far, EDA_WITH(tanker)));
    MUST(self->far, eda_add(self->far, EDA_WITH(barge)));
    MUST(self->near, eda_system_start(self->near));
    MUST(self->far, eda_system_start(self->far));
    MUST(self->near, eda_cluster_wait_nodes(self->near, 2, PATIENCE_MS));
}

static void send_all(const port *self)
{
    eda_ctx *client = eda_system_client(self->near);

    for (uint32_t i = 0; i < ROUNDS * SIZES_LEN; i++) {
        MUST(self->near, eda_publish_wait(client, EDA_MSG(load_go, .number = i), PATIENCE_MS));
    }
}

static void end(const port *self)
{
    eda_system_free(self->near);
    eda_system_free(self->far);
    assert_int_equal(sem_destroy(&gate), 0);
    assert_int_equal(atomic_load(&kept), atomic_load(&kept_released));
}

static void check_exchange(const eda_bus_driver *driver)
{
    port self;

    begin(&self, driver);
    send_all(&self);
    assert_int_equal(sem_post(&gate), 0);
    assert_int_equal(sem_post(&gate), 0);
    MUST(self.near, eda_cluster_wait_idle(self.near, PATIENCE_MS));
    assert_int_equal(atomic_load(&handled), SIZES_LEN * ROUNDS * 2);
    assert_int_equal(atomic_load(&broken), 0);
    nodes_check_accounts(self.near);
    nodes_check_accounts(self.far);
    end(&self);
}

static eda_bus_driver counting(void)
{
    eda_bus_driver driver = eda_bus_inproc;

    driver.put_pieces = counting_put_pieces;
    driver.keep = counting_keep;
    driver.release = counting_release;
    return driver;
}

static void large_messages_arrive_whole_without_copies_on_the_bus(void **state)
{
    const eda_bus_driver driver = counting();

    (void)state;
    check_exchange(&driver);
    assert_true(atomic_load(&given) > 0);
    assert_true(atomic_load(&kept) > 0);
}

static void large_messages_arrive_whole_over_a_bus_that_copies(void **state)
{
    eda_bus_driver driver = eda_bus_inproc;

    (void)state;
    driver.put_pieces = NULL;
    driver.keep = NULL;
    driver.release = NULL;
    check_exchange(&driver);
}

/* Some wait in mailboxes, some on the way. */
static void large_messages_that_are_never_handled_are_given_back(void **state)
{
    const eda_bus_driver driver = counting();
    port self;

    (void)state;
    begin(&self, &driver);
    send_all(&self);
    while (atomic_load(&kept) == 0) {
        (void)sched_yield();
    }
    assert_int_equal(sem_post(&gate), 0);
    assert_int_equal(sem_post(&gate), 0);
    eda_system_stop(self.far);
    eda_system_stop(self.near);
    end(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_messages_arrive_whole_without_copies_on_the_bus),
        cmocka_unit_test(large_messages_arrive_whole_over_a_bus_that_copies),
        cmocka_unit_test(large_messages_that_are_never_handled_are_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
