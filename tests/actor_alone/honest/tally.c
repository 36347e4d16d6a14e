/* tally.c - the sum of all weights. */
#include "tally.h"

double honest_tally(double weight)
{
    static double sum;
    sum += weight;
    return sum;
}
