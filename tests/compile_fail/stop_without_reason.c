/* expect-gcc: static assertion failed: "foo: stop must be: void foo_stop\(foo \*, eda_stop_reason, eda_ctx \*\)" */
/* expect-clang: static_assert failed.*"foo: stop must be: void foo_stop\(foo \*, eda_stop_reason, eda_ctx \*\)" */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

static void foo_stop(foo *self)
{
    self->count = 0;
}

EDA_ACTOR(foo, eda_none, stop(foo_stop));
