/* presence.h - whether nodes are still there, as their tokens tell.
 *
 * A bus carries on by itself when its connection breaks, and tells nobody. But tokens of nodes go
 * with the connection to them: once the last one that was seen has gone, nobody hears this side.
 * Where none was ever seen (a router without nodes, no right to see them), nothing is known.
 * Threads: told by the driver's; asked by one. Memory: the caller's, until the session is closed.
 */
#ifndef EDAI_CLI_PRESENCE_H
#define EDAI_CLI_PRESENCE_H

#include "cli/session.h"

/* The last node that was seen has gone; or, later, one is there again. By the driver's threads, one
 * at a time: it must neither block nor call the driver. */
typedef void edai_presence_fn(void *arg, bool is_back);

typedef struct edai_presence {
    edai_session *session;
    edai_presence_fn *fn; /* NULL: nobody is told */
    void *arg;
    atomic_size_t alive;  /* tokens there are */
    atomic_bool was_lost; /* the last one went, if only for a while */
} edai_presence;

/* Watches, of all clusters. On failure a sentence was printed. */
edai_exit edai_presence_watch(
    edai_presence *presence, edai_session *session, edai_presence_fn *fn, void *arg);
/* The same, told to nobody. Returns when the other end knows of all that was declared before, and
 * told of the tokens there are; or after 300 ms, if it does not answer. On failure a sentence was
 * printed. */
edai_exit edai_presence_begin(edai_presence *presence, edai_session *session);
/* Whether, since then, nobody was there for a while, or the session was replaced: what was on its
 * way may be lost. */
bool edai_presence_is_lost(const edai_presence *presence);
/* Asks the other end for a sign of life, if nodes are seen there. EDAI_EXIT_UNREACHABLE: it
 * is lost. EDAI_EXIT_TIMEOUT: it says nothing. Prints nothing. */
edai_exit edai_presence_prove(edai_presence *presence);

#endif
