/* expect-gcc: 'EDAI_DECISION_retry' undeclared */
/* expect-clang: undeclared identifier 'EDAI_DECISION_retry' */
#include <edacious/edacious.h>

typedef struct foo {
    uint32_t count;
    eda_text name;
} foo;

EDA_ACTOR(foo, eda_none, on_failure(retry));
