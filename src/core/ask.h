/* ask.h - requests and replies.
 *
 * Threads: a turn's by its worker; what clients share with turns is here. */
#ifndef EDAI_ASK_H
#define EDAI_ASK_H

#include "core/suspend.h"
#include "core/system.h"

/* Checks type, contract and fields. EDA_EINVAL: no request. EDA_ENOENT: nobody answers it. */
EDA_CHECK eda_status edai_ask_lookup(eda_ctx *ctx, eda_request request, const edai_msg **ret_msg);
/* Reads a reply envelope: its status with the text as the ctx's error, or the reply. */
EDA_CHECK eda_status edai_ask_result(eda_ctx *ctx, edai_envelope *envelope, const void **ret_reply);
/* Answers the request being handled with what lives until the turn has ended: it leaves in the
 * request's own block if it fits, else as eda_reply. */
EDA_CHECK eda_status edai_ask_answer(eda_ctx *ctx, const void *reply);
/* At the end of a round, and before a worker leaves its seat: arms the timers of what was asked in
 * it. Their time runs from this look at the clock on: a deadline may be late by a round, and is
 * never early. A look for each ask would be a sixth of its cost. */
void edai_ask_settle(edai_worker *worker, int64_t now);
/* Whoever asked waits for a request that is under way on its seat. */
void edai_ask_under_way(edai_worker *worker, edai_wait *wait, edai_envelope *request);
/* A young wait ends, with that status. */
void edai_ask_grown(edai_worker *worker, edai_wait *wait, eda_status status);
/* A reply stands in line behind what has arrived for the asker's worker: its request is gone. */
void edai_ask_told(const edai_reply *reply);
/* A reply arrived on the asker's worker. Takes it. */
void edai_ask_answered(edai_worker *worker, edai_envelope *envelope);

#endif
