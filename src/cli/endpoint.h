/* endpoint.h - which driver, and with which configuration: the common options made ready. */
#ifndef EDAI_ENDPOINT_H
#define EDAI_ENDPOINT_H

#include "cli/cli.h"

typedef struct edai_endpoint {
    const char *driver;
    char *config;      /* owned */
    const char *where; /* for sentences */
} edai_endpoint;

/* On failure a sentence was printed and nothing is to be freed. */
edai_exit edai_endpoint_read(edai_cli *cli, edai_endpoint *ret_endpoint);
void edai_endpoint_fini(edai_endpoint *endpoint);

#endif
