/* hooks.c - what code compiled with -fsanitize=thread calls at each access: a step of the explorer.
 *
 * The names are the sanitizer's, whose library is not linked. */
#include "explore_step.h"
#include "memory_model.h"

static uint64_t put(uint64_t before, uint64_t operand)
{
    (void)before;
    return operand;
}

static uint64_t add(uint64_t before, uint64_t operand)
{
    return before + operand;
}

static uint64_t subtract(uint64_t before, uint64_t operand)
{
    return before - operand;
}

/* --- faults ------------------------------------------------------------------------------- */

/* EXPLORE_LATE_ADD: what each thread has put off. */
typedef struct put_off {
    volatile void *at; /* NULL: nothing */
    unsigned size;
    uint64_t operand;
    int order;
} put_off;

static put_off put_offs[EXPLORE_THREADS_MAX];

static int weakened(int order)
{
    explore_fault fault = explore_planted();

    if (fault == EXPLORE_RELAXED_RELEASE) {
        return order == __ATOMIC_RELEASE   ? __ATOMIC_RELAXED
               : order == __ATOMIC_ACQ_REL ? __ATOMIC_ACQUIRE
                                           : order;
    }
    if (fault == EXPLORE_RELAXED_ACQUIRE ||
        (fault == EXPLORE_OWNER_RELAXED_ACQUIRE && explore_self() == 0)) {
        return order == __ATOMIC_ACQUIRE   ? __ATOMIC_RELAXED
               : order == __ATOMIC_ACQ_REL ? __ATOMIC_RELEASE
                                           : order;
    }
    return order;
}

/* Of an exchange that succeeds. */
static int weakened_exchange(int order)
{
    explore_fault fault = explore_planted();

    if (fault == EXPLORE_RELAXED_PARK && order == __ATOMIC_RELEASE) {
        return __ATOMIC_RELAXED;
    }
    if (fault == EXPLORE_RELEASING_PUSH && order == __ATOMIC_ACQ_REL) {
        return __ATOMIC_RELEASE;
    }
    return weakened(order);
}

static bool is_blind(uint64_t expected)
{
    switch (explore_planted()) {
    case EXPLORE_BLIND_PARK:
        return explore_self() == 0 && expected == 0;
    case EXPLORE_BLIND_UNPARK:
        return explore_self() == 0 && expected != 0;
    case EXPLORE_BLIND_PUSH:
        return explore_self() != 0;
    case EXPLORE_SOUND:
    case EXPLORE_RELAXED_RELEASE:
    case EXPLORE_RELAXED_ACQUIRE:
    case EXPLORE_SPLIT_EXCHANGE:
    case EXPLORE_LATE_ADD:
    case EXPLORE_OWNER_RELAXED_ACQUIRE:
    case EXPLORE_NO_BARRIER:
    case EXPLORE_RELAXED_PARK:
    case EXPLORE_RELEASING_PUSH:
    default:
        return false;
    }
}

static void make_up_for(unsigned self)
{
    put_off late = put_offs[self];

    if (late.at != NULL) {
        put_offs[self].at = NULL;
        explore_step();
        (void)memory_change(self, late.at, late.size, add, late.operand, late.order);
    }
}

/* --- atomic accesses ---------------------------------------------------------------------- */

static uint64_t load(const volatile void *at, unsigned size, int order)
{
    if (!explore_is_running()) {
        return memory_peek(at, size);
    }
    explore_step();
    return memory_load(explore_self(), at, size, weakened(order));
}

static void store(volatile void *at, unsigned size, uint64_t value, int order)
{
    explore_step();
    memory_store(explore_self(), at, size, value, weakened(order));
}

/* While a model is reset or checked there is one thread. */
static uint64_t at_rest(
    volatile void *at, unsigned size, memory_operation *operation, uint64_t operand)
{
    uint64_t before = memory_peek(at, size);

    memory_poke(at, size, operation(before, operand));
    return before;
}

static uint64_t change(
    volatile void *at, unsigned size, memory_operation *operation, uint64_t operand, int order)
{
    if (!explore_is_running()) {
        return at_rest(at, size, operation, operand);
    }
    if (explore_planted() == EXPLORE_LATE_ADD && explore_self() != 0 && operation == add) {
        put_offs[explore_self()] =
            (put_off){.at = at, .size = size, .operand = operand, .order = order};
        return 0;
    }
    explore_step();
    if (explore_planted() == EXPLORE_SPLIT_EXCHANGE && explore_self() == 0 && operation == put) {
        uint64_t before = memory_load(0, at, size, order);

        explore_step();
        memory_store(0, at, size, operand, order);
        return before;
    }
    return memory_change(explore_self(), at, size, operation, operand, weakened(order));
}

static uint64_t compare_exchange(volatile void *at, unsigned size, const memory_exchange *exchange)
{
    unsigned self = explore_self();
    uint64_t expected = exchange->expected;
    uint64_t before;

    if (!explore_is_running()) {
        before = memory_peek(at, size);
        return before == expected ? at_rest(at, size, put, exchange->value) : before;
    }
    explore_step();
    if (is_blind(expected)) {
        memory_store(self, at, size, exchange->value, exchange->order);
        return expected;
    }
    before = memory_compare_exchange(self, at, size, exchange);
    if (before == expected) {
        make_up_for(self);
    }
    return before;
}

/* One set of functions per size of word: the sanitizer's interface has one function per operation
 * and size. */
