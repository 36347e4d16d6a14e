/* expect-gcc: unknown type name 'eda_reply_of_lobby_check'|'eda_reply_of_lobby_check' */
/* expect-clang: 'eda_reply_of_lobby_check' */
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

EDA_ACTOR(foo, eda_none, answers(lobby_check, foo_on));
