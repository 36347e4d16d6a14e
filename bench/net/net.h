/* net.h - what the parts of bench-net share: the pair of processes, and what each side is told.
 *
 * bench-net starts itself once more, before there is any thread: the peer, which hears and answers,
 * until its standard input ends. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include "bench.h"

#include <edacious/bus.h>

/* How much is sent, and on which bus. */
typedef struct net_plan {
    const char *part;
    const char *bus;  /* driver */
    const char *mine; /* configuration of this side */
    uint64_t size;    /* bytes of each payload */
    uint64_t messages;
    uint64_t asks;
} net_plan;

/* A part of the benchmark: what either process does. */
typedef struct net_part {
    const char *name;
    void (*measure)(const net_plan *plan); /* when the peer is ready */
    void (*serve)(const net_plan *plan);   /* in the peer; calls net_serve once it is ready */
} net_part;

extern const net_part net_parts[]; /* ended by a NULL name */

/* --- main.c --- */

/* In the peer: tells that it is ready, returns when it is to end. */
void net_serve(void);
/* So many bytes, the same for the whole run. */
eda_bytes net_payload(uint64_t size);
/* A tenth of it, at least 1: run before what is measured. */
uint64_t net_warm_up(uint64_t count);
/* Prints p50 and p99 of times in ns. */
void net_print_times(const char *name, double *times, uint64_t count);

/* --- what the peer tells, waited for by the thread of main --- */

/* From any thread. */
void net_done(void);
/* Ends the program after a minute. */
void net_await_done(void);

/* --- actors.c and bus.c --- */

void net_actors_measure_inside(const net_plan *plan);
void net_actors_measure_shown(const net_plan *plan);
void net_actors_serve(const net_plan *plan);
void net_bus_measure(const net_plan *plan);
void net_bus_serve(const net_plan *plan);

#endif
