/* expect-gcc: '_Generic' selector of type '(struct )?badge' is not compatible with any association */
/* expect-clang: type 'badge' .*not compatible with any generic association type */
#include <edacious/edacious.h>

EDA_RECORD(badge, (uint32_t, level));
typedef struct foo {
    badge last;
} foo;

EDA_ACTOR(foo, eda_none, saves(last));
