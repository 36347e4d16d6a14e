/* cli.h - the command `edacious`: its verbs, and what each of them is given.
 *
 * A verb is a function in a file of its own and an entry in the table of verbs.c. Results go to
 * `out`, everything else to `err`. Threads: a verb runs on one; what a bus calls back is told to it
 * through inflow.h or session.h. */
#ifndef EDAI_CLI_H
#define EDAI_CLI_H

#include <stdatomic.h>
#include <stdio.h>

#include "cli/args.h"

/* What the command ends with. */
typedef enum edai_exit {
    EDAI_EXIT_OK = 0,
    EDAI_EXIT_FAILED = 1,      /* refused by the other side, or failed there or here */
    EDAI_EXIT_USAGE = 2,       /* the command line, or what it names, is wrong */
    EDAI_EXIT_UNREACHABLE = 3, /* nobody is there */
    EDAI_EXIT_TIMEOUT = 4
} edai_exit;

typedef struct edai_verb edai_verb;

/* One run of the command. */
typedef struct edai_cli {
    FILE *in;
    FILE *out;
    FILE *err;
    const edai_verb *verb;
    edai_args args;
    char bus_why[512];             /* why a bus reached nobody, as it logged */
    _Atomic unsigned bus_said;     /* 1: bus_why is being written; 2: it may be read */
    _Atomic unsigned bus_replaced; /* how often the bus connected anew */
} edai_cli;

struct edai_verb {
    const char *name;
    const char *usage; /* its words */
    const char *about; /* one line */
    const char *more;  /* what --help says beyond; NULL: nothing */
    const char *examples;
    const edai_args_option *options; /* beside the common ones; NULL: none */
    size_t words_min;
    size_t words_max;
    edai_exit (*run)(edai_cli *cli);
};

extern const edai_verb edai_verb_pub;
extern const edai_verb edai_verb_ask;
extern const edai_verb edai_verb_sub;
extern const edai_verb edai_verb_ps;
extern const edai_verb edai_verb_messages;
extern const edai_verb edai_verb_acl;

/* Runs a command line; the streams are the caller's. */
edai_exit edai_cli_run(edai_cli *cli, int argc, char **argv);

/* Prints "edacious VERB: SENTENCE" to err; returns the code. */
edai_exit edai_cli_fail(edai_cli *cli, edai_exit code, const char *format, ...) EDA_PRINTF(3, 4);
/* Flushes what was printed: EDAI_EXIT_FAILED, and a sentence, if it could not be written. */
edai_exit edai_cli_flush(edai_cli *cli);

#endif
