/* target.h - which driver, and with which configuration: the common options made ready. */
#ifndef EDAI_TARGET_H
#define EDAI_TARGET_H

#include "cli/cli.h"

typedef struct edai_target {
    const char *driver;
    char *config;      /* owned; NULL: the driver's own default */
    const char *where; /* for sentences */
    bool is_dialled;   /* an endpoint of Zenoh: the bus opens when that has been reached */
} edai_target;

/* On failure a sentence was printed and nothing is to be freed. */
edai_exit edai_target_read(edai_cli *cli, edai_target *ret_target);
void edai_target_fini(edai_target *target);

#endif
