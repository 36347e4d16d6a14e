/* expect-gcc: 'eda_type' has no member named 'overflw'; did you mean 'overflow' */
/* expect-clang: 'overflw' does not refer to any field in type 'const eda_type'.*did you mean 'overflow' */
#include <edacious/edacious.h>

EDA_MESSAGE(m, "m", .overflw = EDA_WAIT, (uint32_t, n));
