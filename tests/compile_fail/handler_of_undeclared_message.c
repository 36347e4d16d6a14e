/* expect-gcc: (unknown type name|undeclared) .*'?lobby_chek'?|'lobby_chek' undeclared|unknown type name 'lobby_chek' */
/* expect-clang: 'lobby_chek' */
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

EDA_ACTOR(foo, eda_none, on(lobby_chek, foo_on));
