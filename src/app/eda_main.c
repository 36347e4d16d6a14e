/* eda_main.c - the stock program around an application: options, actors, errors, exit code. */
#define _POSIX_C_SOURCE 200809L /* sigwait */

#include <edacious/cluster.h>

#include "core/system.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORKERS_MAX 64u
#define NODES_MAX 256u
#define NODES_MS 60000u
/* How often a host that waits for nodes looks whether it is to end. */
#define LOOK_MS 250u

typedef struct arguments {
    const char *config;
    const char *workers;
    const char *node;
    const char *bus;
    const char *bus_config;
    const char *cluster;
    const char *nodes;
    const char *host; /* the flags': not NULL, if given */
    const char *unfenced;
} arguments;

static const struct {
    const char *name;
    size_t offset;  /* of its text in arguments */
    bool is_flag;   /* takes no value */
    bool needs_bus; /* means nothing without one */
} options[] = {
    {"--config", offsetof(arguments, config), false, false},
    {"--workers", offsetof(arguments, workers), false, false},
    {"--bus", offsetof(arguments, bus), false, false},
    {"--node", offsetof(arguments, node), false, true},
    {"--bus-config", offsetof(arguments, bus_config), false, true},
    {"--cluster", offsetof(arguments, cluster), false, true},
    {"--nodes", offsetof(arguments, nodes), false, true},
    {"--host", offsetof(arguments, host), true, true},
    {"--unfenced", offsetof(arguments, unfenced), true, true},
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* What eda_system_start waits for, of the one program that this is. */
static uint32_t nodes_wanted;

static int usage(const char *program, FILE *to)
{
    (void)fprintf(to,
        "usage: %s [--config FILE] [--workers N]\n"
        "       [--node NAME --bus DRIVER [--bus-config FILE] [--cluster NAME] [--nodes N]\n"
        "        [--host] [--unfenced]]\n"
        "  --config FILE      dependencies as JSON: {\"NAME_OF_DEPENDENCIES\": {\"field\": "
        "value}};\n"
        "                     they win over those of eda_provide\n"
        "  --workers N        worker threads; default: one per core\n"
        "to share actors with other programs, as a node of a cluster:\n"
        "  --node NAME        of this one; each has its own\n"
        "  --bus DRIVER       local (the processes of this host), zenoh, or a driver's path\n"
        "  --bus-config FILE  of the bus: a file, or text that begins with '{'\n"
        "  --cluster NAME     which; default: edacious\n"
        "  --nodes N          begins when so many are there, this one included; a host says then\n"
        "                     that it is up, and hosts meanwhile\n"
        "  --host             hosts the actors until SIGINT or SIGTERM, and does nothing else\n"
        "  --unfenced         also actors that save, though each node has a store of its own\n",
        program);
    return to == stderr ? 2 : 0;
}

/* --- options ------------------------------------------------------------------------------ */

static const char **text_of(arguments *given, size_t option)
{
    return (const char **)(void *)((char *)given + options[option].offset);
}

static size_t find_option(const char *name)
{
    size_t at = 0;

    while (at < OPTION_COUNT && strcmp(options[at].name, name) != 0) {
        at++;
    }
    return at;
}

/* 0: go on. Otherwise the exit code plus 1. */
static int parse(int argc, char **argv, arguments *out)
{
    int i;

    for (i = 1; i < argc; i++) {
        size_t option = find_option(argv[i]);

        if (strcmp(argv[i], "--help") == 0) {
            return 1 + usage(argv[0], stdout);
        }
        if (option == OPTION_COUNT) {
            (void)fprintf(stderr, "%s: unknown argument '%s'\n", argv[0], argv[i]);
            return 1 + usage(argv[0], stderr);
        }
        if (!options[option].is_flag && i + 1 == argc) {
            (void)fprintf(stderr, "%s: %s takes a value\n", argv[0], argv[i]);
            return 1 + usage(argv[0], stderr);
        }
        *text_of(out, option) = options[option].is_flag ? argv[i] : argv[++i];
    }
    return 0;
}

/* NULL: `ret_value` stays as it is. */
static bool read_number(
    const char *program, const char *option, const char *text, uint32_t max, uint32_t *ret_value)
{
    uint32_t value = 0;
    size_t i;

    for (i = 0; text != NULL && text[i] != '\0' && value <= max; i++) {
        value = text[i] < '0' || text[i] > '9' ? max + 1 : 10 * value + (uint32_t)(text[i] - '0');
    }
    if (text != NULL && (value == 0 || value > max)) {
        (void)fprintf(
            stderr, "%s: %s takes 1 to %u, not '%s'\n", program, option, (unsigned)max, text);
        return false;
    }
    if (text != NULL) {
        *ret_value = value;
    }
    return true;
}

static bool check_node(const char *program, arguments *given)
{
    size_t i;

    if (given->bus != NULL && given->node == NULL) {
        (void)fprintf(stderr,
            "%s: --bus needs --node NAME, too: each node of a cluster has its own\n", program);
        return false;
    }
    for (i = 0; given->bus == NULL && i < OPTION_COUNT; i++) {
        if (options[i].needs_bus && *text_of(given, i) != NULL) {
            (void)fprintf(stderr,
                "%s: %s is for a node of a cluster: give --bus, too, which is local, zenoh, or a "
                "driver's path\n",
                program, options[i].name);
            return false;
        }
    }
    return true;
}

static bool fill_options(const char *program, arguments *given, eda_options *ret_options)
{
    eda_options made = {.name = given->node,
        .store = EDA_STORE_MEMORY,
        .bus = given->bus,
        .bus_config = given->bus_config,
        .cluster = given->cluster,
        .is_unfenced = given->unfenced != NULL};

    nodes_wanted = 0;
    if (!read_number(program, "--workers", given->workers, WORKERS_MAX, &made.workers) ||
        !read_number(program, "--nodes", given->nodes, NODES_MAX, &nodes_wanted) ||
        !check_node(program, given)) {
        return false;
    }
    *ret_options = made;
    return true;
}

/* --- running ------------------------------------------------------------------------------ */

static eda_status wait_nodes(eda_system *sys)
{
    if (nodes_wanted > 1) { /* the others may begin much later: that it waits must be seen */
        eda_log(eda_system_client(sys), "waits until %u nodes see each other, for %u s at most",
            (unsigned)nodes_wanted, NODES_MS / 1000);
    }
    return nodes_wanted == 0 ? EDA_OK : eda_cluster_wait_nodes(sys, nodes_wanted, NODES_MS);
}

/* Without an end of its own: it hosts already, and those it waits for may begin much later. True:
 * `ret_status` tells; false: one of the signals came first. */
static bool wait_as_host(eda_system *sys, const sigset_t *ends, eda_status *ret_status)
{
    static const struct timespec at_once = {.tv_sec = 0};
    eda_status status;

    if (nodes_wanted != 0) {
        eda_log(eda_system_client(sys), "hosts its actors; waits until %u nodes see each other",
            (unsigned)nodes_wanted);
        while ((status = eda_cluster_wait_nodes(sys, nodes_wanted, LOOK_MS)) == EDA_ETIMEOUT) {
            if (sigtimedwait(ends, NULL, &at_once) > 0) {
                return false;
            }
        }
        *ret_status = status;
    }
    return true;
}

/* What ends it is blocked before any thread begins, so that none of them gets it. */
static eda_status host(eda_system *sys)
{
    sigset_t ends;
    sigset_t before;
    eda_status status;
    int number;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ends, &before);
    status = eda_system_start(sys);
    if (status == EDA_OK && wait_as_host(sys, &ends, &status) && status == EDA_OK) {
        eda_log(eda_system_client(sys), "hosts its actors until SIGINT or SIGTERM");
        (void)sigwait(&ends, &number);
    }
    /* A second one ends it at once, while it gives its actors away. */
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static eda_status run(eda_system *sys, const arguments *given, eda_status (*app)(eda_system *sys))
{
    EDA_TRY(eda_add_linked(sys));
    if (given->config != NULL) {
        EDA_TRY(eda_configure(sys, given->config));
        edai_depend_fix(sys); /* whoever starts the program knows better than its code */
    }
    if (given->host != NULL) {
        sys->is_bare = true;
        return host(sys);
    }
    sys->started = wait_nodes;
    return app(sys);
}

/* The sentence of the failed call: on the system, or on the client of its thread. */
static void print_error(const char *program, eda_system *sys, eda_status status)
{
    eda_str text = {.ptr = "", .len = 0};

    if (sys != NULL) {
        text = eda_str_from(eda_system_error(sys));
        if (text.len == 0 && eda_system_client(sys) != NULL) {
            text = eda_error(eda_system_client(sys));
        }
        if (eda_str_equal(text, eda_str_from(eda_status_text(status)))) {
            text.len = 0; /* said already */
        }
    }
    (void)fprintf(stderr, "%s: %s: %s%s%.*s\n", program, eda_status_name(status),
        eda_status_text(status), text.len > 0 ? ": " : "", EDA_STR_ARG(text));
}

int eda_main(int argc, char **argv, eda_status (*app)(eda_system *sys))
{
    arguments given = {.config = NULL};
    eda_options made = {.name = NULL};
    eda_system *sys = NULL;
    eda_status status;
    int code = parse(argc, argv, &given);

    if (code != 0) {
        return code - 1;
    }
    if (!fill_options(argv[0], &given, &made)) {
        return 2;
    }
    status = eda_system_new(&made, &sys);
    if (status == EDA_OK) {
        status = run(sys, &given, app);
    }
    if (status != EDA_OK) {
        print_error(argv[0], sys, status);
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
