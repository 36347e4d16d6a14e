/* eda_main.c - the stock program around an application: options, actors, errors, exit code. */
#include <edacious/system.h>

#include <stdio.h>
#include <stdlib.h>
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
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || value == 0 || value > 64) {
        return false;
    }
    *ret_workers = (uint32_t)value;
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
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            out->config = argv[++i];
        } else if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc) {
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
        (void)fprintf(stderr, "%s: %s: %s%s%s\n", argv[0], eda_status_name(status),
            eda_status_text(status), sys != NULL && eda_system_error(sys)[0] != '\0' ? ": " : "",
            sys != NULL ? eda_system_error(sys) : "");
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
