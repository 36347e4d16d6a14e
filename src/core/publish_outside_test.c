/* publish_outside_test.c - eda_publish_json and eda_publish_raw: what arrives, and every way to be
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "delivery.h"

EDA_MESSAGE(valve_set, "plant/{area}/valve/{number}", (eda_str, area), (int16_t, number),
    (uint8_t, percent, .range = {0, 100}), (eda_str, reason, .may_miss = true, .len_max = 8));
EDA_MESSAGE_RAW(valve_image, "plant/{area}/image");
EDA_MESSAGE(twin_a, "twin/{x}", (eda_str, x));
EDA_MESSAGE(twin_b, "twin/1", (uint32_t, y));
EDA_RECORD(valve_state, (uint8_t, percent));
EDA_REQUEST(valve_get, valve_state, "valve/get");

typedef struct valve_area {
    uint32_t count;
} valve_area;

static eda_status area_set(valve_area *self, const valve_set *set, eda_ctx *ctx)
{
    self->count++;
    delivery_trace("%.*s/%d=%d%s%.*s ", EDA_STR_ARG(eda_key(ctx)), set->number, set->percent,
        set->reason.len > 0 ? ":" : "", EDA_STR_ARG(set->reason));
    return EDA_OK;
}

EDA_ACTOR(valve_area, eda_none, key(area), on(valve_set, area_set));

typedef struct image_keeper {
    uint32_t count;
} image_keeper;

static void keep_image(image_keeper *self, const valve_image *image)
{
    self->count++;
    delivery_trace("%.*s %.*s %zu:%02x ", EDA_STR_ARG(image->topic), EDA_STR_ARG(image->encoding),
        image->payload.len, image->payload.len > 0 ? image->payload.ptr[0] : 0u);
}

static void keep_get(image_keeper *self, const valve_get *get, valve_state *ret_state)
{
    (void)self;
    (void)get;
    ret_state->percent = 1;
}

EDA_ACTOR(image_keeper, eda_none, on(valve_image, keep_image), answers(valve_get, keep_get));

static eda_system *start(void)
{
    const eda_options options = {.pumped = true};
    eda_system *sys = NULL;

    delivery_trace_clear();
    delivery_assert_ok(eda_system_new(&options, &sys));
    delivery_assert_ok(eda_add(sys, EDA_WITH(valve_area)));
    delivery_assert_ok(eda_add(sys, EDA_WITH(image_keeper)));
    delivery_assert_ok(eda_declare(sys, &eda_type_twin_a));
    delivery_assert_ok(eda_declare(sys, &eda_type_twin_b));
    delivery_assert_ok(eda_system_start(sys));
    return sys;
}

static void json_fills_fields_from_topic_and_text(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_ok(eda_publish_json(client, EDA_STR("plant/north/valve/-7"),
        EDA_STR("{\"percent\": 40, \"reason\": \"leak\", \"unknown\": [1]}"), &receipt));
    delivery_assert_ok(eda_wait(client, receipt, 60000));
    delivery_assert_ok(eda_publish_json(client, EDA_STR("plant/s/valve/32767"),
        EDA_STR("{\"area\": \"s\", \"number\": 32767, \"percent\": 0}"), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "north/-7=40:leak s/32767=0 ");
    delivery_end(sys);
}

typedef struct refusal {
    const char *topic;
    const char *json;
    eda_status status;
    const char *named; /* in eda_error; NULL: nothing particular */
} refusal;

static const refusal refusals[] = {
    {"", "{}", EDA_EKEY, NULL},
    {"/plant", "{}", EDA_EKEY, NULL},
    {"plant/*/valve/1", "{}", EDA_EKEY, NULL},
    {"plant//valve/1", "{}", EDA_EKEY, NULL},
    {"plant/a#/valve/1", "{}", EDA_EKEY, NULL},
    {"plant/a/valves/1", "{}", EDA_ENOTYPE, "plant/a/valves/1"},
    {"plant/a/valve/one", "{}", EDA_ENOTYPE, NULL},
    {"plant/a/valve/32768", "{}", EDA_ENOTYPE, NULL},
    {"plant/a/valve/01", "{}", EDA_ENOTYPE, NULL},
    {"plant/a/image", "{}", EDA_ENOTYPE, NULL}, /* raw */
    {"valve/get", "{}", EDA_ENOTYPE, NULL},     /* a request */
    {"twin/1", "{}", EDA_ENOTYPE, NULL},        /* two types: nothing says which */
    {"plant/a/valve/1", "", EDA_ESYNTAX, NULL},
    {"plant/a/valve/1", "{\"percent\": 1", EDA_ESYNTAX, NULL},
    {"plant/a/valve/1", "{\"percent\": 1} x", EDA_ESYNTAX, NULL},
    {"plant/a/valve/1", "[]", EDA_EINVAL, NULL},
    {"plant/a/valve/1", "{}", EDA_EINVAL, "percent"},
    {"plant/a/valve/1", "{\"percent\": \"1\"}", EDA_EINVAL, "percent"},
    {"plant/a/valve/1", "{\"percent\": 101}", EDA_ERANGE, "percent"},
    {"plant/a/valve/1", "{\"percent\": 300}", EDA_ERANGE, "percent"},
    {"plant/a/valve/1", "{\"percent\": 1, \"reason\": \"too long a reason\"}", EDA_ERANGE,
        "reason"},
    {"plant/a/valve/1", "{\"percent\": 1, \"area\": \"b\"}", EDA_EINVAL, "area"},
    {"plant/a/valve/1", "{\"percent\": 1, \"percent\": 2}", EDA_ESYNTAX, NULL},
};

