/* greeter.c - stands for an actor of somebody who installed edacious. */
#include <edacious/value.h>

size_t greeter_len(const char *name);

size_t greeter_len(const char *name)
{
    return eda_str_from(name).len;
}
