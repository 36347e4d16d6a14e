/* stop.h - the end of a system: what is left is ended, counted and told. */
#ifndef EDAI_STOP_H
#define EDAI_STOP_H

#include "core/worker.h"

/* One look of an ending worker at what it still holds; sets is_stopping when nothing is left. */
void edai_stop_step(edai_worker *worker);
/* Tells a worker's loop to end what is left. Any thread; once. Cannot fail. */
void edai_stop_worker(edai_worker *worker);

#endif
