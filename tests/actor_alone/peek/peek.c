/* peek.c - includes another actor's header: refused. */
#include "../honest/tally.h"

int peek(void);

int peek(void)
{
    return 0;
}
