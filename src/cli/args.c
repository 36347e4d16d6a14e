/* args.c - see args.h. */
#include "cli/args.h"

#include <string.h>

#include "base/memory.h"
#include "base/timetext.h"
#include "message/decimal.h"
#include "message/problem.h"

#define MS 1000000
#define DAY_MS 86400000

typedef struct parser {
    edai_args *args;
    int argc;
    char **argv;
    int at;
    const edai_args_option *tables[2];
    eda_problem *problem;
} parser;

/* The option whose name begins `text`, up to its end or a '='. */
static const edai_args_option *find_option(const parser *self, const char *text)
{
    size_t len = strcspn(text, "=");

    for (size_t i = 0; i < 2; i++) {
        for (const edai_args_option *one = self->tables[i]; one != NULL && one->name != NULL;
             one++) {
            if (strlen(one->name) == len && memcmp(one->name, text, len) == 0) {
                return one;
            }
        }
    }
    return NULL;
}

static eda_status check_option(
    const parser *self, const edai_args_option *option, const char *text, bool has_value)
{
    if (option == NULL) {
        return edai_problem_set(
            self->problem, NULL, EDA_EINVAL, "there is no option %.80s; see --help", text);
    }
    if (option->value == NULL && has_value) {
        return edai_problem_set(self->problem, NULL, EDA_EINVAL, "%s takes no value", option->name);
    }
    if (option->value != NULL && !has_value && self->at + 1 == self->argc) {
        return edai_problem_set(self->problem, NULL, EDA_EINVAL, "%s takes a value: %s %s",
            option->name, option->name, option->value);
    }
    if (!option->may_repeat && edai_args_has(self->args, option->name)) {
        return edai_problem_set(
            self->problem, NULL, EDA_EINVAL, "%s is given twice; leave one out", option->name);
    }
    return EDA_OK;
}

static eda_status take_option(parser *self, const char *text)
{
    const edai_args_option *option = find_option(self, text);
    const char *equals = strchr(text, '=');
    edai_args_given *given = &self->args->given[self->args->given_count];

    EDA_TRY(check_option(self, option, text, equals != NULL));
    given->name = option->name;
    given->value = NULL;
    if (option->value != NULL) {
        given->value = equals != NULL ? equals + 1 : self->argv[++self->at];
    }
    self->args->given_count++;
    return EDA_OK;
}

static eda_status take_all(parser *self)
{
    bool are_words = false;

    for (; self->at < self->argc; self->at++) {
        const char *text = self->argv[self->at];

        if (!are_words && strcmp(text, "--") == 0) {
            are_words = true;
        } else if (!are_words && strcmp(text, "-h") == 0) {
            EDA_TRY(take_option(self, "--help"));
        } else if (!are_words && text[0] == '-' && text[1] != '\0') {
            EDA_TRY(take_option(self, text));
        } else {
            self->args->words[self->args->word_count++] = text;
        }
    }
    return EDA_OK;
}

eda_status edai_args_parse(edai_args *args, int argc, char **argv, const edai_args_option *common,
    const edai_args_option *own, eda_problem *ret_problem)
{
    size_t count = argc > 0 ? (size_t)argc : 1;
    parser self = {
        .args = args, .argc = argc, .argv = argv, .tables = {common, own}, .problem = ret_problem};

    *args = (edai_args){.word_count = 0};
    args->words = edai_calloc(count, sizeof *args->words);
    args->given = edai_calloc(count, sizeof *args->given);
    eda_status status = EDA_ENOMEM;
    if (args->words != NULL && args->given != NULL) {
        status = take_all(&self);
    }
    if (status != EDA_OK) {
        edai_args_fini(args);
    }
    return status;
}

void edai_args_fini(edai_args *args)
{
    edai_free(args->words);
    edai_free(args->given);
    *args = (edai_args){.word_count = 0};
}

static const edai_args_given *find_given(const edai_args *args, const char *name, size_t from)
{
    for (size_t i = from; i < args->given_count; i++) {
        if (strcmp(args->given[i].name, name) == 0) {
            return &args->given[i];
        }
    }
    return NULL;
}

const char *edai_args_value(const edai_args *args, const char *name)
{
    const edai_args_given *given = find_given(args, name, 0);

    return given != NULL ? given->value : NULL;
}

bool edai_args_has(const edai_args *args, const char *name)
{
    return find_given(args, name, 0) != NULL;
}

const char *edai_args_next(const edai_args *args, const char *name, size_t *io_at)
{
    const edai_args_given *given = find_given(args, name, *io_at);

    if (given == NULL) {
        return NULL;
    }
    *io_at = (size_t)(given - args->given) + 1;
    return given->value;
}

eda_status edai_args_duration(const char *text, uint32_t *ret_ms)
{
    eda_duration duration = 0;

    if (edai_timetext_parse_duration(eda_str_from(text), &duration) != EDA_OK || duration < MS ||
        duration / MS > DAY_MS) {
        return EDA_EINVAL;
    }
    *ret_ms = (uint32_t)(duration / MS);
    return EDA_OK;
}

eda_status edai_args_count(const char *text, uint64_t *ret_count)
{
    int64_t number = 0;
    uint64_t count = 0;

    if (!edai_decimal_read(EDA_KIND_U64, eda_str_from(text), &number, &count) || count == 0) {
        return EDA_EINVAL;
    }
    *ret_count = count;
    return EDA_OK;
}
