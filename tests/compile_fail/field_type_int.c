/* expect-gcc: 'eda_type_int' undeclared here .*did you mean 'eda_type_int8_t' */
/* expect-clang: use of undeclared identifier 'eda_type_int' */
#include <edacious/edacious.h>

EDA_RECORD(reading, (int, n));
