/* expect-gcc: static assertion failed: "foo: start must be: eda_status foo_start\(foo \*, const foo_deps \*, eda_ctx \*\)" */
/* expect-clang: static_assert failed.*"foo: start must be: eda_status foo_start\(foo \*, const foo_deps \*, eda_ctx \*\)" */
#include <edacious/edacious.h>

EDA_RECORD(foo_deps, (uint32_t, n));
EDA_RECORD(bar_deps, (uint32_t, n));

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

static eda_status foo_start(foo *self, const bar_deps *deps, eda_ctx *ctx)
{
    (void)ctx;
    self->count = deps->n;
    return EDA_OK;
}

EDA_ACTOR(foo, foo_deps, start(foo_start));
