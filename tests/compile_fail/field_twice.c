/* expect-gcc: duplicate member 'text' */
/* expect-clang: duplicate member 'text' */
#include <edacious/edacious.h>

EDA_RECORD(m, (eda_str, text), (eda_str, text));
