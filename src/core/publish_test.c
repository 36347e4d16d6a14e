/* publish_test.c - from a message to its receivers: keys of every type, order, fan-out, sizes, what
 * is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "delivery.h"

/* --- keys --------------------------------------------------------------------------------- */

#define INTEGER_KEY(type_, n_)                                                                     \
    EDA_MESSAGE(by_##n_, "by/" #n_ "/{id}", (type_, id));                                          \
    typedef struct at_##n_ {                                                                       \
        type_ id;                                                                                  \
        uint32_t count;                                                                            \
    } at_##n_;                                                                                     \
    static eda_status on_##n_(at_##n_ *self, const by_##n_ *message, eda_ctx *ctx)                 \
    {                                                                                              \
        if (self->count++ > 0 && self->id != message->id) {                                        \
            return eda_fail(ctx, EDA_EFAILED, "another's message");                                \
        }                                                                                          \
        self->id = message->id;                                                                    \
        delivery_trace("%.*s ", EDA_STR_ARG(eda_key(ctx)));                                        \
        return EDA_OK;                                                                             \
    }                                                                                              \
    EDA_ACTOR(at_##n_, eda_none, key(id), on(by_##n_, on_##n_))

INTEGER_KEY(int8_t, i8);
INTEGER_KEY(int16_t, i16);
INTEGER_KEY(int32_t, i32);
INTEGER_KEY(int64_t, i64);
INTEGER_KEY(uint8_t, u8);
INTEGER_KEY(uint16_t, u16);
INTEGER_KEY(uint32_t, u32);
INTEGER_KEY(uint64_t, u64);

/* Sends two messages to each of four keys, the second ones in the opposite order. */
#define INTEGER_KEY_SEND(n_, ...)                                                                  \
    do {                                                                                           \
        const by_##n_ all_[] = {__VA_ARGS__};                                                      \
        size_t i_;                                                                                 \
        for (i_ = 0; i_ < 8; i_++) {                                                               \
            const by_##n_ *one_ = &all_[i_ < 4 ? i_ : 7 - i_];                                     \
            delivery_assert_ok(eda_publish(client, (eda_value){&eda_type_by_##n_, one_}, NULL));   \
        }                                                                                          \
    } while (0)

static void integer_keys_of_every_width_and_sign_find_their_own(void **state)
{
    eda_system *sys;
    eda_ctx *client;

    (void)state;
    delivery_trace_clear();
    sys = delivery_start(NULL,
        DELIVERY_ACTORS(&eda_actor_at_i8, &eda_actor_at_i16, &eda_actor_at_i32, &eda_actor_at_i64,
            &eda_actor_at_u8, &eda_actor_at_u16, &eda_actor_at_u32, &eda_actor_at_u64));
    client = eda_system_client(sys);
    INTEGER_KEY_SEND(i8, {INT8_MIN}, {-1}, {0}, {INT8_MAX});
    INTEGER_KEY_SEND(i16, {INT16_MIN}, {-1}, {0}, {INT16_MAX});
    INTEGER_KEY_SEND(i32, {INT32_MIN}, {-1}, {0}, {INT32_MAX});
    INTEGER_KEY_SEND(i64, {INT64_MIN}, {-1}, {0}, {INT64_MAX});
    INTEGER_KEY_SEND(u8, {0}, {1}, {128}, {UINT8_MAX});
    INTEGER_KEY_SEND(u16, {0}, {1}, {32768}, {UINT16_MAX});
    INTEGER_KEY_SEND(u32, {0}, {1}, {INT32_MAX}, {UINT32_MAX});
    INTEGER_KEY_SEND(u64, {0}, {1}, {INT64_MAX}, {UINT64_MAX});
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "-128 -128 -1 -1 0 0 127 127 -32768 -32768 -1 -1 0 0 32767 32767 "
        "-2147483648 -2147483648 -1 -1 0 0 2147483647 2147483647 "
        "-9223372036854775808 -9223372036854775808 -1 -1 0 0 "
        "9223372036854775807 9223372036854775807 0 0 1 1 128 128 255 255 "
        "0 0 1 1 32768 32768 65535 65535 0 0 1 1 2147483647 2147483647 4294967295 4294967295 "
        "0 0 1 1 9223372036854775807 9223372036854775807 "
        "18446744073709551615 18446744073709551615 ");
    assert_int_equal(eda_system_activations(sys, NULL).live, 32);
    assert_int_equal(eda_system_activations(sys, NULL).keys_ever, 32);
    delivery_end(sys);
}

EDA_MESSAGE(note, "note/{subject}", (eda_str, subject), (uint32_t, n), (eda_bytes, body));
EDA_MESSAGE(memo, "memo", (eda_str, about), (uint32_t, n)); /* its key is no part of the topic */

typedef struct topic_clerk {
    uint32_t next;
    uint64_t bytes;
} topic_clerk;

static eda_status clerk_note(topic_clerk *self, const note *message, eda_ctx *ctx)
{
    eda_str key = eda_key(ctx);
    size_t i;

    if (!eda_str_equal(key, message->subject) || message->n != self->next++) {
        return eda_fail(ctx, EDA_EFAILED, "another's message, or out of order");
    }
    for (i = 0; i < message->body.len; i++) {
        if (message->body.ptr[i] != (uint8_t)(i * 31)) {
            return eda_fail(ctx, EDA_EFAILED, "not what was published");
        }
    }
    self->bytes += message->body.len;
    delivery_trace("%d ", (int)key.len);
    return EDA_OK;
}

static void clerk_memo(topic_clerk *self, const memo *message)
{
    (void)message;
    self->next++;
}

EDA_ACTOR(topic_clerk, eda_none, key(subject), on(note, clerk_note), on(memo, clerk_memo, key(about)));

static void text_keys_of_1_and_255_bytes_find_their_own(void **state)
{
    char longest[255];
    char other[255];
    eda_system *sys;
    eda_ctx *client;
    uint32_t n;

    (void)state;
    delivery_trace_clear();
    memset(longest, 'k', sizeof(longest));
    memcpy(other, longest, sizeof(other));
    other[254] = 'l';
    sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_topic_clerk));
    client = eda_system_client(sys);
    for (n = 0; n < 2; n++) {
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(note, .subject = {longest, 255}, .n = n), NULL));
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(note, .subject = {other, 255}, .n = n), NULL));
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(note, .subject = {longest, 1}, .n = n), NULL));
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(note, .subject = {longest, 254}, .n = n), NULL));
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(note, .subject = EDA_STR("\xc3\xa4"), .n = n), NULL));
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "note", "topic_clerk", .handled = 10);
    assert_int_equal(eda_system_activations(sys, "topic_clerk").live, 5);
    delivery_end(sys);
}

