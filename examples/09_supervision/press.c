/* press.c - what follows a failure: attempts, restart, dead letters.
 *
 * A handler that returns an error fails its own message and nobody else. By default that is all:
 * one attempt, counted failed, and the actor goes on. The rest is declared. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

EDA_MESSAGE(page_print, "press/print", (uint32_t, page), (uint32_t, jam_count));
EDA_MESSAGE(ink_refill, "press/ink", (bool, is_wrong_colour));

typedef struct press {
    uint32_t printed;
} press;

static eda_status press_start(press *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    (void)ctx;
    printf("press: starts, clean\n");
    return EDA_OK;
}

/* attempts(3): tried again up to twice, before anything that came later. Then it is a dead letter:
 * poison that would never be handled. */
static eda_status press_on_print(press *self, const page_print *order, eda_ctx *ctx)
{
    uint32_t attempt = eda_envelope_of(ctx)->attempt;

    if (attempt <= order->jam_count) {
        printf("press: page %" PRIu32 ", attempt %" PRIu32 ": paper jam\n", order->page, attempt);
        return EDA_EFAILED;
    }
    self->printed++;
    printf("press: page %" PRIu32 ", attempt %" PRIu32 ": printed\n", order->page, attempt);
    return EDA_OK;
}

/* eda_fail asks for a restart: the state is in doubt. This message failed, what waits is kept, and
 * the next one finds a press that has started anew. */
static eda_status press_on_ink(press *self, const ink_refill *refill, eda_ctx *ctx)
{
    (void)self;
    if (refill->is_wrong_colour) {
        return eda_fail(ctx, EDA_EFAILED, "everything is green now");
    }
    return EDA_OK;
}

EDA_ACTOR(press, eda_none,
    start(press_start),
    on(page_print, press_on_print, attempts(3)),
    on(ink_refill, press_on_ink));

/* The system says what died, under @edacious/dead; an actor like any other may listen. */
typedef struct morgue {
    uint32_t count;
} morgue;

static void morgue_on_dead(morgue *self, const eda_dead_letter *letter)
{
    self->count++;
    printf("morgue: %.*s for %.*s, %.*s, %.*s\n", EDA_STR_ARG(letter->message),
        EDA_STR_ARG(letter->actor), EDA_STR_ARG(letter->reason), EDA_STR_ARG(letter->payload));
}

EDA_ACTOR(morgue, eda_none, on(eda_dead_letter, morgue_on_dead));

/* Publishes, waits until nothing moves any more, says how it ended. */
static eda_status show(eda_system *sys, eda_value message)
{
    eda_receipt receipt = {0};
    eda_status status;

    EDA_TRY(eda_publish(eda_system_client(sys), message, &receipt));
    status = eda_wait(eda_system_client(sys), receipt, 10000);
    EDA_TRY(eda_wait_idle(sys, 10000));
    printf("main: %s\n", eda_status_name(status));
    return EDA_OK;
}

eda_status eda_app(eda_system *sys)
{
    eda_counts counts;

    EDA_TRY(eda_system_start(sys));
    EDA_TRY(show(sys, EDA_MSG(page_print, .page = 1, .jam_count = 1)));
    EDA_TRY(show(sys, EDA_MSG(page_print, .page = 2, .jam_count = 9)));
    EDA_TRY(show(sys, EDA_MSG(ink_refill, .is_wrong_colour = true)));
    EDA_TRY(show(sys, EDA_MSG(page_print, .page = 3)));
    counts = eda_system_counts(sys, NULL, "press");
    printf("handled %" PRIu64 ", failed %" PRIu64 ", dead %" PRIu64 ", restarts %" PRIu64 "\n",
        counts.handled, counts.failed, counts.dead, eda_system_activations(sys, "press").restarts);
    return EDA_OK;
}
