/* expect-gcc: static assertion failed: "foo: the handler must be: eda_status foo_on\(foo \*, const eda_envelope \*, eda_ctx \*\)" */
/* expect-clang: static_assert failed.*"foo: the handler must be: eda_status foo_on\(foo \*, const eda_envelope \*, eda_ctx \*\)" */
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

EDA_ACTOR(foo, eda_none, on_any("building/*", foo_on));
