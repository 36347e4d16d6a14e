/* expect-gcc: 'eda_type_lobby_chek' undeclared */
/* expect-clang: undeclared identifier 'eda_type_lobby_chek' */
#include <edacious/edacious.h>

EDA_MESSAGE(lobby_check, "lobby/check", (uint32_t, n));

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, emits(lobby_chek));
