/* session.h - the command's place on a bus: opened by the common options, and gets that are waited
 * for.
 *
 * Threads: one; answers come from the driver's. */
#ifndef EDAI_CLI_SESSION_H
#define EDAI_CLI_SESSION_H

#include <edacious/bus.h>
#include <edacious/topic.h>

#include "cli/cli.h"

#define EDAI_ANSWERS_MAX 4096u            /* kept of one get */
#define EDAI_ANSWERS_SIZE_MAX (64u << 20) /* bytes of all of them */

typedef struct edai_session {
    edai_cli *cli;
    const eda_bus_driver *driver;
    eda_bus *bus;
    uint32_t timeout_ms;
    const char *cluster;
    const char *where; /* for sentences: the endpoint or the file */
    bool is_dialled;   /* something there has answered; nothing is known of a file's endpoints */
} edai_session;

/* Opens by the options. On failure a sentence was printed and nothing is to be closed. */
edai_exit edai_session_open(edai_cli *cli, edai_session *ret_session);
/* Sends what is queued, up to the timeout. */
void edai_session_close(edai_session *session);

/* One answer: a block of its own. */
typedef struct edai_answer {
    struct edai_answer *next;
    bool is_error;
    eda_str key;
    eda_str encoding;
    eda_bytes payload;
} edai_answer;

typedef struct edai_answers {
    edai_answer *first; /* in the order they came */
    edai_answer **end;
    size_t count;
    size_t size;
    bool is_cut;       /* there were more than are kept */
    eda_status status; /* of the end */
} edai_answers;

/* Asks and waits for all answers, for so long (0: as --timeout says). EDAI_EXIT_OK whatever the
 * answers say, and also if there are none; otherwise a sentence was printed. Free the answers
 * either way. */
edai_exit edai_session_get(edai_session *session, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, edai_answers *ret_answers);
void edai_answers_free(edai_answers *answers);
/* Whether these are all: EDAI_EXIT_TIMEOUT, EDAI_EXIT_UNREACHABLE or EDAI_EXIT_FAILED with a
 * sentence if not. */
edai_exit edai_session_end(edai_session *session, const char *what, const edai_answers *answers);

#define EDAI_ASKING_NODES "asking the nodes" /* for edai_session_end */

/* Asks all nodes of the cluster for "catalogue" or "ps". No node answers: EDAI_EXIT_UNREACHABLE, or
 * EDAI_EXIT_TIMEOUT, with a sentence. */
edai_exit edai_session_ask_nodes(
    edai_session *session, const char *what, edai_answers *ret_answers);

/* What a status of a driver's function means for the caller of the command, said in a sentence. */
edai_exit edai_session_fail(edai_session *session, const char *what, eda_status status);

#endif
