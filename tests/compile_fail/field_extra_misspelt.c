/* expect-gcc: 'eda_field' has no member named 'rnge'; did you mean 'range' */
/* expect-clang: 'rnge' does not refer to any field in type 'const eda_field'.*did you mean 'range' */
#include <edacious/edacious.h>

EDA_RECORD(m, (uint32_t, n, .rnge = {1, 3}));
