/* pool.c - several activations of one actor type that share its work.
 *
 * pool(3): in turn, for work that any of them can do. pool(3, field): the same value of the field
 * always meets the same one, so what belongs together stays in order and shares what it caches. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

#define USERS 8

EDA_MESSAGE(mail_send, "mail/send", (eda_str, to));
EDA_RECORD(place, (uint32_t, index), (uint32_t, hits));
EDA_REQUEST(picture_scale, place, "picture/scale", (eda_str, user));

typedef struct mailer {
    uint32_t sent;
} mailer;

static eda_status mailer_on_send(mailer *self, const mail_send *mail, eda_ctx *ctx)
{
    self->sent++;
    printf("mailer %.*s sends its mail %" PRIu32 ", to %.*s\n", EDA_STR_ARG(eda_key(ctx)),
        self->sent, EDA_STR_ARG(mail->to));
    return EDA_OK;
}

EDA_ACTOR(mailer, eda_none, pool(3), on(mail_send, mailer_on_send));

typedef struct scaler {
    uint32_t hits;
} scaler;

static eda_status scaler_on_scale(
    scaler *self, const picture_scale *order, place *ret_place, eda_ctx *ctx)
{
    (void)order;
    ret_place->index = (uint32_t)(eda_key(ctx).ptr[0] - '0'); /* the key of a pool is the index */
    ret_place->hits = ++self->hits;
    return EDA_OK;
}

EDA_ACTOR(scaler, eda_none, pool(3, user), answers(picture_scale, scaler_on_scale));

/* Asks for each user twice; true if nobody changed places. */
static eda_status check_sticky(eda_ctx *client, bool *ret_is_sticky)
{
    uint32_t first[USERS];
    bool is_sticky = true;

    for (int i = 0; i < 2 * USERS; i++) {
        const char user[] = {(char)('a' + i % USERS), '\0'};
        const place *at = NULL;

        EDA_TRY(eda_ask(client, EDA_ASK(picture_scale, &at, .user = eda_str_from(user)), 1000));
        if (i < USERS) {
            first[i] = at->index;
        }
        is_sticky = is_sticky && at->index < 3 && at->index == first[i % USERS];
    }
    *ret_is_sticky = is_sticky;
    return EDA_OK;
}

eda_status eda_app(eda_system *sys)
{
    static const char *const names[] = {"ann", "ben", "cid", "dot", "eve"};
    bool is_sticky = false;
    eda_ctx *client;

    EDA_TRY(eda_system_start(sys));
    client = eda_system_client(sys);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        EDA_TRY(eda_publish_wait(client, EDA_MSG(mail_send, .to = eda_str_from(names[i])), 1000));
    }
    EDA_TRY(check_sticky(client, &is_sticky));
    printf("every user kept its scaler: %s\n", is_sticky ? "yes" : "no");
    return EDA_OK;
}
