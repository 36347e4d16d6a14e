/* expect-gcc: static assertion failed: "foo: EDA_ACTOR does not know " */
/* expect-clang: static_assert failed.*"foo: EDA_ACTOR does not know " */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, saves_lazily, );
