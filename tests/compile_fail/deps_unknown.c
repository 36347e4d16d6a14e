/* expect-gcc: unknown type name 'foo_deps' */
/* expect-clang: unknown type name 'foo_deps' */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, foo_deps, saves_lazily);
