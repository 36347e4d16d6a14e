/* expect-gcc: static assertion failed: "bar: the handler must be: eda_status foo_on\(bar \*, const lobby_check \*, eda_ctx \*\)" */
/* expect-clang: static_assert failed.*"bar: the handler must be: eda_status foo_on\(bar \*, const lobby_check \*, eda_ctx \*\)" */
#include <edacious/edacious.h>

EDA_MESSAGE(lobby_check, "lobby/check", (uint32_t, n));

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

static void foo_on(foo *self, const lobby_check *check)
{
    (void)check;
    self->count++;
}

typedef struct bar {
    uint32_t count;
} bar;

EDA_ACTOR(bar, eda_none, on(lobby_check, foo_on));
