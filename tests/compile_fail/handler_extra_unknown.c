/* expect-gcc: static assertion failed: "foo: a handler takes key\(field\), attempts\(n\), interleaves; not atempts\(3\) */
/* expect-clang: static_assert failed.*"foo: a handler takes key\(field\), attempts\(n\), interleaves; not atempts\(3\) */
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

EDA_ACTOR(foo, eda_none, on(lobby_check, foo_on, atempts(3)));
