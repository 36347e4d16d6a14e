/* bank.c - request and reply, and the three ways in which an answer can be no answer.
 *
 * A request names its reply's type. Whoever asks gets a pointer to the reply, or a status: a
 * refusal (the actor is fine and says no), the status of a handler that failed, or EDA_ENOENT at
 * once where nobody answers such requests. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

/* An application's own statuses begin at 1000. */
#define STATUS_VAULT_JAMMED (EDA_STATUS_USER + 1)

EDA_RECORD(account_balance, (int64_t, cents));
EDA_REQUEST(account_withdraw, account_balance, "account/{account_id}/withdraw",
    (uint32_t, account_id),
    (int64_t, cents));
EDA_REQUEST(account_audit, account_balance, "account/{account_id}/audit", (uint32_t, account_id));

typedef struct account {
    int64_t cents;
} account;

static eda_status account_start(account *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    (void)ctx;
    self->cents = 10000;
    return EDA_OK;
}

/* answers(...): the reply is a parameter, zeroed, to be filled in. */
static eda_status account_on_withdraw(
    account *self, const account_withdraw *ask, account_balance *ret_balance, eda_ctx *ctx)
{
    if (ask->cents < 0) {
        return STATUS_VAULT_JAMMED; /* a failure: nothing of this turn happens */
    }
    if (ask->cents > self->cents) {
        return eda_refuse(ctx, "only %" PRId64 " cents are left", self->cents);
    }
    self->cents -= ask->cents;
    ret_balance->cents = self->cents;
    return EDA_OK;
}

EDA_ACTOR(account, eda_none,
    key(account_id),
    start(account_start),
    answers(account_withdraw, account_on_withdraw));

static void withdraw(eda_ctx *client, int64_t cents)
{
    const account_balance *balance = NULL; /* borrowed until this client's next ask */
    eda_status status =
        eda_ask(client, EDA_ASK(account_withdraw, &balance, .account_id = 7, .cents = cents), 1000);

    if (status == EDA_OK) {
        printf("withdraw %" PRId64 ": %" PRId64 " cents left\n", cents, balance->cents);
    } else if (status == EDA_EREFUSED) {
        printf("withdraw %" PRId64 ": refused: %.*s\n", cents, EDA_STR_ARG(eda_error(client)));
    } else {
        printf("withdraw %" PRId64 ": failed with status %d\n", cents, status);
    }
}

eda_status eda_app(eda_system *sys)
{
    const account_balance *balance = NULL;
    eda_status status;

    EDA_TRY(eda_declare(sys, &eda_type_account_audit)); /* known, though nobody answers it */
    EDA_TRY(eda_system_start(sys));
    withdraw(eda_system_client(sys), 2500);
    withdraw(eda_system_client(sys), 9000);
    withdraw(eda_system_client(sys), -1);
    withdraw(eda_system_client(sys), 7500); /* the failure harmed nobody */

    status = eda_ask(
        eda_system_client(sys), EDA_ASK(account_audit, &balance, .account_id = 7), EDA_FOREVER);
    printf("audit: %s\n", eda_status_name(status)); /* at once, although we would wait for ever */
    return EDA_OK;
}
