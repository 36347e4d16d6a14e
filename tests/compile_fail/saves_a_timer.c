/* expect-gcc: static assertion failed: "foo: cannot save relocking: no number, bool or eda_text; of an EDA_RECORD or EDA_ENUM write \(type, relocking\)" */
/* expect-clang: static_assert failed.*"foo: cannot save relocking: no number, bool or eda_text; of an EDA_RECORD or EDA_ENUM write \(type, relocking\)" */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_timer relocking;
} foo;

EDA_ACTOR(foo, eda_none, saves(count, relocking));
