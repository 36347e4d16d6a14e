/* cheat.c - calls another actor's function and reads a clock: refused. */
#include <time.h>

int honest_secret(int number);
long cheat_peek(void);

long cheat_peek(void)
{
    return honest_secret(1) + (long)time(0);
}
