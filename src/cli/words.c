/* words.c - see words.h. */
#include "cli/words.h"

#include <edacious/topic.h>
#include <string.h>

/* Of a topic in a sentence. */
#define SHOWN_LEN_MAX 200

static int shown(eda_str topic)
{
    return topic.len < SHOWN_LEN_MAX ? (int)topic.len : SHOWN_LEN_MAX;
}

/* As `edacious messages` prints topics: a chunk is the name of a field. */
static bool has_field(eda_str topic)
{
    for (size_t i = 0; i < topic.len; i++) {
        bool is_first = i == 0 || topic.ptr[i - 1] == '/';

        if (is_first && topic.ptr[i] == '{' && memchr(topic.ptr + i, '}', topic.len - i) != NULL) {
            return true;
        }
    }
    return false;
}

/* Says how it is written, if that is all that is wrong with it. */
static bool is_spelt_otherwise(edai_cli *cli, eda_str topic)
{
    char canonical[EDA_TOPIC_LEN_MAX];
    size_t len = 0;

    if (topic.len > sizeof canonical || eda_topic_check(topic) == EDA_OK ||
        eda_topic_canonize(topic, canonical, &len) != EDA_OK) {
        return false;
    }
    (void)edai_cli_fail(cli, EDAI_EXIT_USAGE, "'%.*s' is written '%.*s', the one way to say it",
        shown(topic), topic.ptr, (int)len, canonical);
    return true;
}

edai_exit edai_words_refuse_json(edai_cli *cli, eda_status status, const eda_problem *problem)
{
    return edai_cli_fail(cli, EDAI_EXIT_USAGE, "the payload is no JSON: %s%s",
        problem->text[0] != '\0' ? problem->text : eda_status_text(status),
        status == EDA_ESYNTAX
            ? "; keys and texts stand between double quotes, as in '{\"badge\": \"7\"}'"
            : "");
}

bool edai_words_is_pattern(eda_str topic)
{
    return eda_topic_check(topic) == EDA_OK && eda_topic_check_key(topic) != EDA_OK;
}

edai_exit edai_words_check_topic(edai_cli *cli, eda_str topic)
{
    if (edai_words_is_pattern(topic)) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "'%.*s' is no topic but a pattern of many; write a value in place of each *%s",
            shown(topic), topic.ptr,
            strcmp(cli->verb->name, "ask") == 0
                ? ", as in door/front/status, or ask whoever answers patterns with --all"
                : ", as in door/front/unlock");
    }
    if (is_spelt_otherwise(cli, topic)) {
        return EDAI_EXIT_USAGE;
    }
    if (eda_topic_check_key(topic) != EDA_OK) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "'%.*s' is no topic: chunks between '/', none empty, no '#' or '?', as in "
            "door/front/unlock",
            shown(topic), topic.ptr);
    }
    if (has_field(topic)) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "'%.*s' is the topic of a message type: write a value for what stands in braces",
            shown(topic), topic.ptr);
    }
    return EDAI_EXIT_OK;
}

edai_exit edai_words_check_pattern(edai_cli *cli, eda_str pattern)
{
    if (is_spelt_otherwise(cli, pattern)) {
        return EDAI_EXIT_USAGE;
    }
    if (eda_topic_check(pattern) != EDA_OK) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "'%.*s' is no key expression: chunks between '/', none empty; * is one chunk, ** any "
            "number",
            shown(pattern), pattern.ptr);
    }
    if (has_field(pattern)) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "'%.*s' is the topic of a message type: write * for what stands in braces",
            shown(pattern), pattern.ptr);
    }
    return EDAI_EXIT_OK;
}
