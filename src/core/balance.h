/* balance.h - which seat a worker sits on: together while messages are cheap, apart when they are
 * not.
 *
 * A message to another thread costs some 100 to 300 ns, and more where the receiver sleeps. So a
 * worker leaves a seat only when that is saturated by turns that cost more than this, and comes
 * back when they do not any more, or when one thread has time for all. Threads: the seat's own. */
#ifndef EDAI_BALANCE_H
#define EDAI_BALANCE_H

#include "core/seat.h"

/* Over so long a time, at least, a seat measures what its turns cost and how busy it is. */
#define EDAI_WINDOW_NS 2000000
/* Turns have to be dear for so many windows in a row: some may hold page faults of large blocks, as
 * when the tables of many workers grow at the same time, or time in which the processor was
 * somebody else's. */
#define EDAI_DEAR_WINDOWS 8u
/* Mean time of a turn from which workers are spread, and below which they come together. */
#define EDAI_SPREAD_TURN_NS 1000
#define EDAI_GATHER_TURN_NS 400

/* What is known of a seat that thinks of spreading or gathering. */
typedef struct edai_balance {
    uint64_t turn_ns;
    uint32_t busy; /* per 1000 */
    uint64_t first_turn_ns;
    uint32_t first_busy;
    bool is_first; /* seat 0 */
} edai_balance;

bool edai_balance_spreads(const edai_balance *known);
bool edai_balance_gathers(const edai_balance *known);

/* At the end of each round. */
void edai_balance_round(edai_seat *seat);
/* Before the thread sleeps. */
void edai_balance_rest(edai_seat *seat);
/* Claims a seat whose thread sleeps without a worker, among the first `count`; NULL: none. Give it
 * something, or wake it: only its own thread can tell whether it is vacant still. */
edai_seat *edai_balance_vacant(eda_system *sys, uint32_t count);

#endif
