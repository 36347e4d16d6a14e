/* expect-gcc: static assertion failed: "foo: cannot save last: no number, bool or eda_text; of an EDA_RECORD or EDA_ENUM write \(type, last\)" */
/* expect-clang: static_assert failed.*"foo: cannot save last: no number, bool or eda_text; of an EDA_RECORD or EDA_ENUM write \(type, last\)" */
#include <edacious/edacious.h>

EDA_RECORD(badge, (uint32_t, level));
typedef struct foo {
    badge last;
} foo;

EDA_ACTOR(foo, eda_none, saves(last));
