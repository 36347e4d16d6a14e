/* expect-gcc: unknown type name 'eda_list_eda_list_bool' */
/* expect-clang: unknown type name 'eda_list_eda_list_bool' */
#include <edacious/edacious.h>

EDA_RECORD(m, (eda_list_of(eda_list_bool), rows));
