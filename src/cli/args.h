/* args.h - a verb's words and options, by the tables of what it takes.
 *
 * Threads: one. Memory: borrows argv; two arrays are owned. */
#ifndef EDAI_ARGS_H
#define EDAI_ARGS_H

#include <edacious/codec.h>

/* One option; an entry without a name ends a table. */
typedef struct edai_args_option {
    const char *name;  /* "--count" */
    const char *value; /* what follows it, in capitals; NULL: nothing */
    const char *help;
    bool may_repeat;
} edai_args_option;

typedef struct edai_args_given {
    const char *name;
    const char *value; /* NULL: it takes none */
} edai_args_given;

typedef struct edai_args {
    const char **words; /* owned; what they point to is argv's */
    size_t word_count;
    edai_args_given *given; /* owned */
    size_t given_count;
} edai_args;

/* Parses argv; options may stand anywhere, as --name value or --name=value; "--" ends them. `own`
 * may be NULL. EDA_EINVAL: `ret_problem` says what is wrong. EDA_ENOMEM. On failure nothing is to
 * be freed. */
EDA_CHECK eda_status edai_args_parse(edai_args *args, int argc, char **argv,
    const edai_args_option *common, const edai_args_option *own, eda_problem *ret_problem);
void edai_args_fini(edai_args *args);

/* The value of an option; NULL: not given. */
const char *edai_args_value(const edai_args *args, const char *name);
bool edai_args_has(const edai_args *args, const char *name);
/* The values of one that may be repeated, one after the other: *io_at begins with 0. NULL: no more.
 */
const char *edai_args_next(const edai_args *args, const char *name, size_t *io_at);

/* "2s", "500ms": 1 ms to a day. EDA_EINVAL. */
EDA_CHECK eda_status edai_args_duration(const char *text, uint32_t *ret_ms);
/* A whole number from 1 on. EDA_EINVAL. */
EDA_CHECK eda_status edai_args_count(const char *text, uint64_t *ret_count);

#endif
