/* expect-gcc: '_Generic' selector of type 'uint32_t \*'.* is not compatible with any association */
/* expect-clang: type 'uint32_t \*'.* not compatible with any generic association type */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, saves((uint64_t, count)));
