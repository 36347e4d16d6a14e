/* memory_model.c - see memory_model.h. */
#include "memory_model.h"

#include "base/assert.h"
#include "base/hash.h"

#include <string.h>

#define STORES_MAX 128u
#define GRANULES 4096u /* of 8 bytes; a power of two */

typedef struct store {
    uint64_t value;
    uint64_t id; /* who stored it, after what */
    view view;   /* what an acquiring load learns; all zero: nothing */
} store;

typedef struct location {
    const volatile void *at;
    unsigned count;
    unsigned strict; /* a sequentially consistent load reads no older store than this one */
    store stores[STORES_MAX];
} location;

/* Who last wrote 8 bytes, and who has read them since. */
typedef struct granule {
    uint64_t address;
    uint64_t execution; /* older: unused */
    unsigned writer;
    uint32_t written; /* clock of the writer; 0: not yet */
    uint32_t read[EXPLORE_THREADS_MAX];
} granule;

static location locations[LOCATIONS_MAX];
static unsigned location_count;
static unsigned store_count;
static bool is_weak;
static granule granules[GRANULES];
static uint64_t execution;
static observer *observers;

void memory_reset(observer *given, unsigned count, bool weak)
{
    unsigned i;

    observers = given;
    location_count = 0;
    store_count = 0;
    is_weak = weak;
    execution++;
    for (i = 0; i < count; i++) {
        observers[i] = (observer){.trace = edai_hash_u64(i + 1)};
        observers[i].view.clock[i] = 1;
    }
}

static uint64_t fetch(const volatile void *at, unsigned size)
{
    switch (size) {
    case 1:
        return *(const volatile uint8_t *)at;
    case 4:
        return *(const volatile uint32_t *)at;
    default:
        return *(const volatile uint64_t *)at;
    }
}

void memory_poke(volatile void *at, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        *(volatile uint8_t *)at = (uint8_t)value;
        break;
    case 4:
        *(volatile uint32_t *)at = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)at = value;
        break;
    }
}

uint64_t memory_peek(const volatile void *at, unsigned size)
{
    return fetch(at, size);
}

static unsigned find(const volatile void *at, unsigned size)
{
    unsigned i;

    for (i = 0; i < location_count; i++) {
        if (locations[i].at == at) {
            return i;
        }
    }
    EDA_ASSERT(location_count < LOCATIONS_MAX, "a small model has few words");
    locations[i].at = at;
    locations[i].count = 1;
    locations[i].strict = 0;
    locations[i].stores[0] = (store){.value = fetch(at, size)};
    location_count++;
    return i;
}

static void join(view *into, const view *from)
{
    unsigned i;

    for (i = 0; i < EXPLORE_THREADS_MAX; i++) {
        into->clock[i] = from->clock[i] > into->clock[i] ? from->clock[i] : into->clock[i];
    }
    for (i = 0; i < LOCATIONS_MAX; i++) {
        into->seen[i] = from->seen[i] > into->seen[i] ? from->seen[i] : into->seen[i];
    }
}

static bool is_acquire(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST ||
           order == __ATOMIC_CONSUME;
}

