/* tally.h - the sum of all weights. */
#ifndef TALLY_H
#define TALLY_H

double honest_tally(double weight);

#endif
