/* run.c - reads the two files and sums up what came of them.
 *
 * It knows no more of the building than anybody else: it publishes, waits until nothing moves, and
 * asks. */
#include "building.h"

#include "alarm.h"
#include "audit.h"
#include "badge.h"
#include "log.h"
#include "summary.h"
#include <edacious/edacious.h>
#include <inttypes.h>

#define PROGRESS_MS 500
/* The reader parses whole lines, and JSON may nest: 2,048 levels is what jansson takes. */
#define STACK_SIZE (1024 * 1024)

typedef struct building {
    eda_system *sys;
    eda_ctx *client;
    FILE *out;
    bool shows_progress;
} building;

/* --- the run ------------------------------------------------------------------------------ */

static void show_progress(const building *self, const char *path, const char *end)
{
    eda_counts all = eda_system_counts(self->sys, NULL, NULL);
    eda_counts swipes = eda_system_counts(self->sys, "badge_swipe", "badge");
    eda_activations badges = eda_system_activations(self->sys, "badge");

    if (self->shows_progress) {
        fprintf(stderr, "\r%s: %" PRIu64 " swipes, %" PRIu64 " messages, %" PRIu64 " badges live%s",
            path, swipes.handled, all.handled, badges.live, end);
    }
}

/* Reads a file and waits until the last message it caused has been handled. */
static eda_status replay(const building *self, const char *path)
{
    eda_status status;

    EDA_TRY(eda_publish_wait(
        self->client, EDA_MSG(read_file, .path = eda_str_from(path)), EDA_FOREVER));
    do {
        show_progress(self, path, "");
        status = eda_wait_idle(self->sys, PROGRESS_MS);
    } while (status == EDA_ETIMEOUT);
    show_progress(self, path, "\n");
    return status;
}

/* The summary counts what happened; with a turn that did not, it would be a guess. */
static eda_status check_turns(const building *self)
{
    eda_counts counts = eda_system_counts(self->sys, NULL, NULL);

    if (counts.failed + counts.expired + counts.shed + counts.stopped == 0) {
        return EDA_OK;
    }
    fprintf(stderr,
        "building: of %" PRIu64 " messages %" PRIu64 " failed, %" PRIu64 " expired, %" PRIu64
        " were shed, %" PRIu64 " stopped; the summary would be wrong\n",
        counts.accepted, counts.failed, counts.expired, counts.shed, counts.stopped);
    return EDA_EFAILED;
}

/* --- the summary -------------------------------------------------------------------------- */

static void print(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void print_lines(FILE *out, const reading_totals *lines)
{
    uint64_t rejected =
        lines->bad_line + lines->bad_topic + lines->unknown_topic + lines->bad_payload;

    print(out, "read", lines->accepted + rejected);
    print(out, "accepted", lines->accepted);
    print(out, "rejected", rejected);
    print(out, "rejected.bad_line", lines->bad_line);
    print(out, "rejected.bad_topic", lines->bad_topic);
    print(out, "rejected.unknown_topic", lines->unknown_topic);
    print(out, "rejected.bad_payload", lines->bad_payload);
}

static void print_swipes(FILE *out, const summary_totals *swipes)
{
    print(out, "granted", swipes->granted);
    print(out, "refused",
        swipes->no_grant + swipes->outside_hours + swipes->level_too_low + swipes->unknown_door);
    print(out, "refused.no_grant", swipes->no_grant);
    print(out, "refused.outside_hours", swipes->outside_hours);
    print(out, "refused.level_too_low", swipes->level_too_low);
    print(out, "refused.unknown_door", swipes->unknown_door);
}

static void print_system(FILE *out, eda_system *sys, const summary_totals *swipes)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);
    eda_str busiest = swipes->busiest_count == 0 ? EDA_STR("-") : swipes->busiest_floor;

    print(out, "doors", eda_system_activations(sys, "door").keys_ever);
    print(out, "badges", eda_system_activations(sys, "badge").keys_ever);
    print(out, "floors", eda_system_activations(sys, "floor").keys_ever);
    fprintf(out, "busiest %.*s %" PRIu64 "\n", EDA_STR_ARG(busiest), swipes->busiest_count);
    print(out, "dead", counts.dead);
    fprintf(out, "balance %" PRId64 "\n", eda_counts_balance(&counts));
}

