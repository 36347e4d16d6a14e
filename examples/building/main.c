/* main.c - replays a recorded log through the building and prints what came of it.
 *
 *   building [--workers N] [--passivate-at-once] [--progress | --quiet] SETUP EVENTS
 *   building --simulate SEEDS [--first SEED] [--workers N] [--passivate-at-once] SETUP EVENTS
 *   building --bus DRIVER [--bus-config FILE|JSON] [--cluster NAME] --node NAME --nodes N SETUP
 * EVENTS building --bus DRIVER [--bus-config FILE|JSON] [--cluster NAME] --node NAME */
#define _POSIX_C_SOURCE 200809L /* isatty, fileno */

#include "building.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define SEEDS_MAX 1000000
#define NODES_MAX 250

static const char usage[] =
    "usage: building [--workers N] [--passivate-at-once] [--progress | --quiet] SETUP EVENTS\n"
    "       building --simulate SEEDS [--first SEED] [--workers N] [--passivate-at-once] SETUP "
    "EVENTS\n"
    "on several nodes, each a process, here or on other machines; one of them reads:\n"
    "       building --bus DRIVER [--bus-config FILE|JSON] [--cluster NAME] --node NAME "
    "--nodes N SETUP EVENTS\n"
    "the others host actors until SIGTERM, SIGINT or the end of standard input:\n"
    "       building --bus DRIVER [--bus-config FILE|JSON] [--cluster NAME] --node NAME\n"
    "--verbose tells at the end what the process did; --workers and --passivate-at-once as above\n";

static bool parse_number(const char *text, unsigned long most, unsigned long *ret_number)
{
    char *end = NULL;
    unsigned long number = text == NULL ? 0 : strtoul(text, &end, 10);

    if (number < 1 || number > most || *end != '\0') {
        return false;
    }
    *ret_number = number;
    return true;
}

/* The options that take a number. */
static bool parse_option(const char *name, const char *value, building_arguments *args)
{
    unsigned long number = 0;

    if (strcmp(name, "--workers") == 0 && parse_number(value, WORKERS_MAX, &number)) {
        args->workers = (uint32_t)number;
    } else if (strcmp(name, "--simulate") == 0 && parse_number(value, SEEDS_MAX, &number)) {
        args->seeds = number;
    } else if (strcmp(name, "--first") == 0 && parse_number(value, ULONG_MAX, &number)) {
        args->first_seed = number;
    } else if (strcmp(name, "--nodes") == 0 && parse_number(value, NODES_MAX, &number)) {
        args->nodes = (uint32_t)number;
    } else {
        return false;
    }
    return true;
}

/* The options that take a text. */
static bool parse_text(const char *name, const char *value, building_arguments *args)
{
    const struct {
        const char *name;
        const char **ret_value;
    } texts[] = {{"--bus", &args->bus}, {"--bus-config", &args->bus_config},
        {"--cluster", &args->cluster}, {"--node", &args->node}};
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(name, texts[i].name) == 0 && value != NULL && *value != '\0') {
            *texts[i].ret_value = value;
            return true;
        }
    }
    return false;
}

/* Options that only nodes have need a bus; files are missing only where a node hosts for others. */
static bool fits_together(const building_arguments *args)
{
    if (args->bus == NULL) {
        return args->events != NULL && args->bus_config == NULL && args->cluster == NULL &&
               args->node == NULL && args->nodes == 0;
    }
    if (args->node == NULL || args->seeds != 0) {
        return false;
    }
    return args->setup == NULL ? args->nodes == 0 : args->events != NULL && args->nodes != 0;
}

static bool parse_arguments(char **argv, building_arguments *ret_arguments)
{
    building_arguments args = {.first_seed = 1, .shows_progress = isatty(fileno(stderr)) != 0};

    for (argv++; *argv != NULL; argv++) {
        if (strcmp(*argv, "--passivate-at-once") == 0) {
            args.passivates_at_once = true;
        } else if (strcmp(*argv, "--progress") == 0) {
            args.shows_progress = true;
        } else if (strcmp(*argv, "--quiet") == 0) {
            args.shows_progress = false;
        } else if (strcmp(*argv, "--verbose") == 0) {
            args.is_verbose = true;
        } else if (strncmp(*argv, "--", 2) != 0 && args.events == NULL) {
            *(args.setup == NULL ? &args.setup : &args.events) = *argv;
        } else if (parse_option(*argv, argv[1], &args) || parse_text(*argv, argv[1], &args)) {
            argv++;
        } else {
            return false;
        }
    }
    *ret_arguments = args;
    return fits_together(&args);
}

int main(int argc, char **argv)
{
    building_arguments args;
    char text[512];
    const char *problem;

    (void)argc;
    if (!parse_arguments(argv, &args)) {
        fputs(usage, stderr);
        return 2;
    }
    if (args.seeds != 0) {
        return building_simulate(&args);
    }
    if (args.setup == NULL) {
        return building_host(&args);
    }
    problem = building_run(&args, NULL, stdout, text, sizeof(text));
    if (problem != NULL) {
        fprintf(stderr, "building: %s\n", problem);
    }
    return problem == NULL && fflush(stdout) == 0 ? 0 : 1;
}
