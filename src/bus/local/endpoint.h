/* endpoint.h - where the sessions of a host meet: a socket, and beside it a lock that says whose it
 * is.
 *
 * The lock goes with its process, however that ends, so that a hub which died is told from one that
 * is busy, and two never think they are it. Threads: any. Memory: none. */
#ifndef EDAI_ENDPOINT_H
#define EDAI_ENDPOINT_H

#include <edacious/bus.h>

#define EDAI_ENDPOINT_SIZE 100u /* of a path, with the final 0, so that ".lock" fits behind it */

/* Where, and as what. */
typedef struct edai_endpoint {
    char path[EDAI_ENDPOINT_SIZE];
    bool is_guest; /* never listens, and leaves nothing behind */
} edai_endpoint;

/* Reads the configuration, and makes the default's folder if it is missing and not for a guest.
 * EDA_EINVAL, EDA_EIO, EDA_ENOMEM with a sentence. */
EDA_CHECK eda_status edai_endpoint_find(
    const char *config, edai_endpoint *ret_endpoint, eda_bus_problem *problem);

/* Takes the lock; whoever holds it listens. EDA_ESTATE: somebody else holds it. EDA_EIO with a
 * sentence. */
EDA_CHECK eda_status edai_endpoint_lock(const char *path, int *ret_fd, eda_bus_problem *problem);
/* Somebody holds the lock; makes no file. */
bool edai_endpoint_is_held(const char *path);
/* With the lock held. EDA_EIO with a sentence. */
EDA_CHECK eda_status edai_endpoint_listen(const char *path, int *ret_fd, eda_bus_problem *problem);
/* EDA_ENOENT: nobody listens, or has no room now. EDA_EIO with a sentence: it is another user's, or
 * may not be reached. */
EDA_CHECK eda_status edai_endpoint_connect(const char *path, int *ret_fd, eda_bus_problem *problem);
/* Takes who waits at a listening socket; -1: nobody. ret_uid: whose process it is. */
int edai_endpoint_accept(int fd, unsigned *ret_uid);
/* The user this process is. */
unsigned edai_endpoint_uid(void);

#endif
