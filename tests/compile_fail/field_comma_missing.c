/* expect-gcc: static assertion failed: "bad_cmd: a comma is missing before \(uint32_t, n\)" */
/* expect-clang: static_assert failed.*"bad_cmd: a comma is missing before \(uint32_t, n\)" */
#include <edacious/edacious.h>

EDA_MESSAGE(bad_cmd, "bad", (eda_str, text) (uint32_t, n));
