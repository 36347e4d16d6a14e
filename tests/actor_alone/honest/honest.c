/* honest.c - uses edacious, harmless libc and its own second file. */
#include <edacious/value.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

double honest_weigh(const char *name, double weight);

double honest_weigh(const char *name, double weight)
{
    char line[64];
    snprintf(line, sizeof(line), "%s %d %ld", name, toupper(name[0]), strtol(name, NULL, 10));
    char *copy = malloc(sizeof(line));
    if (copy != NULL) {
        memcpy(copy, line, sizeof(line));
    }
    free(copy);
    return honest_tally(pow(weight, 1.5)) + (double)eda_str_from(name).len;
}
