/* expect-gcc: 'foo' undeclared|unknown type name 'foo' */
/* expect-clang: 'foo' */
#include <edacious/edacious.h>

EDA_ACTOR(foo, eda_none, saves_lazily);
