/* planted.c - see planted.h. */
#include "base/planted.h"

#if defined(EDAI_HAS_PLANTED)

#include <stdlib.h>

edai_fault edai_planted = EDAI_FAULT_NONE;

/* So that any program of such a build can run with a fault: the unit tests do, and pass. */
__attribute__((constructor)) static void planted_from_environment(void)
{
    const char *text = getenv("EDAI_PLANTED");
    long fault = text != NULL ? strtol(text, NULL, 10) : 0;

    if (fault > 0 && fault < EDAI_FAULT_COUNT) {
        edai_planted = (edai_fault)fault;
    }
}

#else
typedef int edai_planted_is_not_built; /* C has no empty translation unit */
#endif
