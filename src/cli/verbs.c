/* verbs.c - the table of verbs, their help, and the way from a command line to one of them. */
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"

static const edai_verb *const verbs[] = {&edai_verb_pub, &edai_verb_ask, &edai_verb_sub,
    &edai_verb_ps, &edai_verb_messages, &edai_verb_acl};
#define VERBS_LEN (sizeof verbs / sizeof verbs[0])

static const edai_args_option common[] = {
    {.name = "--connect",
        .value = "ENDPOINT",
        .help = "where: a Zenoh endpoint, or local:SOCKET; default tcp/127.0.0.1:7447"},
    {.name = "--bus", .value = "DRIVER", .help = "zenoh, local, or a driver's path"},
    {.name = "--config",
        .value = "FILE",
        .help = "the driver's own configuration, in place of --connect"},
    {.name = "--cluster", .value = "NAME", .help = "name of the cluster; default edacious"},
    {.name = "--timeout", .value = "TIME", .help = "longest wait for others; default 5s"},
    {.name = "--ca", .value = "FILE", .help = "TLS: certificate of the authority"},
    {.name = "--cert", .value = "FILE", .help = "mutual TLS: certificate of this side"},
    {.name = "--key", .value = "FILE", .help = "mutual TLS: its private key"},
    {.name = "--user", .value = "NAME", .help = "user name; with --password-file"},
    {.name = "--password-file", .value = "FILE", .help = "whose first line is the password"},
    {.name = "--verbose", .help = "show what the driver logs"},
    {.name = "--help", .help = "this text"}, {.name = NULL}};

static const char exits[] =
    "Exit codes: 0 done; 1 refused or failed; 2 wrong use, or a file; 3 nobody there; "
    "4 timeout.\n";

static void print_options(FILE *to, const edai_args_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        char left[40];

        (void)snprintf(left, sizeof left, "%s %s", options->name,
            options->value != NULL ? options->value : "");
        (void)fprintf(to, "  %-22s %s%s\n", left, options->help,
            options->may_repeat ? "; may be repeated" : "");
    }
}

static void print_help(FILE *to)
{
    (void)fputs("usage: edacious VERB [option...] [word...]\n\n", to);
    for (size_t i = 0; i < VERBS_LEN; i++) {
        (void)fprintf(to, "  %-10s %s\n", verbs[i]->name, verbs[i]->about);
    }
    (void)fputs(
        "\nedacious VERB --help tells more, edacious --version which this is. Options of all "
        "verbs:\n",
        to);
    print_options(to, common);
    (void)fprintf(to, "\n%s", exits);
}

static const char *space_before(const char *usage)
{
    return usage[0] != '\0' ? " " : "";
}

static void print_verb_help(FILE *to, const edai_verb *verb)
{
    (void)fprintf(to, "usage: edacious %s%s%s\n\n%s.\n", verb->name, space_before(verb->usage),
        verb->usage, verb->about);
    if (verb->more != NULL) {
        (void)fprintf(to, "%s\n", verb->more);
    }
    (void)fprintf(to, "\nExamples:\n%s", verb->examples);
    if (verb->options != NULL) {
        (void)fputs("\nOptions:\n", to);
        print_options(to, verb->options);
    }
    (void)fputs("\nOptions of all verbs:\n", to);
    print_options(to, common);
    (void)fprintf(to, "\n%s", exits);
}

static const edai_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERBS_LEN; i++) {
        if (strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

edai_exit edai_cli_fail(edai_cli *cli, edai_exit code, const char *format, ...)
{
    va_list args;

    (void)fprintf(cli->err, "edacious%s%s: ", cli->verb != NULL ? " " : "",
        cli->verb != NULL ? cli->verb->name : "");
    va_start(args, format);
    (void)vfprintf(cli->err, format, args);
    va_end(args);
    (void)fputc('\n', cli->err);
    return code;
}

edai_exit edai_cli_flush(edai_cli *cli)
{
    if (fflush(cli->out) != 0 || ferror(cli->out) != 0) {
        return edai_cli_fail(
            cli, EDAI_EXIT_FAILED, "the output cannot be written; is its reader gone?");
    }
    return EDAI_EXIT_OK;
}

static edai_exit check_words(edai_cli *cli)
{
    size_t count = cli->args.word_count;

    if (count >= cli->verb->words_min && count <= cli->verb->words_max) {
        return EDAI_EXIT_OK;
    }
    return edai_cli_fail(cli, EDAI_EXIT_USAGE,
        count < cli->verb->words_min ? "a word is missing; usage: edacious %s%s%s"
                                     : "a word too many; usage: edacious %s%s%s",
        cli->verb->name, space_before(cli->verb->usage), cli->verb->usage);
}

static edai_exit run_verb(edai_cli *cli, int argc, char **argv)
{
    eda_problem problem = {.text = ""};
    eda_status status =
        edai_args_parse(&cli->args, argc, argv, common, cli->verb->options, &problem);

    if (status != EDA_OK) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE, "%s",
            problem.text[0] != '\0' ? problem.text : eda_status_text(status));
    }
    edai_exit code;
    if (edai_args_has(&cli->args, "--help")) {
        print_verb_help(cli->out, cli->verb);
        code = edai_cli_flush(cli);
    } else {
        code = check_words(cli);
        if (code == EDAI_EXIT_OK) {
            code = cli->verb->run(cli);
        }
    }
    edai_args_fini(&cli->args);
    return code;
}

edai_exit edai_cli_run(edai_cli *cli, int argc, char **argv)
{
    cli->verb = NULL;
    if (argc < 2) {
        print_help(cli->err);
        return EDAI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(cli->out);
        return edai_cli_flush(cli);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)fputs("edacious " EDAI_VERSION "\n", cli->out);
        return edai_cli_flush(cli);
    }
    if (argv[1][0] == '-') {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "the verb comes first, as in edacious ps %.80s; see edacious --help", argv[1]);
    }
    cli->verb = find_verb(argv[1]);
    if (cli->verb == NULL) {
        return edai_cli_fail(
            cli, EDAI_EXIT_USAGE, "there is no verb %.80s; see edacious --help", argv[1]);
    }
    return run_verb(cli, argc - 2, argv + 2);
}
