/* expect-gcc: static assertion failed: "mode: a comma is missing before \(OPEN, \\"open\\"\)" */
/* expect-clang: static_assert failed.*"mode: a comma is missing before \(OPEN, \\"open\\"\)" */
#include <edacious/edacious.h>

EDA_ENUM(mode, (SHUT, "shut") (OPEN, "open"));
