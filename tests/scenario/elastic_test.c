/* elastic_test.c - actors that go after every turn and come back with the next message: nothing is
 * lost on the way.
 *
 * EDA_LONG=1: ten times as many messages. */
#include "crowd.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 8u
#define KEYS 24u

EDA_MESSAGE(coin_put, "box/{box}/coin", .overflow = EDA_WAIT, .wait_ms = 600000,
    (uint32_t, box), (uint64_t, value), (bool, is_weighed));
EDA_RECORD(box_content, (uint64_t, coins), (uint64_t, value), (bool, has_text));
EDA_REQUEST(box_open, box_content, "box/{box}/open", (uint32_t, box));
EDA_RECORD(weight, (uint64_t, value));
EDA_REQUEST(coin_weigh, weight, "scale/{scale}/weigh", (uint32_t, scale), (uint64_t, value));

typedef struct box {
    uint64_t coins;
    uint64_t value;
    eda_text last;  /* as text, so that a saved text is moved too */
    bool has_begun; /* memory: true within one activation only */
} box;

static atomic_uint begun_count;

static eda_status box_on_coin(box *self, const coin_put *coin, eda_ctx *ctx)
{
    const weight *weighed = NULL;
    uint64_t value = coin->value;
    char text[24];

    if (!self->has_begun) {
        self->has_begun = true;
        atomic_fetch_add(&begun_count, 1);
    }
    if (coin->is_weighed) { /* suspended: it must not go in the meantime */
        EDA_TRY(eda_ask(ctx, EDA_ASK(coin_weigh, &weighed, .scale = coin->box % 3, .value = value),
            EDA_FOREVER));
        value = weighed->value;
    }
    self->coins++;
    self->value += value;
    (void)snprintf(text, sizeof(text), "%" PRIu64, self->value);
    return eda_text_set(ctx, &self->last, eda_str_from(text));
}

static eda_status box_on_open(
    box *self, const box_open *open, box_content *ret_content, eda_ctx *ctx)
{
    char text[24];

    (void)open;
    (void)ctx;
    (void)snprintf(text, sizeof(text), "%" PRIu64, self->value);
    *ret_content = (box_content){.coins = self->coins,
        .value = self->value,
        .has_text = eda_str_equal(eda_text_str(self->last), eda_str_from(text))};
    return EDA_OK;
}

EDA_ACTOR(box, eda_none,
    key(box),
    saves(coins, value, last),
    emits(coin_weigh),
    on(coin_put, box_on_coin),
    answers(box_open, box_on_open));

typedef struct scale {
    uint64_t count;
} scale;

static void scale_on_weigh(scale *self, const coin_weigh *ask, weight *ret_weight)
{
    self->count++;
    ret_weight->value = ask->value;
}

EDA_ACTOR(scale, eda_none, key(scale), saves(count), answers(coin_weigh, scale_on_weigh));

typedef struct job {
    uint32_t count; /* of each client */
} job;

static void put_coins(eda_ctx *client, unsigned index, void *arg)
{
    const job *work = arg;
    uint32_t i;

    for (i = 0; i < work->count; i++) {
        eda_status status = eda_publish(client,
            EDA_MSG(
                coin_put, .box = (i * (index + 1)) % KEYS, .value = i, .is_weighed = i % 5 == 0),
            NULL);

        if (status != EDA_OK) {
            crowd_wrong("client %u: %s", index, eda_status_name(status));
        }
    }
}

static void check_boxes(eda_system *sys, uint32_t count)
{
    uint64_t coins = 0;
    uint64_t value = 0;
    uint32_t i;

    for (i = 0; i < KEYS; i++) {
        const box_content *content = NULL;

        assert_int_equal(eda_ask(eda_system_client(sys), EDA_ASK(box_open, &content, .box = i),
                             CROWD_TIMEOUT_MS),
            EDA_OK);
        assert_true(content->has_text || content->coins == 0);
        coins += content->coins;
        value += content->value;
    }
    assert_int_equal(coins, (uint64_t)CLIENTS * count);
    assert_int_equal(value, (uint64_t)CLIENTS * count * (count - 1) / 2);
}

static void hammer(bool is_elastic, uint32_t workers)
{
    const eda_actor *const actors[] = {&eda_actor_box, &eda_actor_scale, NULL};
    const eda_options options = {.workers = workers,
        .passivates_at_once = is_elastic,
        .mailbox_len_max = 64,
        .store = EDA_STORE_MEMORY,
        .new_keys_per_s = EDA_UNLIMITED};
    eda_system *sys = crowd_system(&options, actors);
    job work = {.count = crowd_is_sanitized() ? 1000 : 5000};
    eda_counts counts;
    eda_activations boxes;

    work.count *= crowd_number("EDA_LONG", 0) != 0 ? 10 : 1;
    atomic_store(&begun_count, 0);
    crowd_run(sys, CLIENTS, put_coins, &work);
    crowd_settle(sys);
    crowd_assert_right();
    check_boxes(sys, work.count);
    crowd_settle(sys);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(counts.accepted, counts.handled);
    assert_int_equal(eda_system_counts(sys, "coin_put", NULL).handled, CLIENTS * work.count);
    boxes = eda_system_activations(sys, "box");
    assert_int_equal(boxes.keys_ever, KEYS); /* however often they came back */
    assert_int_equal(boxes.state_errors, 0);
    if (is_elastic) {
        assert_true(atomic_load(&begun_count) > KEYS);
        assert_true(boxes.passivations > 0);
    } else {
        assert_int_equal(boxes.starts, KEYS);
    }
    crowd_end(sys);
}

static void elastic_actors_on_eight_workers_lose_nothing(void **state)
{
    (void)state;
    hammer(true, 8);
}

static void elastic_actors_on_one_worker_lose_nothing(void **state)
{
    (void)state;
    hammer(true, 1);
}

static void lasting_actors_on_eight_workers_lose_nothing(void **state)
{
    (void)state;
    hammer(false, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elastic_actors_on_eight_workers_lose_nothing),
        cmocka_unit_test(elastic_actors_on_one_worker_lose_nothing),
        cmocka_unit_test(lasting_actors_on_eight_workers_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
