/* client_model_test.c - what clients share with workers, in every order of a few small threads: a
 * receipt that is waited for has counted every delivery, an admission is not missed, an ask gets
 * its own reply or none.
 *
 * Thread 0 is the client, the others are workers that end one delivery, or answer, after another.
 * Between them stand stubs of publishing: a delivery is a token for its worker. */
#define EDAI_HAS_PLANTED 1

#include "explore.h"

#include "base/memory.h"
#include "core/ask.h"
#include "core/publish.h"
#include "core/system.h"

static void *pool_calloc(size_t count, size_t size);
static void *pool_realloc(void *block, size_t size);
static eda_status make_chain(
    edai_envelope **ret_first, edai_envelope **ret_last, edai_receipt *receipt);
static eda_status make_request(edai_envelope **ret_envelope, uint64_t ask_seq);
static void deliver(edai_worker *to, edai_envelope *envelope);
static uint16_t owner_of(const edai_envelope *envelope);
static void drop(edai_envelope *envelope);
static eda_status read_reply(edai_envelope *envelope, const void **ret_reply);

#define edai_calloc pool_calloc
#define edai_realloc pool_realloc
#define edai_publish_make(ctx_, msg_, data_, extras_, first_, last_)                               \
    ((void)(data_), make_chain((first_), (last_), (extras_)->receipt))
#define edai_publish_one(ctx_, route_, data_, extras_, envelope_)                                  \
    make_request((envelope_), (extras_)->ask_seq)
#define edai_worker_post(worker_, envelope_) deliver((worker_), (envelope_))
#define edai_publish_owner(sys_, envelope_) ((void)(sys_), owner_of(envelope_))
#define edai_envelope_free(sys_, worker_, envelope_) drop(envelope_)
#define edai_worker_free(worker_, envelope_) drop(envelope_)
#define edai_ask_result(ctx_, envelope_, reply_) read_reply((envelope_), (reply_))
#include "core/client.c" /* NOLINT(bugprone-suspicious-include): the production code, compiled for the explorer */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

edai_fault edai_planted;

#define WORKERS_MAX 2u
#define ROUNDS_MAX 2u

typedef enum what {
    RECEIPTS,
    ADMISSIONS,
    ASKS
} what;

/* One delivery or request, with its reply in the same block. */
typedef struct block {
    edai_envelope envelope;
    edai_ext ext;
    edai_rest rest;
    edai_reply reply;
    uint64_t answer;
    uint64_t dropped;
} block;

static what asked;
static unsigned worker_count;
static unsigned round_count;
static eda_system sys;
static edai_worker workers[WORKERS_MAX];
static edai_waiter waiters[ROUNDS_MAX][WORKERS_MAX]; /* a token: the delivery is there */
static edai_client client;
static edai_route route;
static edai_msg msg;
static eda_type type;
static edai_tally tallies[2];
static block blocks[ROUNDS_MAX][WORKERS_MAX];
static unsigned round_now;
static edai_receipt *receipt_slots[ROUNDS_MAX];
/* Of a receipt each; so large because client.c makes clients by the same call. */
static _Alignas(16) unsigned char memory[ROUNDS_MAX][sizeof(edai_client)];
static edai_receipt *receipts[ROUNDS_MAX];
static uint64_t handled[ROUNDS_MAX][WORKERS_MAX];
static uint64_t sequences[ROUNDS_MAX];
static eda_status outcomes[WORKERS_MAX];

static void *pool_calloc(size_t count, size_t size)
{
    explore_check(count * size == sizeof(edai_receipt), "only receipts are made");
    return memory[round_now];
}

static void *pool_realloc(void *old, size_t size)
{
    (void)old;
    explore_check(size <= sizeof(receipt_slots), "a receipt a publish");
    return receipt_slots;
}

static eda_status make_chain(
    edai_envelope **ret_first, edai_envelope **ret_last, edai_receipt *receipt)
{
    unsigned i;

    receipts[round_now] = receipt;
    for (i = 0; i < worker_count; i++) {
        block *made = &blocks[round_now][i];

        made->envelope = (edai_envelope){.route = &route,
            .flags = EDAI_HAS_EXT | EDAI_HAS_REST,
            .identity = i,
            .next = i + 1 < worker_count ? &blocks[round_now][i + 1].envelope : NULL};
        made->ext = (edai_ext){.receipt = receipt};
    }
    *ret_first = &blocks[round_now][0].envelope;
    *ret_last = &blocks[round_now][worker_count - 1].envelope;
    return EDA_OK;
}

