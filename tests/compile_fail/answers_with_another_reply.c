/* expect-gcc: static assertion failed: "foo: the handler must be: eda_status foo_on\(foo \*, const status_get \*, eda_reply_of_status_get \*, eda_ctx \*\)" */
/* expect-clang: static_assert failed.*"foo: the handler must be: eda_status foo_on\(foo \*, const status_get \*, eda_reply_of_status_get \*, eda_ctx \*\)" */
#include <edacious/edacious.h>

EDA_RECORD(status, (uint32_t, n));
EDA_RECORD(badge, (uint32_t, level));
EDA_REQUEST(status_get, status, "status/get");

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

static void foo_on(foo *self, const status_get *get, badge *ret_badge)
{
    (void)get;
    ret_badge->level = self->count;
}

EDA_ACTOR(foo, eda_none, answers(status_get, foo_on));
