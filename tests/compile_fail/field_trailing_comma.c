/* expect-gcc: expected expression before ',' */
/* expect-clang: expected expression */
#include <edacious/edacious.h>

EDA_RECORD(m, (eda_str, text), );
