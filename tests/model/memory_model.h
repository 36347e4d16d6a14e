/* memory_model.h - what each thread may see of each word: stores in their order, and the views that
 * travel with them. */
#ifndef MEMORY_MODEL_H
#define MEMORY_MODEL_H

#include "explore.h"

#define LOCATIONS_MAX 24u

/* What a thread knows: how far each thread has come, and the oldest store of each word that it may
 * still read. */
typedef struct view {
    uint32_t clock[EXPLORE_THREADS_MAX];
    uint8_t seen[LOCATIONS_MAX];
} view;

/* The memory model's part of a virtual thread. */
typedef struct observer {
    view view;
    uint64_t trace; /* hash of everything it did and saw */
} observer;

/* Of a compare and exchange. */
typedef struct memory_exchange {
    uint64_t expected;
    uint64_t value;
    int order;
    int order_failed;
} memory_exchange;

typedef uint64_t memory_operation(uint64_t before, uint64_t operand);

void memory_reset(observer *observers, unsigned count, bool is_weak);
/* Atomic accesses of thread `self`; order as __ATOMIC_RELAXED and so on. They ask explore_choose
 * what to read. */
uint64_t memory_load(unsigned self, const volatile void *at, unsigned size, int order);
void memory_store(unsigned self, volatile void *at, unsigned size, uint64_t value, int order);
uint64_t memory_change(unsigned self, volatile void *at, unsigned size, memory_operation *operation,
    uint64_t operand, int order);
/* Returns the value read; it is the expected one if and only if `value` was stored. */
uint64_t memory_compare_exchange(
    unsigned self, volatile void *at, unsigned size, const memory_exchange *exchange);
/* The newest value, without looking: for deciding whether a thread can go on. */
uint64_t memory_peek(const volatile void *at, unsigned size);
/* Outside of a schedule. */
void memory_poke(volatile void *at, unsigned size, uint64_t value);
/* Stores made so far, to all words. */
unsigned memory_store_count(void);
/* From here on the thread sees the newest of everything: time has passed. */
void memory_catch_up(unsigned self);
/* A plain access; false: it races. */
bool memory_plain(unsigned self, const void *at, size_t size, bool is_write);
/* Mixes something else that the thread learnt into its trace. */
void memory_note(unsigned self, uint64_t value);

#endif
