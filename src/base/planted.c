/* planted.c - see planted.h. */
#include "base/planted.h"

#if defined(EDAI_HAS_PLANTED)
edai_fault edai_planted = EDAI_FAULT_NONE;
#else
typedef int edai_planted_is_not_built; /* C has no empty translation unit */
#endif
