/* nodes.h - nodes of one process, on the bus within it.
 *
 * Threads: the test's. To be included behind cmocka.h. */
#ifndef NODES_H
#define NODES_H

#include <edacious/edacious.h>

/* The call returns EDA_OK; else why not is printed, and the test fails. */
#define MUST(sys_, call_)                                                                          \
    do {                                                                                           \
        eda_status status_ = (call_);                                                              \
        if (status_ != EDA_OK) {                                                                   \
            nodes_explain(sys_, status_);                                                          \
        }                                                                                          \
        assert_int_equal(status_, EDA_OK);                                                         \
    } while (0)

/* Takes no other node for dead because it is silent: it may only be slow. Before its start. */
void nodes_trust(eda_system *sys);
/* A log that nobody reads. */
void nodes_quiet(void *arg, eda_str line);
/* A node of that name which was not started, on the network of that configuration
 * ("{\"network\": ...}"). workers 0: one per core. Returns owned: eda_system_free. */
eda_system *nodes_make(const char *name, const char *network, uint32_t workers);
/* The same without threads of its own: it runs when it is stepped. */
eda_system *nodes_make_pumped(const char *name, const char *network);
/* Prints the status and the texts that go with it. */
void nodes_explain(eda_system *sys, eda_status status);
/* Asserts that every accepted delivery has ended in one outcome. */
void nodes_check_accounts(eda_system *sys);

#endif
