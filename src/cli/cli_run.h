/* cli_run.h - the command run within a test: its words, what it printed, and what it ended with.
 *
 * Threads: a test's own; sub runs on one of its own until it has seen enough. */
#ifndef EDAI_CLI_RUN_H
#define EDAI_CLI_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "cli/cli.h"

#define CLI_WORDS_MAX 16

static char cli_where[64]; /* for --connect; the cluster is "plant" */
static bool cli_is_alone;  /* the words say all of it */

typedef struct cli_result {
    edai_exit code;
    char *out;
    char *err;
} cli_result;

static inline edai_exit cli_run_words(edai_cli *cli, const char *const *words)
{
    const char *const common[] = {"--connect", cli_where, "--cluster", "plant"};
    char *argv[CLI_WORDS_MAX + 6];
    int argc = 0;

    argv[argc++] = strdup("edacious");
    for (size_t i = 0; words[i] != NULL; i++) {
        argv[argc++] = strdup(words[i]);
    }
    for (size_t i = 0; i < 4 && words[0] != NULL && !cli_is_alone; i++) {
        argv[argc++] = strdup(common[i]);
    }
    edai_exit code = edai_cli_run(cli, argc, argv);
    while (argc > 0) {
        free(argv[--argc]);
    }
    return code;
}

static inline cli_result cli_run_with(const char *input, const char *const *words)
{
    cli_result made = {.out = NULL};
    size_t out_size;
    size_t err_size;
    char *copy = strdup(input);
    edai_cli cli = {
        .in = copy[0] != '\0' ? fmemopen(copy, strlen(copy), "r") : fopen("/dev/null", "r"),
        .out = open_memstream(&made.out, &out_size),
        .err = open_memstream(&made.err, &err_size)};
    made.code = cli_run_words(&cli, words);
    (void)fclose(cli.in);
    (void)fclose(cli.out);
    (void)fclose(cli.err);
    free(copy);
    return made;
}

static inline void cli_drop(cli_result *made)
{
    free(made->out);
    free(made->err);
}

#define CLI_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* --- sub --- */

typedef struct cli_subscriber {
    edai_thread thread;
    const char *const *words;
    edai_cli cli;
    FILE *err; /* our end */
    char *out;
    size_t out_size;
    edai_exit code;
} cli_subscriber;

static inline void *cli_run_subscriber(void *arg)
{
    cli_subscriber *self = arg;

    self->code = cli_run_words(&self->cli, self->words);
    (void)fflush(self->cli.out);
    return NULL;
}

/* Waits for a line on standard error that begins so, past all others. */
static inline void cli_await(cli_subscriber *self, const char *begin)
{
    char line[512];

    do {
        assert_non_null(fgets(line, sizeof line, self->err));
    } while (strncmp(line, begin, strlen(begin)) != 0);
}

/* Returns when it listens: what is published from then on it prints. */
static inline void cli_begin(cli_subscriber *self, const char *const *words)
{
    int ends[2];
    char line[64];

    assert_int_equal(pipe(ends), 0);
    self->err = fdopen(ends[0], "r");
    self->words = words;
    self->cli = (edai_cli){.in = NULL,
        .out = open_memstream(&self->out, &self->out_size),
        .err = fdopen(ends[1], "w")};
    assert_int_equal(edai_thread_start(&self->thread, cli_run_subscriber, self, "sub"), EDA_OK);
    for (size_t i = 1; words[i] != NULL && words[i][0] != '-'; i++) {
        assert_non_null(fgets(line, sizeof line, self->err));
        assert_memory_equal(line, "listening on ", 13);
        assert_memory_equal(line + 13, words[i], strlen(words[i]));
    }
}

static inline void cli_close(cli_subscriber *self)
{
    (void)fclose(self->cli.out);
    (void)fclose(self->cli.err);
    (void)fclose(self->err);
    free(self->out);
}

/* It ends, having printed exactly that. */
static inline void cli_end(cli_subscriber *self, const char *out)
{
    (void)edai_thread_join(&self->thread);
    assert_int_equal(self->code, EDAI_EXIT_OK);
    assert_string_equal(self->out, out);
    cli_close(self);
}

#endif
