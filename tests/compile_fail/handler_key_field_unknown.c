/* expect-gcc: 'lobby_check' has no member named 'id' */
/* expect-clang: no member named 'id' in '(struct )?lobby_check' */
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

EDA_ACTOR(foo, eda_none, key(n), on(lobby_check, foo_on, key(id)));
