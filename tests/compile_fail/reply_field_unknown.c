/* expect-gcc: has no member named 'level' */
/* expect-clang: 'level' does not refer to any field in type 'const eda_reply_of_status_get' */
#include <edacious/edacious.h>

EDA_RECORD(status, (uint32_t, n));
EDA_RECORD(badge, (uint32_t, level));
EDA_REQUEST(status_get, status, "status/get");

eda_status answer(eda_ctx *ctx);
eda_status answer(eda_ctx *ctx)
{
    return eda_reply(ctx, EDA_REPLY(status_get, .level = 3));
}
