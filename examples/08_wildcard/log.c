/* log.c - hearing everything: on_any, and payloads that nobody looks into.
 *
 * on_any takes a key expression: * is one chunk, ** any number. Its handler gets an envelope: the
 * topic as published, the type where one is declared, and the message. Requests and replies stay
 * between those two; wildcards never hear them. */
#include <edacious/edacious.h>
#include <stdio.h>

EDA_MESSAGE(lamp_switched, "house/{room}/lamp", (eda_str, room), (bool, is_on));
EDA_MESSAGE_RAW(camera_frame, "house/camera"); /* {topic, encoding, payload}, as eda_raw */

typedef struct logbook {
    int line_count;
} logbook;

static eda_status logbook_on_house(logbook *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    printf("%d: %.*s, %s, from %.*s\n", ++self->line_count, EDA_STR_ARG(envelope->topic),
        envelope->type != NULL ? envelope->type->name : "of no declared type",
        EDA_STR_ARG(envelope->publisher));
    if (envelope->type == NULL) {
        const eda_raw *raw = envelope->data;

        printf("   %zu bytes of %.*s\n", raw->payload.len, EDA_STR_ARG(raw->encoding));
    } else if (envelope->type == &eda_type_lamp_switched) {
        const lamp_switched *lamp = envelope->data;

        printf("   %s\n", lamp->is_on ? "on" : "off");
    }
    return EDA_OK;
}

EDA_ACTOR(logbook, eda_none, on_any("house/**", logbook_on_house));

typedef struct screen {
    size_t size;
} screen;

static void screen_on_frame(screen *self, const camera_frame *frame)
{
    self->size += frame->payload.len;
    printf("screen: %zu bytes\n", self->size);
}

EDA_ACTOR(screen, eda_none, on(camera_frame, screen_on_frame));

eda_status eda_app(eda_system *sys)
{
    eda_ctx *client;

    EDA_TRY(eda_declare(sys, &eda_type_lamp_switched)); /* no actor handles it by its type */
    EDA_TRY(eda_system_start(sys));
    client = eda_system_client(sys);
    EDA_TRY(eda_publish_wait(
        client, EDA_MSG(lamp_switched, .room = EDA_STR("attic"), .is_on = true), 1000));

    /* As somebody outside would say it: the topic, and JSON. */
    EDA_TRY(eda_publish_json(
        client, EDA_STR("house/cellar/lamp"), EDA_STR("{\"is_on\": false}"), NULL));
    EDA_TRY(eda_wait_idle(sys, 1000));

    /* A topic that no type declares: bytes. */
    EDA_TRY(eda_publish_raw(client, EDA_STR("house/attic/temperature"), EDA_STR("text/plain"),
        EDA_BYTES("21.5"), NULL));
    EDA_TRY(eda_wait_idle(sys, 1000));

    /* Not under house/: nobody hears it, which is counted. */
    EDA_TRY(eda_publish_raw(
        client, EDA_STR("street/noise"), EDA_STR("text/plain"), EDA_BYTES("loud"), NULL));
    EDA_TRY(eda_wait_idle(sys, 1000));
    printf("unheard: %d\n", (int)eda_system_counts(sys, NULL, NULL).unheard);
    return EDA_OK;
}
