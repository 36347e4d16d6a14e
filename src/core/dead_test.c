/* dead_test.c - dead letters: what they say, who gets them, and that there is none for a dead
 * letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery.h"

EDA_MESSAGE(letter, "letter/{street}/{number}", (eda_str, street), (uint32_t, number), (eda_str, text));
EDA_MESSAGE(numbered, "numbered/{id}", (int32_t, id));
EDA_MESSAGE(single, "single", (double, weight));
EDA_MESSAGE_RAW(parcel_image, "image/{id}");
EDA_MESSAGE(huge, "huge", (eda_bytes, body));

typedef struct house {
    uint32_t count;
} house;

static eda_status house_letter(house *self, const letter *message, eda_ctx *ctx)
{
    self->count++;
    return eda_fail(ctx, EDA_EIO, "no slot for '%.*s'", EDA_STR_ARG(message->text));
}

EDA_ACTOR(house, eda_none, key(street), on(letter, house_letter, attempts(2)));

typedef struct numbered_house {
    uint32_t count;
} numbered_house;

static eda_status numbered_on(numbered_house *self, const numbered *message, eda_ctx *ctx)
{
    (void)message;
    (void)ctx;
    self->count++;
    return EDA_EFAILED;
}

EDA_ACTOR(numbered_house, eda_none, key(id), on(numbered, numbered_on, attempts(2)));

/* Never starts. */
typedef struct ruin {
    uint32_t count;
} ruin;

static eda_status ruin_start(ruin *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    return eda_fail(ctx, EDA_EFAILED, "no roof");
}

static void ruin_single(ruin *self, const single *message)
{
    (void)message;
    self->count++;
}

static void ruin_image(ruin *self, const parcel_image *message)
{
    (void)message;
    self->count++;
}

static void ruin_huge(ruin *self, const huge *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(ruin, eda_none, start(ruin_start), on(single, ruin_single),
    on(parcel_image, ruin_image), on(huge, ruin_huge));

typedef struct dead_office {
    uint32_t count;
} dead_office;

static eda_status dead_on(dead_office *self, const eda_dead_letter *dead, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    delivery_trace("%.*s|%.*s|%.*s|%.*s|%.*s\n", EDA_STR_ARG(dead->topic),
        EDA_STR_ARG(dead->message), EDA_STR_ARG(dead->actor), EDA_STR_ARG(dead->reason),
        EDA_STR_ARG(dead->payload));
    return EDA_OK;
}

EDA_ACTOR(dead_office, eda_none, on(eda_dead_letter, dead_on));

/* Cannot handle dead letters either. */
typedef struct dead_end {
    uint32_t count;
} dead_end;

static eda_status dead_end_on(dead_end *self, const eda_dead_letter *dead, eda_ctx *ctx)
{
    (void)dead;
    (void)ctx;
    self->count++;
    return EDA_EFAILED;
}

EDA_ACTOR(dead_end, eda_none, on(eda_dead_letter, dead_end_on, attempts(2)));

static eda_system *start(const eda_actor *office)
{
    delivery_trace_clear();
    return delivery_start(NULL,
        DELIVERY_ACTORS(&eda_actor_house, &eda_actor_numbered_house, &eda_actor_ruin, office));
}

static void letter_that_failed_at_every_attempt_says_all(void **state)
{
    eda_system *sys = start(&eda_actor_dead_office);
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_status(
        eda_publish_wait(client,
            EDA_MSG(letter, .street = EDA_STR("elm"), .number = 7, .text = EDA_STR("h\"i")), 60000),
        EDA_EDEAD);
    delivery_assert_status(eda_publish_wait(client, EDA_MSG(numbered, .id = -5), 60000), EDA_EDEAD);
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "letter/elm/7|letter|house[elm]|no slot for 'h\"i'|"
        "{\"street\":\"elm\",\"number\":7,\"text\":\"h\\\"i\"}\n"
        "numbered/-5|numbered|numbered_house[-5]|it failed at every attempt|{\"id\":-5}\n");
    delivery_assert_counts(sys, "eda_dead_letter", "dead_office", .handled = 2);
    delivery_assert_counts(sys, NULL, NULL, .dead = 2);
    delivery_end(sys);
}

static void letters_to_who_refuses_to_start_say_why(void **state)
{
    eda_system *sys = start(&eda_actor_dead_office);
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(single, .weight = 1.5), NULL));
    delivery_assert_ok(eda_publish_raw(
        client, EDA_STR("image/9"), EDA_STR("image/png"), EDA_BYTES("\x01\x02"), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "single|single|ruin|refused to start: no roof|{\"weight\":1.5}\n"
        "image/9|parcel_image|ruin|refused to start: no roof|"
        "{\"topic\":\"image/9\",\"encoding\":\"image/png\",\"payload\":\"AQI=\"}\n");
    delivery_end(sys);
}

static void payload_over_4_kib_is_left_out(void **state)
{
    static const uint8_t body[4096];
    eda_system *sys = start(&eda_actor_dead_office);
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(huge, .body = {body, 3}), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(huge, .body = {body, sizeof(body)}), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "huge|huge|ruin|refused to start: no roof|{\"body\":\"AAAA\"}\n"
        "huge|huge|ruin|refused to start: no roof|\n");
    delivery_end(sys);
}

static void no_dead_letter_for_a_dead_letter(void **state)
{
    eda_system *sys = start(&eda_actor_dead_end);

    (void)state;
    delivery_assert_status(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(numbered, .id = 1), 60000), EDA_EDEAD);
    delivery_settle(sys);
    delivery_assert_counts(sys, "eda_dead_letter", NULL, .dead = 1);
    delivery_assert_counts(sys, NULL, NULL, .dead = 1);
    delivery_end(sys);
}

static void no_dead_letter_where_nobody_wants_one(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_numbered_house));

    (void)state;
    delivery_assert_status(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(numbered, .id = 1), 60000), EDA_EDEAD);
    delivery_settle(sys);
    delivery_assert_counts(sys, "eda_dead_letter", NULL, .dead = 0);
    delivery_assert_counts(sys, NULL, NULL, .dead = 1);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letter_that_failed_at_every_attempt_says_all),
        cmocka_unit_test(letters_to_who_refuses_to_start_say_why),
        cmocka_unit_test(payload_over_4_kib_is_left_out),
        cmocka_unit_test(no_dead_letter_for_a_dead_letter),
        cmocka_unit_test(no_dead_letter_where_nobody_wants_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
