/* expect-gcc: expected .* before 'text' */
/* expect-clang: expected .* */
#include <edacious/edacious.h>

eda_str borrow(const char *text);
eda_str borrow(const char *text)
{
    return EDA_STR(text);
}