static eda_status make_request(edai_envelope **ret_envelope, uint64_t ask_seq)
{
    block *made = &blocks[round_now][0];

    made->envelope = (edai_envelope){.route = &route};
    sequences[round_now] = ask_seq;
    *ret_envelope = &made->envelope;
    return EDA_OK;
}

static void deliver(edai_worker *to, edai_envelope *envelope)
{
    (void)envelope;
    explore_port()->wake(NULL, &waiters[round_now][to - workers]);
}

static uint16_t owner_of(const edai_envelope *envelope)
{
    return (uint16_t)(envelope->identity + (asked == ASKS ? round_now % worker_count : 0));
}

static void drop(edai_envelope *envelope)
{
    explore_check(((block *)(void *)envelope)->dropped++ == 0, "a reply is freed once");
}

static eda_status read_reply(edai_envelope *envelope, const void **ret_reply)
{
    block *from = (block *)(void *)envelope;

    explore_check(from == &blocks[round_now][0], "an ask gets its own reply");
    explore_check(from->answer == 100 + round_now, "a reply is read when it is written");
    *ret_reply = &from->answer;
    return EDA_OK;
}

static void reset(void)
{
    unsigned i;

    memset(&client, 0, sizeof(client));
    memset(memory, 0, sizeof(memory));
    memset(blocks, 0, sizeof(blocks));
    memset(handled, 0, sizeof(handled));
    memset(waiters, 0, sizeof(waiters));
    memset(tallies, 0, sizeof(tallies));
    type = (eda_type){.name = "model", .overflow = asked == ADMISSIONS ? EDA_WAIT : EDA_REJECT};
    msg = (edai_msg){.type = &type, .responder = &route, .nobody = &route};
    route = (edai_route){.msg = &msg};
    sys.magic = EDAI_SYSTEM_MAGIC;
    sys.port = explore_port();
    sys.workers = workers;
    sys.phase = EDAI_RUNNING;
    sys.options.wait_ms = 1;
    client.ctx = (eda_ctx){
        .magic = EDAI_CTX_MAGIC, .kind = EDAI_CTX_CLIENT, .sys = &sys, .error = client.error};
    client.tallies = tallies;
    for (i = 0; i < WORKERS_MAX; i++) {
        workers[i].port = explore_port();
        workers[i].sys = &sys;
    }
    round_now = 0;
}

/* --- receipts and admissions -------------------------------------------------------------- */

static eda_status not_ok(void)
{
    unsigned i;

    for (i = 0; i < worker_count; i++) {
        if (outcomes[i] != EDA_OK) {
            return outcomes[i];
        }
    }
    return EDA_OK;
}

static void wait_for_receipt(eda_receipt receipt)
{
    eda_status status = eda_wait(&client.ctx, receipt, 1);
    unsigned i;

    if (status == EDA_ETIMEOUT) {
        while ((status = eda_wait(&client.ctx, receipt, EDA_FOREVER)) == EDA_ETIMEOUT) {
        }
    }
    explore_check(status == not_ok(), "what did not go well is told");
    for (i = 0; i < worker_count; i++) {
        explore_check(handled[round_now][i] == 1, "every delivery has ended");
    }
}

static void publish(void)
{
    for (; round_now < round_count; round_now++) {
        eda_receipt receipt = {.id = 0};
        eda_status status =
            edai_client_publish(&client, &msg, NULL, asked == RECEIPTS ? &receipt : NULL);
        unsigned i;

        if (asked == RECEIPTS) {
            explore_check(status == EDA_OK, "published");
            wait_for_receipt(receipt);
            continue;
        }
        explore_check(
            worker_count > 1 || status == (outcomes[0] == EDA_ESHED ? EDA_EFULL : outcomes[0]),
            "a refusal is told");
        for (i = 0; i < worker_count; i++) {
            explore_check(handled[round_now][i] == 1, "every receiver has decided");
        }
    }
}

static void work(unsigned worker)
{
    unsigned round;

    for (round = 0; round < round_count; round++) {
        explore_port()->park(NULL, &waiters[round][worker], EDAI_NO_DEADLINE);
        handled[round][worker] = 1;
        if (asked == RECEIPTS) {
            edai_receipt_end(receipts[round], outcomes[worker]);
        } else {
            edai_client_admitted(blocks[round][worker].rest.held_client, outcomes[worker]);
        }
    }
}

/* --- asks --------------------------------------------------------------------------------- */

static void ask(void)
{
    for (; round_now < round_count; round_now++) {
        const void *reply = NULL;
        eda_request request = {.ret_reply = &reply};
        eda_status status = edai_client_ask(&client, &msg, request, 1);

        explore_check(status == EDA_OK || status == EDA_ETIMEOUT, "a reply or none");
    }
    drop_reply(&client);
}

