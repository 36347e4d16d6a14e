/* words.h - the topics among a verb's words: what is wrong with one is said, and what to write.
 *
 * Threads: no shared state. */
#ifndef EDAI_CLI_WORDS_H
#define EDAI_CLI_WORDS_H

#include "cli/cli.h"

/* One topic, as a message or a request goes to. EDAI_EXIT_USAGE with a sentence. */
edai_exit edai_words_check_topic(edai_cli *cli, eda_str topic);
/* A key expression: wildcards are fine. EDAI_EXIT_USAGE with a sentence. */
edai_exit edai_words_check_pattern(edai_cli *cli, eda_str pattern);
/* Says that a word is no JSON, and what JSON is like: EDAI_EXIT_USAGE. */
edai_exit edai_words_refuse_json(edai_cli *cli, eda_status status, const eda_problem *problem);
/* It has wildcards. */
bool edai_words_is_pattern(eda_str topic);

#endif
