/* expect-gcc: '_Generic' selector of type 'const badge \*\*' is not compatible with any association */
/* expect-clang: type 'const badge \*\*' .*not compatible with any generic association type */
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
