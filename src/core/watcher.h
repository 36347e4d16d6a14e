/* watcher.h - a thread that looks at the others: whose turn runs long is told of, and left alone.
 *
 * A turn that runs at two looks in a row loses its seat's workers to another seat (takeover.h), and
 * while it computes the other threads keep away from its processor: the kernel may put a thread
 * that wakes behind one that computes, although another processor is idle, and there it waits for
 * milliseconds. Sleeps while all seats do: whoever wakes first sets its alarm, and the last that
 * goes to sleep stops it, so that it costs those who wake for less than a look nothing but that.
 * Threads: each function says whose it is. */
#ifndef EDAI_WATCHER_H
#define EDAI_WATCHER_H

#include "base/alarm.h"
#include "base/processors.h"
#include "core/seat.h"

/* Which processors a thread keeps away from. */
typedef struct edai_confinement {
    edai_processors own; /* those it may run on otherwise */
    edai_processors set; /* what it was confined to, if it is */
    bool is_confined;
} edai_confinement;

/* What it saw at its last look at a seat. */
typedef struct edai_sight {
    uint64_t user;
    uint32_t looks;       /* at which the same turn ran */
    int processor;        /* on which; -1: it does not compute, or nobody knows */
    uint64_t confined_as; /* what this thread was confined by, see confine_seat */
    edai_confinement confinement;
} edai_sight;

/* What there is of it. */
typedef enum edai_watcher_stage {
    EDAI_WATCHER_ABSENT = 0,
    EDAI_WATCHER_ALARMED, /* the alarm */
    EDAI_WATCHER_WATCHING /* and the thread */
} edai_watcher_stage;

typedef struct edai_watcher {
    eda_system *sys;
    edai_thread thread;
    int64_t look_ns;   /* between two looks */
    bool takes_over;   /* the workers of a seat whose turn runs long */
    edai_seat *unused; /* made, but its thread could not be started: tried again */
    edai_sight *sights;
    edai_processors crowded;          /* those on which long turns compute */
    uint64_t crowded_as;              /* how often that has changed */
    edai_confinement confinement;     /* its own, and of threads that it starts */
    edai_alarm alarm;                 /* of the next look */
    _Atomic edai_watcher_stage stage; /* written by who starts and stops it */
    _Atomic bool stops;
    _Atomic bool sleeps; /* the alarm is not set: who makes it false sets it */
} edai_watcher;

void edai_watcher_fini(edai_watcher *watcher);
/* The seats have their threads. Without memory, a descriptor or a thread for it slow turns go
 * unreported and are waited for, nothing else. */
void edai_watcher_start(edai_watcher *watcher, eda_system *sys, bool takes_over);
/* Waits until it has ended: before the seats' threads are joined, for it starts some. */
void edai_watcher_stop(edai_watcher *watcher);
/* From any seat's thread, which is awake from now on: so there is something to watch. */
void edai_watcher_rouse(edai_watcher *watcher);
/* From any seat's thread, which is about to sleep: perhaps the last. */
void edai_watcher_rest(edai_watcher *watcher);

#endif
