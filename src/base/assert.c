/* assert.c - the end of a program whose invariant broke. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void edai_assert_fail(const char *file, int line, const char *condition, const char *why)
{
    /* One call, so that two threads that fail together do not mix their lines. */
    (void)fprintf(stderr, "%s:%d: assertion failed: %s: %s\n", file, line, condition, why);
    (void)fflush(stderr);
    abort();
}
