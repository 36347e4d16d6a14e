/* expect-gcc: empty enum is invalid */
/* expect-clang: use of empty enum */
#include <edacious/edacious.h>

EDA_ENUM(mode, SHUT, OPEN);
