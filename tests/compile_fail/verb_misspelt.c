/* expect-gcc: static assertion failed: "foo: EDA_ACTOR does not know onn\(lobby_check, foo_on\)" */
/* expect-clang: static_assert failed.*"foo: EDA_ACTOR does not know onn\(lobby_check, foo_on\)" */
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

EDA_ACTOR(foo, eda_none, onn(lobby_check, foo_on));