static void answer(unsigned worker)
{
    unsigned round;

    for (round = worker; round < round_count; round += worker_count) {
        block *at = &blocks[round][0];

        explore_port()->park(NULL, &waiters[round][worker], EDAI_NO_DEADLINE);
        *(edai_reply *)edai_envelope_body(&at->envelope) =
            (edai_reply){.client = &client, .ask_seq = sequences[round]};
        at->answer = 100 + round;
        edai_client_answer(&workers[worker], &at->envelope);
    }
}

static void finish(void)
{
    unsigned i;

    for (i = 0; asked == ASKS && i < round_count; i++) {
        explore_check(blocks[i][0].dropped == 1, "every reply is freed");
    }
}

static void run(unsigned thread)
{
    if (thread > 0) {
        (asked == ASKS ? answer : work)(thread - 1);
    } else {
        (asked == ASKS ? ask : publish)();
    }
}

static explore_result explore_clients(
    const char *name, what subject, unsigned rounds, unsigned given, explore_fault fault)
{
    explore_model model = {.thread_count = given + 1,
        .reset = reset,
        .run = run,
        .finish = finish,
        .late_max = subject == ADMISSIONS ? 0 : 1,
        .fault = fault};
    explore_result result;

    asked = subject;
    worker_count = given;
    round_count = rounds;
    result = explore(&model);
    explore_print("weak memory", name, &result);
    return result;
}

/* --- sound -------------------------------------------------------------------------------- */

static void receipt_in_every_schedule_waits_for_all(void **state)
{
    static const eda_status all[][WORKERS_MAX] = {
        {EDA_OK, EDA_OK}, {EDA_OK, EDA_EFAILED}, {EDA_ESHED, EDA_OK}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        memcpy(outcomes, all[i], sizeof(outcomes));
        assert_null(
            explore_clients("receipt of 2 deliveries", RECEIPTS, 1, 2, EXPLORE_SOUND).failure);
    }
    memset(outcomes, 0, sizeof(outcomes));
    assert_null(explore_clients("receipts of 2 publishes", RECEIPTS, 2, 1, EXPLORE_SOUND).failure);
}

static void admission_in_every_schedule_is_waited_for(void **state)
{
    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    assert_null(explore_clients("2 admissions", ADMISSIONS, 1, 2, EXPLORE_SOUND).failure);
    outcomes[0] = EDA_ESHED;
    assert_null(explore_clients("a refusal, twice", ADMISSIONS, 2, 1, EXPLORE_SOUND).failure);
}

static void ask_in_every_schedule_gets_its_reply_or_none(void **state)
{
    (void)state;
    assert_null(explore_clients("2 asks of 1 worker", ASKS, 2, 1, EXPLORE_SOUND).failure);
    assert_null(explore_clients("2 asks of 2 workers", ASKS, 2, 2, EXPLORE_SOUND).failure);
}

/* --- mutations: each must be found -------------------------------------------------------- */

static void receipt_with_weak_orders_is_found_out(void **state)
{
    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    assert_non_null(explore_clients("receipt", RECEIPTS, 1, 1, EXPLORE_RELAXED_RELEASE).failure);
    assert_non_null(explore_clients("receipt", RECEIPTS, 1, 1, EXPLORE_RELAXED_ACQUIRE).failure);
}

static void receipt_counted_while_handed_over_is_found_out(void **state)
{
    explore_result result;

    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    edai_planted = EDAI_FAULT_EARLY_RECEIPT;
    result = explore_clients("receipt of 2 deliveries", RECEIPTS, 1, 2, EXPLORE_SOUND);
    edai_planted = EDAI_FAULT_NONE;
    assert_non_null(result.failure);
}

static void ask_with_weak_orders_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_clients("ask", ASKS, 1, 1, EXPLORE_RELAXED_RELEASE).failure);
    assert_non_null(explore_clients("ask", ASKS, 1, 1, EXPLORE_RELAXED_ACQUIRE).failure);
}

static void ask_claimed_by_plain_store_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_clients("2 asks", ASKS, 2, 1, EXPLORE_BLIND_PUSH).failure);
    assert_non_null(explore_clients("2 asks", ASKS, 2, 1, EXPLORE_BLIND_UNPARK).failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt_in_every_schedule_waits_for_all),
        cmocka_unit_test(admission_in_every_schedule_is_waited_for),
        cmocka_unit_test(ask_in_every_schedule_gets_its_reply_or_none),
        cmocka_unit_test(receipt_with_weak_orders_is_found_out),
        cmocka_unit_test(receipt_counted_while_handed_over_is_found_out),
        cmocka_unit_test(ask_with_weak_orders_is_found_out),
        cmocka_unit_test(ask_claimed_by_plain_store_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
