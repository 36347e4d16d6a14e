/* expect-gcc: expected expression before 'eda_str' */
/* expect-clang: unexpected type name 'eda_str'.*expected expression */
#include <edacious/edacious.h>

EDA_RECORD(m, eda_str, text);
