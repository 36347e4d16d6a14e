/* expect-gcc: static assertion failed: "EDA_ASK\(status_get\): &reply must be the address of a: const eda_reply_of_status_get \*" */
/* expect-clang: static_assert failed.*"EDA_ASK\(status_get\): &reply must be the address of a: const eda_reply_of_status_get \*" */
#include <edacious/edacious.h>

EDA_RECORD(status, (uint32_t, n));
EDA_RECORD(badge, (uint32_t, level));
EDA_REQUEST(status_get, status, "status/get");

eda_status ask(eda_ctx *ctx);
eda_status ask(eda_ctx *ctx)
{
    const badge *reply;

    return eda_ask(ctx, EDA_ASK(status_get, &reply), 500);
}
