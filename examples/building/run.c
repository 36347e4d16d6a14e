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
#define NODES_MS 60000 /* until all nodes must be there */
#define TELL_MS 10000  /* until all nodes must have told what they did */

typedef struct building {
    const building_arguments *args;
    eda_system *sys;
    eda_ctx *client;
    FILE *out;
} building;

/* --- the run ------------------------------------------------------------------------------ */

static void show_progress(const building *self, const char *path, const char *end)
{
    eda_counts all = eda_system_counts(self->sys, NULL, NULL);
    eda_counts swipes = eda_system_counts(self->sys, "badge_swipe", "badge");
    eda_activations badges = eda_system_activations(self->sys, "badge");

    if (self->args->shows_progress) {
        fprintf(stderr,
            "\r%s: %" PRIu64 " swipes, %" PRIu64 " messages, %" PRIu64 " badges live%s%s", path,
            swipes.handled, all.handled, badges.live,
            self->args->bus != NULL ? " on this node" : "", end);
    }
}

/* Until nothing moves, on any node. */
static eda_status wait_idle(const building *self, uint32_t timeout_ms)
{
    return self->args->bus != NULL ? eda_cluster_wait_idle(self->sys, timeout_ms)
                                   : eda_wait_idle(self->sys, timeout_ms);
}

/* Counts of all nodes together, and the activations of an actor type. */
static eda_status sum_up(const building *self, const char *actor, eda_cluster_sums *ret_sums)
{
    if (self->args->bus != NULL) {
        return eda_cluster_sum(self->sys, actor, TELL_MS, ret_sums);
    }
    ret_sums->counts = eda_system_counts(self->sys, NULL, NULL);
    ret_sums->activations = eda_system_activations(self->sys, actor);
    return EDA_OK;
}

/* Reads a file and waits until the last message it caused has been handled. */
static eda_status replay(const building *self, const char *path)
{
    eda_status status;

    EDA_TRY(eda_publish_wait(
        self->client, EDA_MSG(read_file, .path = eda_str_from(path)), EDA_FOREVER));
    do {
        show_progress(self, path, "");
        status = wait_idle(self, PROGRESS_MS);
    } while (status == EDA_ETIMEOUT);
    show_progress(self, path, "\n");
    return status;
}

/* The summary counts what happened; with a turn that did not, it would be a guess. */
static eda_status check_turns(const building *self)
{
    eda_cluster_sums sums;
    const eda_counts *counts = &sums.counts;

    EDA_TRY(sum_up(self, NULL, &sums));
    if (counts->failed + counts->expired + counts->shed + counts->stopped + counts->lost +
            counts->unknown ==
        0) {
        return EDA_OK;
    }
    fprintf(stderr,
        "building: of %" PRIu64 " messages %" PRIu64 " failed, %" PRIu64 " expired, %" PRIu64
        " were shed, %" PRIu64 " stopped, %" PRIu64 " lost, %" PRIu64
        " unknown; the summary would be wrong\n",
        counts->accepted, counts->failed, counts->expired, counts->shed, counts->stopped,
        counts->lost, counts->unknown);
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

static eda_status print_keys(const building *self, const char *name, const char *actor)
{
    eda_cluster_sums sums;

    EDA_TRY(sum_up(self, actor, &sums));
    print(self->out, name, sums.activations.keys_ever);
    return EDA_OK;
}

static eda_status print_system(const building *self, const summary_totals *swipes)
{
    eda_str busiest = swipes->busiest_count == 0 ? EDA_STR("-") : swipes->busiest_floor;
    eda_cluster_sums sums;

    EDA_TRY(print_keys(self, "doors", "door"));
    EDA_TRY(print_keys(self, "badges", "badge"));
    EDA_TRY(print_keys(self, "floors", "floor"));
    EDA_TRY(sum_up(self, NULL, &sums));
    fprintf(self->out, "busiest %.*s %" PRIu64 "\n", EDA_STR_ARG(busiest), swipes->busiest_count);
    print(self->out, "dead", sums.counts.dead);
    fprintf(self->out, "balance %" PRId64 "\n", eda_counts_balance(&sums.counts));
    return EDA_OK;
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
    if (self->args->shows_progress) {
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
    EDA_TRY(wait_idle(self, EDA_FOREVER));
    return print_system(self, swipes);
}

/* --- the program -------------------------------------------------------------------------- */

static eda_status start(const building_arguments *args, eda_sim *sim, building *ret_building)
{
    EDA_TRY(building_start(args, sim, &ret_building->sys));
    if (args->bus != NULL) {
        EDA_TRY(eda_cluster_wait_nodes(ret_building->sys, args->nodes, NODES_MS));
    }
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
    building self = {.args = args, .out = out};
    eda_status status = EDA_OK;
    const char *problem = run_all(&self, args, sim, &status);

    if (problem != NULL) {
        const char *more = self.sys == NULL ? "" : eda_system_error(self.sys);

        (void)snprintf(text, size, "%s: %s%s%s", problem, eda_status_text(status),
            *more == '\0' ? "" : ": ", more);
    }
    if (args->is_verbose && self.sys != NULL) {
        building_tell(self.sys, args->node != NULL ? args->node : "building");
    }
    eda_client_free(self.client);
    eda_system_free(self.sys);
    return problem != NULL ? text : NULL;
}