/* NOLINTBEGIN(readability-identifier-naming): the names are the sanitizer's */
#define HOOKS(bits_)                                                                               \
    uint##bits_##_t __tsan_atomic##bits_##_load(const volatile uint##bits_##_t *at, int order);    \
    uint##bits_##_t __tsan_atomic##bits_##_load(const volatile uint##bits_##_t *at, int order)     \
    {                                                                                              \
        return (uint##bits_##_t)load(at, bits_ / 8, order);                                        \
    }                                                                                              \
    void __tsan_atomic##bits_##_store(                                                             \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order);                           \
    void __tsan_atomic##bits_##_store(                                                             \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order)                            \
    {                                                                                              \
        if (explore_is_running()) {                                                                \
            store(at, bits_ / 8, value, order);                                                    \
        } else {                                                                                   \
            *at = value;                                                                           \
        }                                                                                          \
    }                                                                                              \
    uint##bits_##_t __tsan_atomic##bits_##_exchange(                                               \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order);                           \
    uint##bits_##_t __tsan_atomic##bits_##_exchange(                                               \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order)                            \
    {                                                                                              \
        return (uint##bits_##_t)change(at, bits_ / 8, put, value, order);                          \
    }                                                                                              \
    uint##bits_##_t __tsan_atomic##bits_##_fetch_add(                                              \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order);                           \
    uint##bits_##_t __tsan_atomic##bits_##_fetch_add(                                              \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order)                            \
    {                                                                                              \
        return (uint##bits_##_t)change(at, bits_ / 8, add, value, order);                          \
    }                                                                                              \
    uint##bits_##_t __tsan_atomic##bits_##_fetch_sub(                                              \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order);                           \
    uint##bits_##_t __tsan_atomic##bits_##_fetch_sub(                                              \
        volatile uint##bits_##_t *at, uint##bits_##_t value, int order)                            \
    {                                                                                              \
        return (uint##bits_##_t)change(at, bits_ / 8, subtract, value, order);                     \
    }                                                                                              \
    uint##bits_##_t __tsan_atomic##bits_##_compare_exchange_val(volatile uint##bits_##_t *at,      \
        uint##bits_##_t expected, uint##bits_##_t value, int order, int order_failed);             \
    uint##bits_##_t __tsan_atomic##bits_##_compare_exchange_val(volatile uint##bits_##_t *at,      \
        uint##bits_##_t expected, uint##bits_##_t value, int order, int order_failed)              \
    {                                                                                              \
        const memory_exchange exchange = {.expected = expected,                                    \
            .value = value,                                                                        \
            .order = weakened_exchange(order),                                                     \
            .order_failed = weakened(order_failed)};                                               \
        return (uint##bits_##_t)compare_exchange(at, bits_ / 8, &exchange);                        \
    }                                                                                              \
    int __tsan_atomic##bits_##_compare_exchange_strong(volatile uint##bits_##_t *at,               \
        uint##bits_##_t *expected, uint##bits_##_t value, int order, int order_failed);            \
    int __tsan_atomic##bits_##_compare_exchange_strong(volatile uint##bits_##_t *at,               \
        uint##bits_##_t *expected, uint##bits_##_t value, int order, int order_failed)             \
    {                                                                                              \
        uint##bits_##_t wanted = *expected;                                                        \
        *expected =                                                                                \
            __tsan_atomic##bits_##_compare_exchange_val(at, wanted, value, order, order_failed);   \
        return *expected == wanted;                                                                \
    }                                                                                              \
    int __tsan_atomic##bits_##_compare_exchange_weak(volatile uint##bits_##_t *at,                 \
        uint##bits_##_t *expected, uint##bits_##_t value, int order, int order_failed);            \
    int __tsan_atomic##bits_##_compare_exchange_weak(volatile uint##bits_##_t *at,                 \
        uint##bits_##_t *expected, uint##bits_##_t value, int order, int order_failed)             \
    {                                                                                              \
        return __tsan_atomic##bits_##_compare_exchange_strong(                                     \
            at, expected, value, order, order_failed);                                             \
    }

HOOKS(8)
HOOKS(32)
HOOKS(64)

/* --- plain accesses ----------------------------------------------------------------------- */

static void plain(const void *at, size_t size, bool is_write)
{
    if (explore_is_running() && size > 0) {
        explore_check(memory_plain(explore_self(), at, size, is_write),
            is_write ? "written while another thread may use it"
                     : "read before it is surely written");
    }
}

#define PLAIN_HOOKS(size_)                                                                         \
    void __tsan_read##size_(void *at);                                                             \
    void __tsan_read##size_(void *at)                                                              \
    {                                                                                              \
        plain(at, size_, false);                                                                   \
    }                                                                                              \
    void __tsan_write##size_(void *at);                                                            \
    void __tsan_write##size_(void *at)                                                             \
    {                                                                                              \
        plain(at, size_, true);                                                                    \
    }                                                                                              \
    void __tsan_unaligned_read##size_(void *at);                                                   \
    void __tsan_unaligned_read##size_(void *at)                                                    \
    {                                                                                              \
        plain(at, size_, false);                                                                   \
    }                                                                                              \
    void __tsan_unaligned_write##size_(void *at);                                                  \
    void __tsan_unaligned_write##size_(void *at)                                                   \
    {                                                                                              \
        plain(at, size_, true);                                                                    \
    }

PLAIN_HOOKS(1)
PLAIN_HOOKS(2)
PLAIN_HOOKS(4)
PLAIN_HOOKS(8)
PLAIN_HOOKS(16)

void __tsan_read_range(void *at, size_t size);
void __tsan_read_range(void *at, size_t size)
{
    plain(at, size, false);
}

void __tsan_write_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size)
{
    plain(at, size, true);
}

/* No code is moved: there is nothing to keep. */
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
/* NOLINTEND(readability-identifier-naming) */