static void keys_that_can_be_no_chunk_are_refused(void **state)
{
    const eda_str bad[] = {EDA_STR_INIT(""), EDA_STR_INIT("a/b"), EDA_STR_INIT("*"),
        EDA_STR_INIT("a*"), EDA_STR_INIT("$*"), EDA_STR_INIT("a$"), EDA_STR_INIT("a#"),
        EDA_STR_INIT("?"), EDA_STR_INIT("@a")};
    char too_long[256];
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_topic_clerk));
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 5};
    size_t i;

    (void)state;
    memset(too_long, 'k', sizeof(too_long));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        delivery_assert_status(
            eda_publish(client, EDA_MSG(note, .subject = bad[i]), &receipt), EDA_EKEY);
        assert_true(eda_error(client).len > 0);
        delivery_assert_status(
            eda_publish(client, EDA_MSG(memo, .about = bad[i]), &receipt), EDA_EKEY);
    }
    delivery_assert_status(
        eda_publish(client, EDA_MSG(note, .subject = {too_long, 256}), NULL), EDA_EKEY);
    delivery_assert_status(
        eda_publish(client, EDA_MSG(memo, .about = {too_long, 256}), NULL), EDA_EKEY);
    delivery_assert_status(
        eda_publish(client, EDA_MSG(memo, .about = EDA_STR("\xff")), NULL), EDA_EINVAL);
    assert_int_equal(receipt.id, 5);
    delivery_assert_counts(sys, NULL, NULL, .handled = 0);
    delivery_end(sys);
}

/* --- order -------------------------------------------------------------------------------- */

EDA_MESSAGE(first_wave, "wave/{to}", (uint32_t, to), (uint32_t, n));
EDA_MESSAGE(second_wave, "wave/{to}/more", (uint32_t, to), (uint32_t, n));

typedef struct shore {
    uint32_t next;
} shore;

/* It suspends while it starts: what comes meanwhile must keep its order. */
static eda_status shore_start(shore *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    return eda_sleep(ctx, 0);
}

static eda_status shore_take(shore *self, uint32_t n, eda_ctx *ctx)
{
    return n == self->next++ ? EDA_OK : eda_fail(ctx, EDA_EFAILED, "out of order");
}

static eda_status shore_first(shore *self, const first_wave *wave, eda_ctx *ctx)
{
    return shore_take(self, wave->n, ctx);
}

static eda_status shore_second(shore *self, const second_wave *wave, eda_ctx *ctx)
{
    return shore_take(self, wave->n, ctx);
}

EDA_ACTOR(shore, eda_none, key(to), start(shore_start), on(first_wave, shore_first),
    on(second_wave, shore_second));

