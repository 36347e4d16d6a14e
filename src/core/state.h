/* state.h - saved fields: loading them before the first message, committing them with the turn that
 * changed them.
 *
 * An actor that saves lazily keeps them with the turn and flushes them at its end.
 *
 * Threads: the owning worker's. The store is called on the worker's thread. */
#ifndef EDAI_STATE_H
#define EDAI_STATE_H

#include "core/worker.h"

/* An owned text; the chars follow. Linked so that all of an activation's go with it. */
typedef struct edai_text_block {
    struct edai_text_block *next;
    struct edai_text_block *prev;
    char chars[];
} edai_text_block;

#define EDAI_TEXT_LEN_MAX 65536u

/* Claims the record and fills the saved fields. EDA_EIO and others of the store, EDA_ENOMEM,
 * EDA_EINVAL: the record does not fit the fields. */
EDA_CHECK eda_status edai_state_load(edai_worker *worker, edai_activation *activation);
/* Writes the saved fields if they differ from what was written last, or if nothing ever was. What
 * fails is counted. */
EDA_CHECK eda_status edai_state_commit(edai_worker *worker, edai_activation *activation);
/* A turn of an actor that saves lazily has happened: remembers the saved fields for rollback and
 * for the commit that comes with its end. EDA_ENOMEM, and what commit returns for fields that
 * cannot be encoded. */
EDA_CHECK eda_status edai_state_keep(edai_worker *worker, edai_activation *activation);
/* Writes what was kept. Allocates nothing. */
EDA_CHECK eda_status edai_state_flush(edai_worker *worker, edai_activation *activation);
/* Back to what the last turn that happened left: what it committed or kept. On failure some fields
 * are set, others not. */
EDA_CHECK eda_status edai_state_rollback(edai_activation *activation);
/* Frees texts and the committed copy; zeroes the state. */
void edai_state_clear(edai_activation *activation);
EDA_CHECK eda_status edai_state_text_set(
    edai_activation *activation, eda_text *text, eda_str value);

#endif
