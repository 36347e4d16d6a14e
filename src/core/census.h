/* census.h - counts, one by one, the deliveries that are still somewhere in a system.
 *
 * For the simulator, which compares it with the balance of the tallies after every step: what is
 * counted must be there, and what is there must be counted. Only while every worker and client is
 * at rest between two steps. */
#ifndef EDAI_CENSUS_H
#define EDAI_CENSUS_H

#include "core/system.h"

/* Deliveries in inboxes, outboxes, mailboxes, lines before full mailboxes, and open turns. */
uint64_t edai_census(eda_system *sys);
/* Accepted deliveries without an outcome, by the tallies. */
int64_t edai_census_balance(eda_system *sys);

#endif
