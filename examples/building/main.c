/* main.c - replays a recorded log through the building and prints what came of it.
 *
 *   building [--workers N] [--passivate-at-once] [--progress | --quiet] SETUP EVENTS
 *
 * It knows no more of the building than anybody else: it publishes, waits until nothing moves, and
 * asks. */
#define _POSIX_C_SOURCE 200809L /* isatty, fileno */

#include "alarm.h"
#include "audit.h"
#include "badge.h"
#include "log.h"
#include "summary.h"
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_MS 500
#define WORKERS_MAX 64

typedef struct arguments {
    uint32_t workers; /* 0: one per core */
    bool passivates_at_once;
    bool shows_progress;
    const char *setup;
    const char *events;
} arguments;

typedef struct building {
    eda_system *sys;
    eda_ctx *client;
    bool shows_progress;
} building;

static const char usage[] =
    "usage: building [--workers N] [--passivate-at-once] [--progress | --quiet] SETUP EVENTS\n";

static bool parse_workers(const char *text, uint32_t *ret_workers)
{
    char *end = NULL;
    unsigned long number = text == NULL ? 0 : strtoul(text, &end, 10);

    if (number < 1 || number > WORKERS_MAX || *end != '\0') {
        return false;
    }
    *ret_workers = (uint32_t)number;
    return true;
}

static bool parse_arguments(char **argv, arguments *ret_arguments)
{
    arguments args = {.shows_progress = isatty(fileno(stderr)) != 0};

    for (argv++; *argv != NULL; argv++) {
        if (strcmp(*argv, "--workers") == 0) {
            if (!parse_workers(*++argv, &args.workers)) {
                return false;
            }
        } else if (strcmp(*argv, "--passivate-at-once") == 0) {
            args.passivates_at_once = true;
        } else if (strcmp(*argv, "--progress") == 0) {
            args.shows_progress = true;
        } else if (strcmp(*argv, "--quiet") == 0) {
            args.shows_progress = false;
        } else if (strncmp(*argv, "--", 2) != 0 && args.events == NULL) {
            *(args.setup == NULL ? &args.setup : &args.events) = *argv;
        } else {
            return false;
        }
    }
    *ret_arguments = args;
    return args.events != NULL;
}

/* --- the run -------------------------------------------------------------------------------- */

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

/* --- the summary ---------------------------------------------------------------------------- */

static void print(const char *name, uint64_t value)
{
    printf("%s %" PRIu64 "\n", name, value);
}

static void print_lines(const reading_totals *lines)
{
    uint64_t rejected =
        lines->bad_line + lines->bad_topic + lines->unknown_topic + lines->bad_payload;

    print("read", lines->accepted + rejected);
    print("accepted", lines->accepted);
    print("rejected", rejected);
    print("rejected.bad_line", lines->bad_line);
    print("rejected.bad_topic", lines->bad_topic);
    print("rejected.unknown_topic", lines->unknown_topic);
    print("rejected.bad_payload", lines->bad_payload);
}

static void print_swipes(const summary_totals *swipes)
{
    print("granted", swipes->granted);
    print("refused",
        swipes->no_grant + swipes->outside_hours + swipes->level_too_low + swipes->unknown_door);
    print("refused.no_grant", swipes->no_grant);
    print("refused.outside_hours", swipes->outside_hours);
    print("refused.level_too_low", swipes->level_too_low);
    print("refused.unknown_door", swipes->unknown_door);
}

static void print_system(eda_system *sys, const summary_totals *swipes)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);
    eda_str busiest = swipes->busiest_count == 0 ? EDA_STR("-") : swipes->busiest_floor;

    print("doors", eda_system_activations(sys, "door").keys_ever);
    print("badges", eda_system_activations(sys, "badge").keys_ever);
    print("floors", eda_system_activations(sys, "floor").keys_ever);
    printf("busiest %.*s %" PRIu64 "\n", EDA_STR_ARG(busiest), swipes->busiest_count);
    print("dead", counts.dead);
    printf("balance %" PRId64 "\n", eda_counts_balance(&counts));
}

static eda_status summarise(const building *self)
{
    const reading_totals *lines = NULL;
    const alarm_totals *alarms = NULL;
    const audit_totals *audit = NULL;
    const summary_totals *swipes = NULL;
    uint64_t alarm_count;

    /* A client's reply is good until its next ask: each is used at once, and the summary's, which
     * is used to the end, comes last. */
    EDA_TRY(eda_ask(self->client, EDA_ASK(audit_get, &audit), EDA_FOREVER));
    if (self->shows_progress) {
        fprintf(stderr, "the audit has seen %" PRIu64 " messages\n", audit->seen_count);
    }
    EDA_TRY(eda_ask(self->client, EDA_ASK(alarm_get, &alarms), EDA_FOREVER));
    alarm_count = alarms->count;
    EDA_TRY(eda_ask(self->client, EDA_ASK(reading_get, &lines), EDA_FOREVER));
    print_lines(lines);
    EDA_TRY(eda_ask(self->client, EDA_ASK(summary_get, &swipes), EDA_FOREVER));
    print_swipes(swipes);
    print("alarms", alarm_count);
    /* The balance is that of an idle system, and the questions just asked were messages too. */
    EDA_TRY(eda_wait_idle(self->sys, EDA_FOREVER));
    print_system(self->sys, swipes);
    return EDA_OK;
}

/* --- the program ---------------------------------------------------------------------------- */

static eda_status start(const arguments *args, building *ret_building)
{
    eda_options options = {.workers = args->workers,
        .passivates_at_once = args->passivates_at_once,
        .store = EDA_STORE_MEMORY,
        .wait_ms = PATIENCE_MS,
        .new_keys_per_s = EDA_UNLIMITED}; /* a log is read faster than badges are made */

    EDA_TRY(eda_system_new(&options, &ret_building->sys));
    ret_building->shows_progress = args->shows_progress;
    EDA_TRY(eda_add_linked(ret_building->sys));
    EDA_TRY(eda_system_start(ret_building->sys));
    return eda_client_new(ret_building->sys, &ret_building->client);
}

/* Returns what went wrong, or NULL; then `status` tells more. */
static const char *run(building *self, const arguments *args, eda_status *ret_status)
{
    *ret_status = start(args, self);
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

int main(int argc, char **argv)
{
    arguments args;
    building all = {0};
    eda_status status = EDA_OK;
    const char *problem;

    (void)argc;
    if (!parse_arguments(argv, &args)) {
        fputs(usage, stderr);
        return 2;
    }
    problem = run(&all, &args, &status);
    if (problem != NULL) {
        const char *more = all.sys == NULL ? "" : eda_system_error(all.sys);

        fprintf(stderr, "building: %s: %s%s%s\n", problem, eda_status_text(status),
            *more == '\0' ? "" : ": ", more);
    }
    eda_client_free(all.client);
    eda_system_free(all.sys);
    return problem == NULL && fflush(stdout) == 0 ? 0 : 1;
}
