/* desk.c - what a full mailbox does with one more message: four policies, and how they count.
 *
 * The policy belongs to the message type, the bound to the actor. Nothing is lost in silence: a
 * message that was accepted ends as handled, failed, expired, shed, dead or stopped, and the sum is
 * exact. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

#define BURST 6

/* The default: the new one is shed. */
EDA_MESSAGE(letter, "desk/letter", .overflow = EDA_REJECT, (uint32_t, number));
/* The oldest of its type that waits is shed: for what loses its worth with age. */
EDA_MESSAGE(news, "desk/news", .overflow = EDA_DROP_OLDEST, (uint32_t, number));
/* At most one waits, the newest: for readings and positions. */
EDA_MESSAGE(clock_time, "desk/clock", .overflow = EDA_KEEP_LATEST, (uint32_t, number));
/* The publisher waits: an actor does not begin its next turn before all of them found room. */
EDA_MESSAGE(invoice, "desk/invoice", .overflow = EDA_WAIT, .wait_ms = 10000, (uint32_t, number));

EDA_MESSAGE(burst, "sender/burst", (uint32_t, kind));

typedef struct desk {
    uint32_t count;
} desk;

static void show(desk *self, const char *what, uint32_t number)
{
    self->count++;
    printf("  %s %" PRIu32 "\n", what, number);
}

/* Handlers without a framework type; see 10_plain_handlers. */
static void desk_on_letter(desk *self, const letter *message)
{
    show(self, "letter", message->number);
}

static void desk_on_news(desk *self, const news *message)
{
    show(self, "news", message->number);
}

static void desk_on_clock(desk *self, const clock_time *message)
{
    show(self, "clock_time", message->number);
}

static void desk_on_invoice(desk *self, const invoice *message)
{
    show(self, "invoice", message->number);
}

EDA_ACTOR(desk, eda_none,
    options(.mailbox_len_max = 2),
    on(letter, desk_on_letter),
    on(news, desk_on_news),
    on(clock_time, desk_on_clock),
    on(invoice, desk_on_invoice));

typedef struct sender {
    uint32_t burst_count;
} sender;

/* A turn's publishes leave together when it has succeeded, so they meet a mailbox that nobody
 * empties meanwhile: with one worker the outcome is the same every time. */
static eda_status sender_on_burst(sender *self, const burst *order, eda_ctx *ctx)
{
    self->burst_count++;
    for (uint32_t i = 1; i <= BURST; i++) {
        const eda_value messages[] = {EDA_MSG(letter, .number = i), EDA_MSG(news, .number = i),
            EDA_MSG(clock_time, .number = i), EDA_MSG(invoice, .number = i)};

        EDA_TRY(eda_publish(ctx, messages[order->kind], NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(sender, eda_none,
    emits(letter, news, clock_time, invoice),
    on(burst, sender_on_burst));

static eda_status try_policy(eda_system *sys, uint32_t kind, const char *message, const char *how)
{
    eda_counts counts;

    printf("%s: %d at once, room for 2\n", how, BURST);
    EDA_TRY(eda_publish_wait(eda_system_client(sys), EDA_MSG(burst, .kind = kind), 10000));
    EDA_TRY(eda_wait_idle(sys, 10000)); /* the receipt ended with sender's turn; desk may go on */
    counts = eda_system_counts(sys, message, "desk");
    printf("  = accepted %" PRIu64 ", handled %" PRIu64 ", shed %" PRIu64 ", balance %" PRId64 "\n",
        counts.accepted, counts.handled, counts.shed, eda_counts_balance(&counts));
    return EDA_OK;
}

static eda_status run(eda_system *sys)
{
    EDA_TRY(eda_add_linked(sys));
    EDA_TRY(eda_system_start(sys));
    EDA_TRY(try_policy(sys, 0, "letter", "EDA_REJECT"));
    EDA_TRY(try_policy(sys, 1, "news", "EDA_DROP_OLDEST"));
    EDA_TRY(try_policy(sys, 2, "clock_time", "EDA_KEEP_LATEST"));
    return try_policy(sys, 3, "invoice", "EDA_WAIT");
}

int main(void)
{
    const eda_options options = {.workers = 1};
    eda_system *sys = NULL;
    eda_status status = eda_system_new(&options, &sys);

    if (status == EDA_OK) {
        status = run(sys);
    }
    if (status != EDA_OK) {
        fprintf(stderr, "desk: %s\n", eda_status_text(status));
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
