/* entropy.c - random bytes from the operating system. */
#define _GNU_SOURCE 1

#include "base/entropy.h"

#include <errno.h>
#include <sys/random.h>

bool edai_entropy(void *buf, size_t size)
{
    unsigned char *at = buf;
    while (size > 0) {
        /* Long requests come in pieces, and a signal may interrupt one. */
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        at += got;
        size -= (size_t)got;
    }
    return true;
}
