/* floor.h - the least that an actor loop can do: a mailbox and a run queue, in one thread.
 *
 * Messages and actors are blocks of 64 bytes, one cache line, from slabs; a mailbox is a list
 * through its messages, the run queue a list through its actors; a turn takes at most a batch. What
 * a framework adds is not here: no threads, no bounds, no counts, no supervision, no codec. So this
 * is how fast the machine allows it to be, not a contender. Order: per sender. Threads: one. */
#ifndef FLOOR_H
#define FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOOR_LINE_SIZE 64u
#define FLOOR_BATCH_LEN 64u /* messages of one turn; what a driver sends in one */

typedef struct message message;
typedef struct actor actor;
typedef struct loop loop;

/* Takes the message: sends it on or gives it back. */
typedef void handler(loop *on, actor *self, message *m);

struct message {
    _Alignas(FLOOR_LINE_SIZE) message *next;
    uint32_t tag;
    uint32_t users; /* of a shared one: how many have still to handle it */
    uint64_t a;
    uint64_t b;
    actor *from;     /* who asks */
    message *shared; /* pubsub: what it brings; NULL elsewhere */
};

struct actor {
    _Alignas(FLOOR_LINE_SIZE) handler *handle;
    message *first;
    message *last;  /* when first is not NULL */
    actor *next;    /* in the run queue */
    bool is_ready;  /* in the run queue, or in its turn */
    bool is_gone;   /* set by its last turn */
    uint32_t index; /* its number, or what the benchmark says */
    void *of;       /* what the benchmark gives it */
    uint64_t count;
    uint64_t value;
};

_Static_assert(sizeof(message) == FLOOR_LINE_SIZE, "a message is one cache line");
_Static_assert(sizeof(actor) == FLOOR_LINE_SIZE, "an actor is one cache line");

typedef struct slab {
    void *free; /* each block's first word points to the next */
    char *fresh;
    char *end;
} slab;

struct loop {
    slab messages;
    slab actors;
    actor *first;
    actor *last; /* when first is not NULL */
};

/* Takes memory for more blocks; ends the program if there is none. */
void floor_slab_grow(slab *blocks);
/* Monotonic ns. */
int64_t floor_now(void);
/* One result: bench floor METRIC VALUE UNIT. */
void floor_print(const char *metric, double value, const char *unit);
/* How many of count happened in a second since begin. */
void floor_print_rate(const char *metric, uint64_t count, int64_t begin);
/* Ends the program unless as many were handled as should be. */
void floor_check(const char *what, uint64_t got, uint64_t expected);
_Noreturn void floor_give_up(const char *text);

/* The benchmarks, of a given size. */
void floor_pingpong(uint64_t size);
void floor_pingpong_cross(uint64_t size);
void floor_count(uint64_t size);
void floor_fanin(uint64_t size);
void floor_ring(uint64_t size);
void floor_big(uint64_t size);
void floor_create(uint64_t size);
void floor_idle(uint64_t size);
void floor_keyed(uint64_t size);
void floor_pubsub(uint64_t size);
void floor_ask(uint64_t size);

static inline void *floor_take(slab *blocks)
{
    void *block = blocks->free;

    if (block != NULL) {
        blocks->free = *(void **)block;
        return block;
    }
    if (blocks->fresh == blocks->end) {
        floor_slab_grow(blocks);
    }
    block = blocks->fresh;
    blocks->fresh += FLOOR_LINE_SIZE;
    return block;
}

static inline void floor_give(slab *blocks, void *block)
{
    *(void **)block = blocks->free;
    blocks->free = block;
}

/* A bijection of 64-bit numbers. */
static inline uint64_t floor_scramble(uint64_t number)
{
    number = (number ^ number >> 33) * UINT64_C(0xff51afd7ed558ccd);
    number = (number ^ number >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return number ^ number >> 33;
}

static inline actor *floor_actor(loop *on, handler *handle, void *of)
{
    actor *made = floor_take(&on->actors);

    *made = (actor){.handle = handle, .of = of};
    return made;
}

static inline void floor_ready(loop *on, actor *who)
{
    who->is_ready = true;
    who->next = NULL;
    if (on->first == NULL) {
        on->first = who;
    } else {
        on->last->next = who;
    }
    on->last = who;
}

/* Sends a message that there is already. */
static inline void floor_forward(loop *on, actor *to, message *m)
{
    m->next = NULL;
    if (to->first == NULL) {
        to->first = m;
    } else {
        to->last->next = m;
    }
    to->last = m;
    if (!to->is_ready) {
        floor_ready(on, to);
    }
}

/* Returns the message sent: it may be added to until the sender's turn ends. */
static inline message *floor_send(loop *on, actor *to, uint32_t tag, uint64_t a, uint64_t b)
{
    message *m = floor_take(&on->messages);

    m->tag = tag;
    m->a = a;
    m->b = b;
    floor_forward(on, to, m);
    return m;
}

/* One turn: what was there when it began, at most a batch. */
static inline void floor_turn(loop *on, actor *who)
{
    const message *end = who->last;
    uint32_t left = FLOOR_BATCH_LEN;
    const message *m;

    do {
        message *next = who->first;

        m = next;
        who->first = next->next;
        who->handle(on, who, next);
    } while (m != end && --left > 0);
}

/* Runs until nobody has anything to do. */
static inline void floor_run(loop *on)
{
    while (on->first != NULL) {
        actor *who = on->first;

        on->first = who->next;
        floor_turn(on, who);
        who->is_ready = false;
        if (who->first != NULL) {
            floor_ready(on, who);
        } else if (who->is_gone) {
            floor_give(&on->actors, who);
        }
    }
}

#endif
