/* race_test.c - first messages of many clients race to the same new keys: one activation each,
 * every client's order.
 *
 * EDA_ROUNDS: how many rounds each test runs. */
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
#define KEYS 10u
#define MESSAGES 1000u /* of a round */
#define MINE (MESSAGES / CLIENTS)

EDA_MESSAGE(race_by_text, "race/text/{name}",
    (eda_str, name), (uint64_t, id), (uint32_t, client), (uint32_t, number));
EDA_MESSAGE(race_by_number, "race/number/{id}",
    (uint64_t, id), (uint32_t, client), (uint32_t, number));

/* What the actors of a round did; by key. */
static atomic_uint starts[KEYS];
static atomic_uint handled[KEYS];

typedef struct seen {
    uint64_t id;
    bool is_used;
    uint32_t next[CLIENTS];
} seen;

static void note(seen *self, uint64_t id, uint32_t client, uint32_t number)
{
    if (!self->is_used) {
        self->id = id;
        self->is_used = true;
        atomic_fetch_add(&starts[id % KEYS], 1); /* a second activation of the key counts again */
    }
    if (self->id != id) {
        crowd_wrong("key %" PRIu64 " got a message of key %" PRIu64, self->id, id);
    }
    if (self->next[client] != number) {
        crowd_wrong("key %" PRIu64 ", client %" PRIu32 ": %" PRIu32 " came, %" PRIu32 " was next",
            id, client, number, self->next[client]);
    }
    self->next[client] = number + 1;
    atomic_fetch_add(&handled[id % KEYS], 1);
}

typedef struct text_runner {
    seen seen;
} text_runner;

static void text_runner_on_race(text_runner *self, const race_by_text *message)
{
    note(&self->seen, message->id, message->client, message->number);
}

EDA_ACTOR(text_runner, eda_none, key(name), on(race_by_text, text_runner_on_race));

typedef struct number_runner {
    seen seen;
} number_runner;

static void number_runner_on_race(number_runner *self, const race_by_number *message)
{
    note(&self->seen, message->id, message->client, message->number);
}

EDA_ACTOR(number_runner, eda_none, key(id), on(race_by_number, number_runner_on_race));

typedef struct round_of {
    uint64_t first_id;
    bool is_text;
} round_of;

static eda_status send_one(
    eda_ctx *client, const round_of *now, uint64_t id, uint32_t from, uint32_t number)
{
    char name[32];

    if (!now->is_text) {
        return eda_publish(
            client, EDA_MSG(race_by_number, .id = id, .client = from, .number = number), NULL);
    }
    (void)snprintf(name, sizeof(name), "runner-%" PRIu64, id);
    return eda_publish(client,
        EDA_MSG(
            race_by_text, .name = eda_str_from(name), .id = id, .client = from, .number = number),
        NULL);
}

static void race(eda_ctx *client, unsigned index, void *arg)
{
    const round_of *now = arg;
    uint32_t i;

    for (i = 0; i < MINE; i++) {
        eda_status status = send_one(client, now, now->first_id + i % KEYS, index, i / KEYS);

        if (status != EDA_OK) {
            crowd_wrong("client %u: %s", index, eda_status_name(status));
        }
    }
}

static void run_round(eda_system *sys, round_of *now)
{
    uint32_t sum = 0;
    uint32_t i;

    for (i = 0; i < KEYS; i++) {
        atomic_store(&starts[i], 0);
        atomic_store(&handled[i], 0);
    }
    crowd_run(sys, CLIENTS, race, now);
    crowd_settle(sys);
    for (i = 0; i < KEYS; i++) {
        assert_int_equal(atomic_load(&starts[i]), 1);
        sum += atomic_load(&handled[i]);
    }
    assert_int_equal(sum, MESSAGES);
    crowd_assert_right();
}

static void run_rounds(bool is_text, uint32_t workers)
{
    const eda_actor *const actors[] = {&eda_actor_text_runner, &eda_actor_number_runner, NULL};
    const char *name = is_text ? "text_runner" : "number_runner";
    const eda_options options = {.workers = workers, .new_keys_per_s = EDA_UNLIMITED};
    eda_system *sys = crowd_system(&options, actors);
    uint64_t rounds = crowd_number("EDA_ROUNDS", crowd_is_sanitized() ? 50 : 1000);
    round_of now = {.is_text = is_text};
    uint64_t i;

    for (i = 0; i < rounds; i++) {
        now.first_id = i * KEYS;
        run_round(sys, &now);
    }
    assert_int_equal(eda_system_activations(sys, name).starts, rounds * KEYS);
    assert_int_equal(eda_system_activations(sys, name).keys_ever, rounds * KEYS);
    assert_int_equal(eda_system_counts(sys, NULL, name).handled, rounds * MESSAGES);
    crowd_end(sys);
}

static void race_to_text_keys_makes_one_activation_each(void **state)
{
    (void)state;
    run_rounds(true, 4);
}

static void race_to_number_keys_makes_one_activation_each(void **state)
{
    (void)state;
    run_rounds(false, 4);
}

static void race_on_one_worker_makes_one_activation_each(void **state)
{
    (void)state;
    run_rounds(true, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(race_to_text_keys_makes_one_activation_each),
        cmocka_unit_test(race_to_number_keys_makes_one_activation_each),
        cmocka_unit_test(race_on_one_worker_makes_one_activation_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
