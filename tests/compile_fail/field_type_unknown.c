/* expect-gcc: unknown type name 'eda_string' */
/* expect-clang: unknown type name 'eda_string' */
#include <edacious/edacious.h>

EDA_RECORD(m, (eda_string, text));
