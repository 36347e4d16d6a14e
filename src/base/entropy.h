/* entropy.h - random bytes from the operating system, to seed with.
 *
 * Threads: any. */
#ifndef EDAI_ENTROPY_H
#define EDAI_ENTROPY_H

#include <edacious/status.h>

/* Fills the buffer with unpredictable bytes. False, the buffer being then of no use: the system
 * gives none. */
EDA_CHECK bool edai_entropy(void *buf, size_t size);

#endif
