/* eda_main.c - the stock program around an application: options, actors, errors, exit code. */
#include <edacious/system.h>

#include <stdio.h>
#include <string.h>

typedef struct arguments {
    const char *config;
    eda_options options;
} arguments;

static int usage(const char *program, FILE *to)
{
    (void)fprintf(to,
        "usage: %s [--config FILE] [--workers N]\n"
        "  --config FILE  dependencies as JSON: {\"NAME_OF_DEPENDENCIES\": {\"field\": value}}\n"
        "  --workers N    worker threads; default: one per core\n",
        program);
    return to == stderr ? 2 : 0;
}

static bool parse_workers(const char *text, uint32_t *ret_workers)
{
    uint32_t value = 0;
    size_t i;

    for (i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || i == 2) {
            return false;
        }
        value = 10 * value + (uint32_t)(text[i] - '0');
    }
    if (value == 0 || value > 64) {
        return false;
    }
    *ret_workers = value;
    return true;
}

/* 0: go on. Otherwise the exit code plus 1. */
static int parse(int argc, char **argv, arguments *out)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return 1 + usage(argv[0], stdout);
        }
        if ((strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "--workers") == 0) &&
            i + 1 == argc) {
            (void)fprintf(stderr, "%s: %s takes a value\n", argv[0], argv[i]);
            return 1 + usage(argv[0], stderr);
        }
        if (strcmp(argv[i], "--config") == 0) {
            out->config = argv[++i];
        } else if (strcmp(argv[i], "--workers") == 0) {
            if (!parse_workers(argv[++i], &out->options.workers)) {
                (void)fprintf(stderr, "%s: --workers takes 1 to 64, not '%s'\n", argv[0], argv[i]);
                return 1 + 2;
            }
        } else {
            (void)fprintf(stderr, "%s: unknown argument '%s'\n", argv[0], argv[i]);
            return 1 + usage(argv[0], stderr);
        }
    }
    return 0;
}

static eda_status run(eda_system *sys, const char *config, eda_status (*app)(eda_system *sys))
{
    EDA_TRY(eda_add_linked(sys));
    if (config != NULL) {
        EDA_TRY(eda_configure(sys, config));
    }
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
    arguments given = {.options = {.store = EDA_STORE_MEMORY}};
    eda_system *sys = NULL;
    eda_status status;
    int code = parse(argc, argv, &given);

    if (code != 0) {
        return code - 1;
    }
    status = eda_system_new(&given.options, &sys);
    if (status == EDA_OK) {
        status = run(sys, given.config, app);
    }
    if (status != EDA_OK) {
        print_error(argv[0], sys, status);
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