static eda_status summarise(const building *self)
{
    const reading_totals *lines = NULL;
    const alarm_totals *alarms = NULL;
    const audit_totals *audit = NULL;
    const summary_totals *swipes = NULL;
    uint64_t alarm_count;
    FILE *out = self->out;

    /* A client's reply is good until its next ask: each is used at once, and the summary's, which
     * is used to the end, comes last. */
    EDA_TRY(eda_ask(self->client, EDA_ASK(audit_get, &audit), EDA_FOREVER));
    if (self->shows_progress) {
        fprintf(stderr, "the audit has seen %" PRIu64 " messages\n", audit->seen_count);
    }
    EDA_TRY(eda_ask(self->client, EDA_ASK(alarm_get, &alarms), EDA_FOREVER));
    alarm_count = alarms->count;
    EDA_TRY(eda_ask(self->client, EDA_ASK(reading_get, &lines), EDA_FOREVER));
    print_lines(out, lines);
    EDA_TRY(eda_ask(self->client, EDA_ASK(summary_get, &swipes), EDA_FOREVER));
    print_swipes(out, swipes);
    print(out, "alarms", alarm_count);
    /* The balance is that of an idle system, and the questions just asked were messages too. */
    EDA_TRY(eda_wait_idle(self->sys, EDA_FOREVER));
    print_system(out, self->sys, swipes);
    return EDA_OK;
}

/* --- the program -------------------------------------------------------------------------- */

static eda_status start(const building_arguments *args, eda_sim *sim, building *ret_building)
{
    eda_options options = {.workers = args->workers};

    if (sim != NULL && args->workers == 0) {
        options = eda_sim_options(sim);
    }
    options.passivates_at_once = args->passivates_at_once;
    options.store = EDA_STORE_MEMORY;
    options.wait_ms = PATIENCE_MS;
    options.stacks_max = 0; /* the default: the simulator's own is tighter than the log allows */
    options.stack_size = STACK_SIZE;
    EDA_TRY(sim != NULL ? eda_sim_system_new(sim, &options, &ret_building->sys)
                        : eda_system_new(&options, &ret_building->sys));
    EDA_TRY(eda_add_linked(ret_building->sys));
    EDA_TRY(eda_system_start(ret_building->sys));
    return eda_client_new(ret_building->sys, &ret_building->client);
}

/* Returns what went wrong, or NULL; then `status` tells more. */
static const char *run_all(
    building *self, const building_arguments *args, eda_sim *sim, eda_status *ret_status)
{
    *ret_status = start(args, sim, self);
    if (*ret_status != EDA_OK) {
        return "cannot start";
    }
    *ret_status = replay(self, args->setup);
    if (*ret_status != EDA_OK) {
        return args->setup;
    }
    *ret_status = replay(self, args->events);
    if (*ret_status != EDA_OK) {
        return args->events;
    }
    *ret_status = check_turns(self);
    if (*ret_status != EDA_OK) {
        return "not everything was handled";
    }
    *ret_status = summarise(self);
    return *ret_status == EDA_OK ? NULL : "cannot summarise";
}

const char *building_run(
    const building_arguments *args, eda_sim *sim, FILE *out, char *text, size_t size)
{
    building self = {.out = out, .shows_progress = args->shows_progress};
    eda_status status = EDA_OK;
    const char *problem = run_all(&self, args, sim, &status);

    if (problem != NULL) {
        const char *more = self.sys == NULL ? "" : eda_system_error(self.sys);

        (void)snprintf(text, size, "%s: %s%s%s", problem, eda_status_text(status),
            *more == '\0' ? "" : ": ", more);
    }
    eda_client_free(self.client);
    eda_system_free(self.sys);
    return problem != NULL ? text : NULL;
}
