/* expect-gcc: static assertion failed: "m: not \(type, name\): \(eda_str x\)" */
/* expect-clang: static_assert failed.*"m: not \(type, name\): \(eda_str x\)" */
#include <edacious/edacious.h>

EDA_RECORD(m, (eda_str x));
