/* errand.c - a turn that waits, and a handler that may run meanwhile.
 *
 * An actor that asks is suspended until the reply comes, and its other messages wait: one turn at a
 * time. So if whoever is asked asks back, both would wait for ever. The runtime finds that and says
 * so by name. A handler declared `interleaves` may run while another turn is suspended; then the
 * state can have changed when the ask returns, which is why it is not the default. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

EDA_RECORD(price, (uint32_t, cents));
EDA_REQUEST(price_get, price, "market/price/get", (bool, is_haggling));
EDA_RECORD(purse, (uint32_t, cents));
EDA_REQUEST(purse_get, purse, "buyer/purse/get");
EDA_REQUEST(purse_count, purse, "buyer/purse/count");
EDA_MESSAGE(buyer_go, "buyer/go", (bool, is_haggling));

typedef struct buyer {
    uint32_t cents;
} buyer;

static eda_status buyer_start(buyer *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    (void)ctx;
    self->cents = 500;
    return EDA_OK;
}

static eda_status buyer_on_go(buyer *self, const buyer_go *go, eda_ctx *ctx)
{
    const price *offer = NULL;
    eda_status status =
        eda_ask(ctx, EDA_ASK(price_get, &offer, .is_haggling = go->is_haggling), EDA_FOREVER);

    if (status != EDA_OK) {
        printf("buyer: %s\n", eda_status_name(status));
        return EDA_OK;
    }
    /* Read again after the ask, not before: an interleaving handler may have changed it. */
    printf("buyer: %" PRIu32 " of %" PRIu32 " cents\n", offer->cents, self->cents);
    return EDA_OK;
}

static void buyer_on_purse(buyer *self, const purse_get *get, purse *ret_purse)
{
    (void)get;
    ret_purse->cents = self->cents;
}

static void buyer_on_count(buyer *self, const purse_count *count, purse *ret_purse)
{
    (void)count;
    ret_purse->cents = self->cents;
}

EDA_ACTOR(buyer, eda_none,
    emits(price_get),
    start(buyer_start),
    on(buyer_go, buyer_on_go),
    answers(purse_get, buyer_on_purse, interleaves),
    answers(purse_count, buyer_on_count));

typedef struct seller {
    uint32_t asked;
} seller;

/* Takes a fifth of whatever the buyer has, and asks for that first. */
static eda_status seller_on_get(seller *self, const price_get *get, price *ret_price, eda_ctx *ctx)
{
    const purse *of_buyer = NULL;
    eda_status status;

    self->asked++;
    status = get->is_haggling ? eda_ask(ctx, EDA_ASK(purse_count, &of_buyer), EDA_FOREVER)
                              : eda_ask(ctx, EDA_ASK(purse_get, &of_buyer), EDA_FOREVER);
    if (status != EDA_OK) {
        printf("seller: %s\n", eda_status_name(status));
        return eda_refuse(ctx, "the buyer does not say");
    }
    ret_price->cents = of_buyer->cents / 5;
    return EDA_OK;
}

EDA_ACTOR(seller, eda_none, emits(purse_get, purse_count), answers(price_get, seller_on_get));

eda_status eda_app(eda_system *sys)
{
    EDA_TRY(eda_system_start(sys));
    EDA_TRY(eda_publish_wait(eda_system_client(sys), EDA_MSG(buyer_go), 10000));
    return eda_publish_wait(eda_system_client(sys), EDA_MSG(buyer_go, .is_haggling = true), 10000);
}
