/* ask.h - requests and replies.
 *
 * Threads: a turn's by its worker; what clients share with turns is here. */
#ifndef EDAI_ASK_H
#define EDAI_ASK_H

#include "core/system.h"

/* Monotonic ns: from now, but no later than the request being handled allows. */
int64_t edai_ask_deadline(eda_ctx *ctx, int64_t now, uint32_t timeout_ms);
/* Checks type, contract and fields. EDA_EINVAL: no request. EDA_ENOENT: nobody answers it. */
EDA_CHECK eda_status edai_ask_lookup(eda_ctx *ctx, eda_request request, const edai_msg **ret_msg);
/* Reads a reply envelope: its status with the text as the ctx's error, or the reply. */
EDA_CHECK eda_status edai_ask_result(eda_ctx *ctx, edai_envelope *envelope, const void **ret_reply);
/* A reply arrived on the asker's worker. Takes it. */
void edai_ask_answered(edai_worker *worker, edai_envelope *envelope);

#endif
