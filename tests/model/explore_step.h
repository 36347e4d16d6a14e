/* explore_step.h - between explore.c and hooks.c. */
#ifndef EXPLORE_STEP_H
#define EXPLORE_STEP_H

#include "explore.h"

/* A place before an atomic access: any thread that can may go on, and this one returns when it is
 * its turn. */
void explore_step(void);
/* False while a model is being reset or checked: accesses are plain then. */
bool explore_is_running(void);
explore_fault explore_planted(void);

#endif