static void json_that_is_wrong_is_refused_by_name(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 9};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const refusal *of = &refusals[i];
        eda_status status =
            eda_publish_json(client, eda_str_from(of->topic), eda_str_from(of->json), &receipt);
        eda_str error = eda_error(client);

        if (status != of->status) {
            fail_msg("%s %s: %s and not %s: %.*s", of->topic, of->json, eda_status_name(status),
                eda_status_name(of->status), EDA_STR_ARG(error));
        }
        if (error.len == 0 || (of->named != NULL && strstr(error.ptr, of->named) == NULL)) {
            fail_msg("%s %s: '%.*s' does not name it", of->topic, of->json, EDA_STR_ARG(error));
        }
    }
    assert_int_equal(receipt.id, 9);
    delivery_settle(sys);
    delivery_assert_counts(sys, NULL, NULL, .handled = 0);
    delivery_end(sys);
}

static void raw_arrives_untouched(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_ok(eda_publish_raw(client, EDA_STR("plant/a/image"), EDA_STR("image/png"),
        EDA_BYTES("\xff\x00\x80"), &receipt));
    delivery_assert_ok(eda_wait(client, receipt, 60000));
    delivery_assert_ok(
        eda_publish_raw(client, EDA_STR("plant/b/image"), EDA_STR(""), EDA_BYTES(""), &receipt));
    delivery_assert_ok(eda_wait(client, receipt, 60000));
    delivery_assert_ok(eda_publish(client,
        EDA_MSG(valve_image, .topic = EDA_STR("plant/c/image"), .encoding = EDA_STR("x/y"),
            .payload = EDA_BYTES("\x01")),
        NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "plant/a/image image/png 3:ff plant/b/image  0:00 plant/c/image x/y 1:01 ");
    delivery_end(sys);
}

static void raw_on_an_unknown_topic_is_unheard(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_ok(
        eda_publish_raw(client, EDA_STR("somewhere/else"), EDA_STR(""), EDA_BYTES("x"), &receipt));
    delivery_assert_ok(eda_wait(client, receipt, 60000)); /* nothing to wait for */
    delivery_assert_counts(sys, NULL, NULL, .unheard = 1);
    delivery_end(sys);
}

static void raw_that_is_wrong_is_refused(void **state)
{
    static uint8_t bytes[(1 << 20) + 1];
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_status(
        eda_publish_raw(client, EDA_STR("plant/*/image"), EDA_STR(""), EDA_BYTES("x"), NULL),
        EDA_EKEY);
    delivery_assert_status(
        eda_publish_raw(client, EDA_STR(""), EDA_STR(""), EDA_BYTES("x"), NULL), EDA_EKEY);
    /* The topic of a declared type: its JSON is what may be sent there. */
    delivery_assert_status(
        eda_publish_raw(client, EDA_STR("plant/a/valve/1"), EDA_STR(""), EDA_BYTES("x"), NULL),
        EDA_EPERM);
    delivery_assert_status(
        eda_publish_raw(client, EDA_STR("plant/a/image"), EDA_STR("\xff"), EDA_BYTES("x"), NULL),
        EDA_EINVAL);
    delivery_assert_status(eda_publish_raw(client, EDA_STR("plant/a/image"), EDA_STR(""),
                               (eda_bytes){bytes, sizeof(bytes)}, NULL),
        EDA_ERANGE);
    delivery_assert_status(
        eda_publish(client, EDA_MSG(valve_image, .topic = EDA_STR("plant/*/image")), NULL),
        EDA_EKEY);
    delivery_assert_status(
        eda_publish(client, EDA_MSG(valve_image, .topic = EDA_STR("plant/a/other")), NULL),
        EDA_EKEY);
    delivery_settle(sys);
    delivery_assert_counts(sys, NULL, NULL, .handled = 0);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_fills_fields_from_topic_and_text),
        cmocka_unit_test(json_that_is_wrong_is_refused_by_name),
        cmocka_unit_test(raw_arrives_untouched),
        cmocka_unit_test(raw_on_an_unknown_topic_is_unheard),
        cmocka_unit_test(raw_that_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
