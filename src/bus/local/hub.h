/* hub.h - the one of a host's sessions that relays: a thread of its own, so that no callback holds
 * it up.
 *
 * It knows who declared what, and nothing else. Threads: the hub's own works; start and stop are
 * the session's. Memory: what a session cannot be told for want of memory ends its connection, so
 * that it declares anew; nothing is left out silently. */
#ifndef EDAI_HUB_H
#define EDAI_HUB_H

#include <edacious/bus.h>

typedef struct edai_hub edai_hub;

#define EDAI_HUB_PEERS_MAX 256u          /* sessions on one host */
#define EDAI_HUB_QUEUE_SIZE (8u << 20)   /* bytes that wait for one of them */
#define EDAI_HUB_SLOW_MS 2000u           /* of a full queue from which nothing is taken */
#define EDAI_HUB_GREET_MS 5000u          /* until a connection has said who it is */
#define EDAI_HUB_SETTLE_MS 100u          /* a new hub waits so long for the old one's sessions */
#define EDAI_HUB_DECLARATIONS_MAX 65536u /* of one session */
#define EDAI_HUB_GETS_MAX 8192u          /* of one session; those it has given up may linger */

typedef struct edai_hub_options {
    const char *path;
    int lock_fd;      /* taken on EDA_OK */
    uint64_t session; /* whose it is */
    eda_bus_log_fn *log;
    void *arg;
} edai_hub_options;

/* Listens, and runs. EDA_EIO with a sentence, EDA_ENOMEM. */
EDA_CHECK eda_status edai_hub_start(
    const edai_hub_options *options, edai_hub **ret_hub, eda_bus_problem *problem);
/* Hands on what its own session had sent, for so long at most; frees it. NULL is fine. */
void edai_hub_stop(edai_hub *hub, uint32_t drain_ms);

#endif
