/* expect-gcc: 'lobby_check' has no member named 'm' */
/* expect-clang: 'm' does not refer to any field in type 'const lobby_check' */
#include <edacious/edacious.h>

EDA_MESSAGE(lobby_check, "lobby/check", (uint32_t, n));

eda_status send(eda_ctx *ctx);
eda_status send(eda_ctx *ctx)
{
    return eda_publish(ctx, EDA_MSG(lobby_check, .m = 3), NULL);
}
