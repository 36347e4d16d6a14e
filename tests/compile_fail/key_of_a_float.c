/* expect-gcc: static assertion failed: "foo: temperature\.degrees cannot be a key: neither an eda_str nor an integer" */
/* expect-clang: static_assert failed.*"foo: temperature\.degrees cannot be a key: neither an eda_str nor an integer" */
#include <edacious/edacious.h>

EDA_MESSAGE(temperature, "temperature", (double, degrees));

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

static void foo_on(foo *self, const temperature *now)
{
    (void)now;
    self->count++;
}

EDA_ACTOR(foo, eda_none, key(degrees), on(temperature, foo_on));
