/* expect-gcc: 'foo' has no member named 'cont' */
/* expect-clang: no member named 'cont' in '(struct )?foo' */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, saves(cont));
