/* expect-gcc: 'eda_actor_options' has no member named 'idle_mss'; did you mean 'idle_ms' */
/* expect-clang: 'idle_mss' does not refer to any field in type 'eda_actor_options'.*did you mean 'idle_ms' */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, options(.idle_mss = 5));