static void order_is_kept_through_first_activation(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_shore));
    eda_ctx *client = eda_system_client(sys);
    uint32_t n;
    uint32_t to;

    (void)state;
    for (n = 0; n < 100; n++) {
        for (to = 0; to < 5; to++) {
            delivery_assert_ok(
                n % 3 == 0 ? eda_publish(client, EDA_MSG(second_wave, .to = to, .n = n), NULL)
                           : eda_publish(client, EDA_MSG(first_wave, .to = to, .n = n), NULL));
        }
        if (n % 10 == 0) {
            (void)eda_system_step(sys, 1, NULL); /* some arrive while others start */
        }
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, NULL, "shore", .handled = 500);
    delivery_end(sys);
}

/* --- fan-out ------------------------------------------------------------------------------ */

EDA_MESSAGE(news, "news/{region}", (eda_str, region), (eda_str, text), (eda_list_of(uint32_t), pages));

static uint32_t heard_count;

static void hear(const news *message)
{
    size_t i;

    assert_int_equal(message->pages.len, 3);
    for (i = 0; i < 3; i++) {
        assert_int_equal(message->pages.items[i], i + 10);
    }
    assert_true(eda_str_equal(message->text, EDA_STR("all the news")));
    heard_count++;
}

typedef struct radio {
    uint32_t count;
} radio;
typedef struct paper {
    uint32_t count;
} paper;
typedef struct press {
    uint32_t count;
} press;

static void radio_news(radio *self, const news *message)
{
    self->count++;
    hear(message);
}

static eda_status paper_news(paper *self, const news *message, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    hear(message);
    return message->region.len == 4 ? EDA_EFAILED : EDA_OK;
}

static void press_news(press *self, const news *message)
{
    self->count++;
    hear(message);
}

EDA_ACTOR(radio, eda_none, on(news, radio_news));
EDA_ACTOR(paper, eda_none, key(region), on(news, paper_news));
EDA_ACTOR(press, eda_none, pool(3), on(news, press_news));

static void fan_out_reaches_every_actor_type_once(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_radio, &eda_actor_paper, &eda_actor_press));
    eda_ctx *client = eda_system_client(sys);
    const char *const regions[] = {"north", "west", "south", "north"};
    uint32_t i;

    (void)state;
    heard_count = 0;
    for (i = 0; i < 4; i++) {
        delivery_assert_status(
            eda_publish_wait(client,
                EDA_MSG(news, .region = eda_str_from(regions[i]), .text = EDA_STR("all the news"),
                    .pages = EDA_LIST(uint32_t, 10, 11, 12)),
                60000),
            i == 1 ? EDA_EFAILED : EDA_OK); /* one of three failed */
    }
    assert_int_equal(heard_count, 12);
    delivery_assert_counts(sys, "news", "radio", .handled = 4);
    delivery_assert_counts(sys, "news", "paper", .handled = 3, .failed = 1);
    delivery_assert_counts(sys, "news", "press", .handled = 4);
    assert_int_equal(eda_system_activations(sys, "press").live, 3); /* in turn */
    assert_int_equal(eda_system_activations(sys, "paper").live, 3);
    delivery_end(sys);
}

/* --- sizes -------------------------------------------------------------------------------- */

static void messages_of_every_size_arrive_as_sent(void **state)
{
    const size_t most = ((size_t)1 << 20) - sizeof(note) - 1; /* with the subject: 1 MiB exactly */
    uint8_t *bytes = malloc(most + 1);
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_topic_clerk));
    eda_ctx *client = eda_system_client(sys);
    uint32_t n = 0;
    size_t size;
    size_t i;

    (void)state;
    delivery_trace_clear();
    assert_non_null(bytes);
    for (i = 0; i <= most; i++) {
        bytes[i] = (uint8_t)(i * 31);
    }
    for (size = 0; size < most; size = size < 300 ? size + 1 : size * 3 / 2) {
        delivery_assert_ok(eda_publish(
            client, EDA_MSG(note, .subject = EDA_STR("s"), .n = n++, .body = {bytes, size}), NULL));
        (void)eda_system_step(sys, 0, NULL);
    }
    delivery_assert_ok(eda_publish(
        client, EDA_MSG(note, .subject = EDA_STR("s"), .n = n++, .body = {bytes, most}), NULL));
    delivery_assert_status(
        eda_publish(client,
            EDA_MSG(note, .subject = EDA_STR("s"), .n = n, .body = {bytes, most + 1}), NULL),
        EDA_ERANGE);
    delivery_settle(sys);
    delivery_assert_counts(sys, "note", NULL, .handled = n);
    free(bytes);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_keys_of_every_width_and_sign_find_their_own),
        cmocka_unit_test(text_keys_of_1_and_255_bytes_find_their_own),
        cmocka_unit_test(keys_that_can_be_no_chunk_are_refused),
        cmocka_unit_test(order_is_kept_through_first_activation),
        cmocka_unit_test(fan_out_reaches_every_actor_type_once),
        cmocka_unit_test(messages_of_every_size_arrive_as_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
