/* expect-gcc: static assertion failed: "foo: count is no uint64_t" */
/* expect-clang: static_assert failed.*"foo: count is no uint64_t" */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, saves((uint64_t, count)));