static bool is_release(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void memory_note(unsigned self, uint64_t value)
{
    observers[self].trace = edai_hash_join(observers[self].trace, value);
}

static void see(unsigned self, unsigned where, unsigned index, int order)
{
    observer *me = &observers[self];
    const store *read = &locations[where].stores[index];

    if (me->view.seen[where] < index) {
        me->view.seen[where] = (uint8_t)index;
    }
    if (is_acquire(order)) {
        join(&me->view, &read->view);
    }
    memory_note(
        self, edai_hash_join(is_weak ? read->id : read->value, (uintptr_t)locations[where].at));
}

static unsigned oldest_readable(unsigned self, const location *at, unsigned where, int order)
{
    unsigned oldest = observers[self].view.seen[where];

    if (!is_weak) {
        return at->count - 1;
    }
    return order == __ATOMIC_SEQ_CST && at->strict > oldest ? at->strict : oldest;
}

uint64_t memory_load(unsigned self, const volatile void *at, unsigned size, int order)
{
    unsigned where = find(at, size);
    const location *from = &locations[where];
    unsigned newest = from->count - 1;
    unsigned index =
        newest - explore_choose(newest - oldest_readable(self, from, where, order) + 1);

    see(self, where, index, order);
    observers[self].view.clock[self]++;
    return from->stores[index].value;
}

static void append(
    unsigned self, unsigned where, volatile void *at, unsigned size, uint64_t value, int order)
{
    observer *me = &observers[self];
    location *to = &locations[where];
    store *made = &to->stores[to->count];

    EDA_ASSERT(to->count < STORES_MAX, "a small model stores little");
    me->view.seen[where] = (uint8_t)to->count;
    *made = (store){.value = value};
    if (is_release(order)) {
        made->view = me->view;
    }
    memory_note(self, edai_hash_join(is_weak ? to->stores[to->count - 1].id : 0, value));
    made->id = edai_hash_join(me->trace, self);
    if (order == __ATOMIC_SEQ_CST) {
        to->strict = to->count;
    }
    to->count++;
    store_count++;
    memory_poke(at, size, value);
    me->view.clock[self]++;
}

void memory_store(unsigned self, volatile void *at, unsigned size, uint64_t value, int order)
{
    append(self, find(at, size), at, size, value, order);
}

/* Reads the newest and replaces it; what was released with the replaced one stays released. */
static void replace(
    unsigned self, unsigned where, volatile void *at, unsigned size, uint64_t value, int order)
{
    unsigned newest = locations[where].count - 1;

    see(self, where, newest, order);
    append(self, where, at, size, value, order);
    join(&locations[where].stores[newest + 1].view, &locations[where].stores[newest].view);
}

uint64_t memory_change(unsigned self, volatile void *at, unsigned size, memory_operation *operation,
    uint64_t operand, int order)
{
    unsigned where = find(at, size);
    uint64_t before = locations[where].stores[locations[where].count - 1].value;
    uint64_t after = operation(before, operand);

    replace(self, where, at, size, size == 4 ? (uint32_t)after : after, order);
    return before;
}

uint64_t memory_compare_exchange(
    unsigned self, volatile void *at, unsigned size, const memory_exchange *exchange)
{
    unsigned where = find(at, size);
    const location *from = &locations[where];
    unsigned newest = from->count - 1;
    unsigned readable[STORES_MAX];
    unsigned count = 0;
    unsigned i = newest + 1;

    /* It may fail on any older value, but succeed only on the newest. */
    while (i-- > oldest_readable(self, from, where, exchange->order_failed)) {
        if (i == newest || from->stores[i].value != exchange->expected) {
            readable[count++] = i;
        }
    }
    i = readable[explore_choose(count)];
    if (i == newest && from->stores[i].value == exchange->expected) {
        replace(self, where, at, size, exchange->value, exchange->order);
        return exchange->expected;
    }
    see(self, where, i, exchange->order_failed);
    observers[self].view.clock[self]++;
    return from->stores[i].value;
}

unsigned memory_store_count(void)
{
    return store_count;
}

void memory_catch_up(unsigned self)
{
    unsigned i;

    for (i = 0; i < location_count; i++) {
        observers[self].view.seen[i] = (uint8_t)(locations[i].count - 1);
        memory_note(self, is_weak ? locations[i].stores[locations[i].count - 1].id
                                  : locations[i].stores[locations[i].count - 1].value);
    }
}

/* --- plain accesses ----------------------------------------------------------------------- */

static granule *granule_of(uint64_t address)
{
    unsigned i = (unsigned)edai_hash_u64(address) & (GRANULES - 1);
    unsigned looked_at = 0;

    while (granules[i].execution == execution && granules[i].address != address) {
        EDA_ASSERT(++looked_at < GRANULES, "a small model touches little memory");
        i = (i + 1) & (GRANULES - 1);
    }
    if (granules[i].execution != execution) {
        granules[i] = (granule){.address = address, .execution = execution};
    }
    return &granules[i];
}

static bool granule_touch(unsigned self, granule *at, bool is_write)
{
    const view *mine = &observers[self].view;
    unsigned i;

    if (at->written > mine->clock[at->writer]) {
        return false;
    }
    if (!is_write) {
        at->read[self] = mine->clock[self];
        return true;
    }
    for (i = 0; i < EXPLORE_THREADS_MAX; i++) {
        if (at->read[i] > mine->clock[i]) {
            return false;
        }
    }
    at->writer = self;
    at->written = mine->clock[self];
    return true;
}

bool memory_plain(unsigned self, const void *at, size_t size, bool is_write)
{
    uint64_t first = (uintptr_t)at >> 3;
    uint64_t last = ((uintptr_t)at + size - 1) >> 3;

    if (!is_weak && !is_write) {
        memory_note(self, edai_hash_bytes(at, size));
    }
    for (; first <= last; first++) {
        if (!granule_touch(self, granule_of(first), is_write)) {
            return false;
        }
    }
    return true;
}
