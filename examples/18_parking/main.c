/* main.c - two parking spaces are paid for, and the system stops. Another one on the same store
 * goes on where it stopped, until the warden has written both tickets.
 *
 * The system is pumped: the actors run in this program's own loop. */
#define _POSIX_C_SOURCE 200809L /* poll */

#include "meter.h"
#include "parking.h"
#include <edacious/edacious.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#define DEADLINE_MS 10000
#define LOOK_MS 100 /* then the loop asks again: the ask itself may have run what it waits for */

static eda_status start(eda_system *sys)
{
    EDA_TRY(eda_provide(sys, EDA_DEPS(meter_deps, .per_cent = EDA_MS(1))));
    EDA_TRY(eda_add_linked(sys));
    return eda_system_start(sys);
}

static eda_status pay(eda_system *sys, eda_str space_id, uint32_t cents)
{
    return eda_publish_wait(eda_system_client(sys),
        EDA_MSG(meter_coin, .space_id = space_id, .cents = cents), DEADLINE_MS);
}

static eda_status get_meter(eda_system *sys, eda_str space_id, const meter_status **ret_status)
{
    return eda_ask(eda_system_client(sys),
        EDA_ASK(meter_status_get, ret_status, .space_id = space_id), DEADLINE_MS);
}

static eda_status print_meter(eda_system *sys, eda_str space_id)
{
    const meter_status *status = NULL;

    EDA_TRY(get_meter(sys, space_id, &status));
    printf("%.*s: %s, has taken %" PRIu64 " cents\n", EDA_STR_ARG(space_id),
        status->is_paid ? "paid" : "not paid", status->taken_cents);
    return EDA_OK;
}

/* What an actor does later is waited for by asking again and again, a step in between. */
static eda_status run_until_tickets(eda_system *sys, uint32_t ticket_count)
{
    eda_ctx *client = eda_system_client(sys);
    eda_time give_up_at = eda_now(client) + EDA_SEC(60);
    struct pollfd work = {.fd = eda_system_fd(sys), .events = POLLIN};
    const warden_report *report = NULL;
    uint32_t wait_ms = 0;

    while (eda_now(client) < give_up_at) {
        EDA_TRY(eda_ask(client, EDA_ASK(warden_report_get, &report), DEADLINE_MS));
        if (report->ticket_count >= ticket_count) {
            printf("%u tickets, the last for %.*s\n", (unsigned)report->ticket_count,
                EDA_STR_ARG(report->last_space));
            return EDA_OK;
        }
        (void)eda_system_step(sys, 0, &wait_ms);
        (void)poll(&work, 1, wait_ms < LOOK_MS ? (int)wait_ms : LOOK_MS);
    }
    return EDA_ETIMEOUT;
}

static eda_status first_life(eda_system *sys)
{
    EDA_TRY(start(sys));
    EDA_TRY(pay(sys, EDA_STR("A1"), 100));
    return pay(sys, EDA_STR("B2"), 200);
}

static eda_status second_life(eda_system *sys)
{
    const meter_status *status = NULL;

    EDA_TRY(start(sys));
    /* A meter that nobody addresses is not there, and would never look at its time. */
    EDA_TRY(get_meter(sys, EDA_STR("A1"), &status));
    EDA_TRY(get_meter(sys, EDA_STR("B2"), &status));
    EDA_TRY(run_until_tickets(sys, 2));
    EDA_TRY(print_meter(sys, EDA_STR("A1")));
    return print_meter(sys, EDA_STR("B2"));
}

/* One system from start to stop, and what became of its messages. */
static eda_status live(eda_store *store, eda_status (*act)(eda_system *sys))
{
    const eda_options options = {.store_object = store, .pumped = true};
    eda_system *sys = NULL;

    EDA_TRY(eda_system_new(&options, &sys));
    eda_status status = act(sys);
    if (status != EDA_OK) { /* one of the two texts is why: the client's, or the system's */
        eda_str why = eda_error(eda_system_client(sys));

        fprintf(stderr, "parking: %s: %.*s%s\n", eda_status_text(status), EDA_STR_ARG(why),
            eda_system_error(sys));
    }
    eda_system_stop(sys); /* after it the counts are final */
    eda_counts counts = eda_system_counts(sys, NULL, NULL);
    printf("%" PRIu64 " failed, %" PRId64 " on their way\n", counts.failed,
        eda_counts_balance(&counts));
    eda_system_free(sys);
    return status;
}

int main(void)
{
    eda_store *store = eda_store_memory_new(); /* outlives both systems */

    if (store == NULL) {
        return 1;
    }
    eda_status status = live(store, first_life);
    if (status == EDA_OK) {
        status = live(store, second_life);
    }
    eda_store_free(store);
    return status == EDA_OK ? 0 : 1;
}
