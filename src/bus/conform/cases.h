/* cases.h - every case of the conformance suite of bus drivers, in the order they are tried.
 *
 * X(name): edai_case_NAME. A case that fails is told as "name: sentence". */
#ifndef EDAI_CASES_H
#define EDAI_CASES_H

#include "bus/conform/stage.h"

/* case_put.c, case_lend.c, case_bound.c, case_get.c, case_token.c, case_life.c */
#define EDAI_CASES(X)                                                                              \
    X(table)                                                                                       \
    X(open_refuses)                                                                                \
    X(put_reaches_each)                                                                            \
    X(put_not_own)                                                                                 \
    X(put_content)                                                                                 \
    X(put_large)                                                                                   \
    X(put_order)                                                                                   \
    X(put_threads)                                                                                 \
    X(put_patterns)                                                                                \
    X(put_urgent)                                                                                  \
    X(pieces_content)                                                                              \
    X(pieces_order)                                                                                \
    X(pieces_refused)                                                                              \
    X(pieces_closed)                                                                               \
    X(keep_stays)                                                                                  \
    X(keys_refused)                                                                                \
    X(size_refused)                                                                                \
    X(queue_full)                                                                                  \
    X(get_content)                                                                                 \
    X(get_all)                                                                                     \
    X(get_one)                                                                                     \
    X(get_not_own)                                                                                 \
    X(get_pattern)                                                                                 \
    X(get_error)                                                                                   \
    X(get_nobody)                                                                                  \
    X(get_silent)                                                                                  \
    X(get_timeout)                                                                                 \
    X(get_later)                                                                                   \
    X(get_limit)                                                                                   \
    X(token_seen)                                                                                  \
    X(token_before)                                                                                \
    X(token_not_own)                                                                               \
    X(token_closed)                                                                                \
    X(heard_changes)                                                                               \
    X(heard_before)                                                                                \
    X(heard_not_own)                                                                               \
    X(drop_flow)                                                                                   \
    X(drop_ends)                                                                                   \
    X(callback_alone)                                                                              \
    X(close_sends)                                                                                 \
    X(close_asker)                                                                                 \
    X(close_server)                                                                                \
    X(close_open)                                                                                  \
    X(close_peer)                                                                                  \
    X(open_again)                                                                                  \
    X(forked)

#define EDAI_CASE_DECLARE_(name_) edai_case edai_case_##name_;
EDAI_CASES(EDAI_CASE_DECLARE_)
#undef EDAI_CASE_DECLARE_

typedef struct edai_conform_options {
    const eda_bus_driver *driver;
    const char *config_a;
    const char *config_b;
    const char *only;     /* one case by its name; NULL: all */
    uint32_t patience_ms; /* how long what must come may take */
} edai_conform_options;

/* As eda_bus_conform. */
EDA_CHECK eda_status edai_conform_run(
    const edai_conform_options *options, eda_bus_problem *ret_problem);

#endif
