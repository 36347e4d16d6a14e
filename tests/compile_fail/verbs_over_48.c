/* expect-gcc: static assertion failed: "foo: more than 48 verbs" */
/* expect-clang: static_assert failed.*"foo: more than 48 verbs" */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily, saves_lazily,
    saves_lazily);
