/* keyed.c - create, idle, keyed: actors that come to life by their first message, and the directory
 * of them. */
#define _POSIX_C_SOURCE 200809L

#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS_LEN_MIN 1024u
/* A prime: multiplied by it, the keys of any smaller range come in a scrambled order, each once. */
#define STRIDE 611953u

enum {
    TOUCH = 1,
    DRIVE
};

/* --- the directory: open addressing, at most half full --- */

typedef struct slot {
    uint64_t key;
    actor *who; /* NULL: empty */
} slot;

typedef struct directory {
    slot *slots;
    uint64_t count;
    unsigned shift; /* of a hash; there are 1 << (64 - shift) slots */
} directory;

static uint64_t slots_len(const directory *known)
{
    return UINT64_C(1) << (64 - known->shift);
}

static uint64_t place_of(const directory *known, uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15) >> known->shift;
}

static void set_slots(directory *known, unsigned shift)
{
    known->shift = shift;
    known->slots = calloc(slots_len(known), sizeof(*known->slots));
    if (known->slots == NULL) {
        floor_give_up("no memory for the directory");
    }
}

/* The key's slot, or the empty one where it belongs. */
static slot *find(const directory *known, uint64_t key)
{
    uint64_t mask = slots_len(known) - 1;
    uint64_t at = place_of(known, key);

    while (known->slots[at].who != NULL && known->slots[at].key != key) {
        at = (at + 1) & mask;
    }
    return &known->slots[at];
}

static void grow(directory *known)
{
    directory larger = {.count = known->count};
    uint64_t i;

    set_slots(&larger, known->shift - 1);
    for (i = 0; i < slots_len(known); i++) {
        if (known->slots[i].who != NULL) {
            *find(&larger, known->slots[i].key) = known->slots[i];
        }
    }
    free(known->slots);
    *known = larger;
}

/* --- the driver: a batch of keys in each turn --- */

static void on_touch(loop *on, actor *self, message *m)
{
    self->count++;
    self->value = m->b;
    floor_give(&on->messages, m);
}

typedef enum order {
    IN_ORDER,
    SCRAMBLED,
    RANDOM
} order;

typedef struct plan {
    directory known;
    order how;
    uint64_t next;
    uint64_t size;
} plan;

static uint64_t key_of(const plan *of, uint64_t i)
{
    switch (of->how) {
    case SCRAMBLED:
        return i * STRIDE % of->size;
    case RANDOM:
        return floor_scramble(i) % of->size;
    case IN_ORDER:
    default:
        return i;
    }
}

/* The actor of a key, which is created when it is not there. */
static actor *lookup(loop *on, directory *known, uint64_t key)
{
    slot *at = find(known, key);

    if (at->who == NULL) {
        if (2 * (known->count + 1) > slots_len(known)) {
            grow(known);
            at = find(known, key);
        }
        *at = (slot){.key = key, .who = floor_actor(on, on_touch, NULL)};
        known->count++;
    }
    return at->who;
}

/* The cache misses of a batch overlap: all slots are fetched, then all actors, then they are
 * written to. */
static void on_drive(loop *on, actor *self, message *m)
{
    plan *of = self->of;
    uint64_t left = of->size - of->next;
    size_t len = left < FLOOR_BATCH_LEN ? (size_t)left : FLOOR_BATCH_LEN;
    uint64_t keys[FLOOR_BATCH_LEN];
    actor *to[FLOOR_BATCH_LEN];
    size_t i;

    for (i = 0; i < len; i++) {
        keys[i] = key_of(of, of->next + i);
        __builtin_prefetch(&of->known.slots[place_of(&of->known, keys[i])], 1);
    }
    for (i = 0; i < len; i++) {
        to[i] = lookup(on, &of->known, keys[i]);
        __builtin_prefetch(to[i], 1);
    }
    for (i = 0; i < len; i++) {
        (void)floor_send(on, to[i], TOUCH, keys[i], of->next + i);
    }
    of->next += len;
    if (of->next < of->size) {
        floor_forward(on, self, m);
    } else {
        floor_give(&on->messages, m);
    }
}

static void drive(loop *on, plan *of, order how)
{
    of->how = how;
    of->next = 0;
    (void)floor_send(on, floor_actor(on, on_drive, of), DRIVE, 0, 0);
    floor_run(on);
}

static void check_counts(const char *what, const directory *known, uint64_t expected)
{
    uint64_t total = 0;
    uint64_t i;

    for (i = 0; i < slots_len(known); i++) {
        total += known->slots[i].who != NULL ? known->slots[i].who->count : 0;
    }
    floor_check(what, total, expected);
}

static uint64_t resident(void)
{
    char line[128];
    const char *pages = NULL;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        pages = strchr(line, ' '); /* the second number */
    }
    if (pages == NULL) {
        floor_give_up("/proc/self/statm tells no memory");
    }
    (void)fclose(file);
    return strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static plan new_plan(uint64_t size)
{
    plan of = {.size = size};

    set_slots(&of.known, 64 - (unsigned)__builtin_ctz(SLOTS_LEN_MIN));
    return of;
}

void floor_idle(uint64_t size)
{
    uint64_t before = resident();
    loop on = {.first = NULL};
    plan of = new_plan(size);

    drive(&on, &of, IN_ORDER);
    floor_print("idle.actor", (double)(resident() - before) / (double)size, "bytes");
    check_counts("idle", &of.known, size);
    free(of.known.slots);
}

void floor_keyed(uint64_t size)
{
    loop on = {.first = NULL};
    plan of = new_plan(size);
    int64_t begin = floor_now();

    if (size % STRIDE == 0) {
        floor_give_up("keyed: the size is no multiple of 611953");
    }
    drive(&on, &of, SCRAMBLED);
    floor_print_rate("keyed1.messages", size, begin);
    begin = floor_now();
    drive(&on, &of, RANDOM);
    floor_print_rate("keyed2.messages", size, begin);
    floor_check("keyed", of.known.count, size);
    check_counts("keyed", &of.known, 2 * size);
    free(of.known.slots);
}

/* --- create: an actor, a message, and it goes --- */

typedef struct birth {
    uint64_t left;
    uint64_t handled;
} birth;

static void on_last_touch(loop *on, actor *self, message *m)
{
    birth *of = self->of;

    of->handled += m->b;
    self->is_gone = true;
    floor_give(&on->messages, m);
}

static void on_create(loop *on, actor *self, message *m)
{
    birth *of = self->of;
    uint64_t len = of->left < FLOOR_BATCH_LEN ? of->left : FLOOR_BATCH_LEN;
    uint64_t i;

    for (i = 0; i < len; i++) {
        (void)floor_send(on, floor_actor(on, on_last_touch, of), TOUCH, i, 1);
    }
    of->left -= len;
    if (of->left > 0) {
        floor_forward(on, self, m);
    } else {
        floor_give(&on->messages, m);
    }
}

void floor_create(uint64_t size)
{
    loop on = {.first = NULL};
    birth of = {.left = size};
    int64_t begin = floor_now();

    (void)floor_send(&on, floor_actor(&on, on_create, &of), DRIVE, 0, 0);
    floor_run(&on);
    floor_print_rate("create.actors", size, begin);
    floor_check("create", of.handled, size);
}
