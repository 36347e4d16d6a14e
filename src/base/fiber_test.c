#define _GNU_SOURCE 1

#include "base/fiber.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/thread.h"

#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

enum {
    STACK_SIZE = 64 * 1024
};

/* A fiber, the one it goes back to, and what its function works on. */
typedef struct partner {
    edai_fiber fiber;
    edai_fiber *back;
    edai_stack *stack;
    uint64_t count;
    uint64_t rounds;
} partner;

static void partner_start(partner *p, edai_fiber *back, void (*fn)(void *arg))
{
    *p = (partner){.back = back, .stack = edai_stack_new(STACK_SIZE)};
    assert_non_null(p->stack);
    assert_int_equal(edai_fiber_init(&p->fiber, p->stack, fn, p), EDA_OK);
}

static void partner_end(partner *p)
{
    edai_fiber_fini(&p->fiber);
    edai_stack_free(p->stack);
}

static void count_rounds(void *arg)
{
    partner *p = arg;
    for (uint64_t i = 0; i < p->rounds; i++) {
        p->count++;
        edai_fiber_switch(&p->fiber, p->back);
    }
    edai_fiber_exit(&p->fiber, p->back);
}

static void fiber_switch_back_and_forth_keeps_both_going(void **state)
{
    (void)state;
    enum {
        ROUNDS = 100000
    };
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p;
    partner_start(&p, &self, count_rounds);
    p.rounds = ROUNDS;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        edai_fiber_switch(&self, &p.fiber);
        assert_int_equal(p.count, i + 1);
    }
    edai_fiber_switch(&self, &p.fiber); /* to its end */
    assert_int_equal(p.count, ROUNDS);
    partner_end(&p);
}

/* Each fiber makes the next one inside itself and waits for its end. */
static void nest(void *arg)
{
    partner *p = arg;
    if (p->rounds > 0) {
        partner inner;
        partner_start(&inner, &p->fiber, nest);
        inner.rounds = p->rounds - 1;
        edai_fiber_switch(&p->fiber, &inner.fiber);
        p->count = inner.count + 1;
        partner_end(&inner);
    }
    edai_fiber_exit(&p->fiber, p->back);
}

static void fiber_made_inside_a_fiber_comes_back_to_it(void **state)
{
    (void)state;
    enum {
        DEPTH = 20
    };
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p;
    partner_start(&p, &self, nest);
    p.rounds = DEPTH;
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(p.count, DEPTH);
    partner_end(&p);
}

static void fiber_switch_among_many_keeps_each_state(void **state)
{
    (void)state;
    enum {
        LEN = 200,
        ROUNDS = 20
    };
    static partner many[LEN];
    edai_fiber self;
    edai_fiber_init_thread(&self);
    for (size_t i = 0; i < LEN; i++) {
        partner_start(&many[i], &self, count_rounds);
        many[i].rounds = i % ROUNDS;
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LEN; i++) {
            if (round <= many[i].rounds) {
                edai_fiber_switch(&self, &many[i].fiber);
            }
        }
    }
    for (size_t i = 0; i < LEN; i++) {
        assert_int_equal(many[i].count, i % ROUNDS);
        partner_end(&many[i]);
    }
}

/* Fibers that hand on to each other without the thread in between. */
static void hand_on(void *arg)
{
    partner *p = arg;
    for (;;) {
        p->count++;
        edai_fiber_switch(&p->fiber, p->back);
    }
}

static void fiber_switch_between_fibers_needs_no_thread_between(void **state)
{
    (void)state;
    enum {
        LEN = 3,
        ROUNDS = 1000
    };
    partner ring[LEN];
    edai_fiber self;
    edai_fiber_init_thread(&self);
    for (size_t i = 0; i < LEN; i++) {
        partner_start(&ring[i], NULL, hand_on);
        ring[i].back = i + 1 < LEN ? &ring[i + 1].fiber : &self;
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        edai_fiber_switch(&self, &ring[0].fiber);
    }
    for (size_t i = 0; i < LEN; i++) {
        assert_int_equal(ring[i].count, ROUNDS);
        partner_end(&ring[i]); /* still suspended: it simply never runs again */
    }
}

/* Writes through a deep part of the stack, so that a fiber on the same stack later finds old frames
 * under its own. */
static uint64_t dig(unsigned depth, partner *p)
{
    volatile unsigned char frame[512];
    for (size_t i = 0; i < sizeof frame; i++) {
        frame[i] = (unsigned char)depth;
    }
    if (depth == 0) {
        edai_fiber_switch(&p->fiber, p->back);
    }
    uint64_t sum = depth == 0 ? 0 : dig(depth - 1, p);
    for (size_t i = 0; i < sizeof frame; i++) {
        sum += frame[i];
    }
    return sum;
}

static void dig_and_end(void *arg)
{
    partner *p = arg;
    p->count = dig((unsigned)p->rounds, p);
    edai_fiber_exit(&p->fiber, p->back);
}

static void fiber_suspended_deep_in_its_stack_finds_it_unchanged(void **state)
{
    (void)state;
    enum {
        DEPTH = 70
    };
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p;
    partner_start(&p, &self, dig_and_end);
    p.rounds = DEPTH;
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(p.count, 0);
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(p.count, 512 * DEPTH * (DEPTH + 1) / 2);
    partner_end(&p);
}

static void fiber_stack_used_by_many_in_turn_is_clean(void **state)
{
    (void)state;
    enum {
        USES = 300,
        DEPTH = 60
    };
    edai_fiber self;
    edai_fiber_init_thread(&self);
    edai_stack *stack = edai_stack_new(STACK_SIZE);
    assert_non_null(stack);
    for (uint64_t i = 0; i < USES; i++) {
        partner p = {.back = &self, .stack = stack, .rounds = i % DEPTH};
        /* By turns one that ends deep, one that ends high, and one that is given up while
         * suspended. */
        bool is_deep = i % 2 == 0;
        assert_int_equal(
            edai_fiber_init(&p.fiber, stack, is_deep ? dig_and_end : count_rounds, &p), EDA_OK);
        edai_fiber_switch(&self, &p.fiber);
        if (is_deep && i % 3 != 0) {
            edai_fiber_switch(&self, &p.fiber);
            assert_int_equal(p.count, 256 * p.rounds * (p.rounds + 1));
        }
        edai_fiber_fini(&p.fiber);
    }
    edai_stack_free(stack);
}

#if defined(__x86_64__)
static unsigned x87_control(void)
{
    unsigned short word = 0;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return word;
}
#else
static unsigned x87_control(void)
{
    return 0;
}
#endif

static void round_down(void *arg)
{
    partner *p = arg;
    p->count = (uint64_t)fegetround(); /* of the thread that made it */
    EDA_ASSERT(fesetround(FE_DOWNWARD) == 0, "the rounding of this fiber changes");
    unsigned control = x87_control();
    edai_fiber_switch(&p->fiber, p->back);
    EDA_ASSERT(fegetround() == FE_DOWNWARD, "the rounding of a fiber outlives a switch");
    EDA_ASSERT(x87_control() == control, "the x87 control word of a fiber outlives a switch");
    edai_fiber_exit(&p->fiber, p->back);
}

static void fiber_rounding_mode_is_its_own(void **state)
{
    (void)state;
    edai_fiber self;
    edai_fiber_init_thread(&self);
    int before = fegetround();
    assert_int_equal(fesetround(FE_UPWARD), 0);
    unsigned control = x87_control();
    partner p;
    partner_start(&p, &self, round_down);
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(p.count, FE_UPWARD);
    assert_int_equal(fegetround(), FE_UPWARD);
    assert_int_equal(x87_control(), control);
    assert_int_equal(fesetround(FE_TOWARDZERO), 0);
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(fegetround(), FE_TOWARDZERO);
    assert_int_equal(fesetround(before), 0);
    partner_end(&p);
}

/* Runs as a call of the thread's own stack. */
static void count_call(void *arg)
{
    partner *p = arg;
    p->count++;
    if (p->rounds > 0) { /* it will not return */
        edai_fiber_switch(&p->fiber, p->back);
        p->count++;
        edai_fiber_exit(&p->fiber, p->back);
    }
    (void)fesetround(FE_DOWNWARD);
    assert_int_equal((uintptr_t)__builtin_frame_address(0) % 16, 0);
}

static void fiber_run_returns_when_its_function_does(void **state)
{
    (void)state;
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p = {.back = &self, .stack = edai_stack_new(STACK_SIZE)};
    assert_non_null(p.stack);
    int before = fegetround();
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(edai_fiber_run(&self, &p.fiber, p.stack, count_call, &p));
        edai_fiber_called(&p.fiber);
        assert_int_equal(p.count, i + 1);
        assert_int_equal(fegetround(), before);
    }
    edai_stack_free(p.stack);
}

static void fiber_run_goes_on_when_somebody_switches_back(void **state)
{
    (void)state;
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p = {.back = &self, .stack = edai_stack_new(STACK_SIZE), .rounds = 1};
    assert_non_null(p.stack);
    assert_true(edai_fiber_run(&self, &p.fiber, p.stack, count_call, &p));
    assert_int_equal(p.count, 1);
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(p.count, 2);
    partner_end(&p);
}

/* More values than there are registers, alive across a switch: those the convention keeps must come
 * back. */
static double mix(partner *p, double start)
{
    double a = start, b = start + 1, c = start + 2, d = start + 3, e = start + 4, f = start + 5;
    double g = start + 6, h = start + 7, i = start + 8, j = start + 9;
    uint64_t k = p->rounds, l = k + 1, m = k + 2, n = k + 3, o = k + 4, q = k + 5;
    for (unsigned round = 0; round < 100; round++) {
        a += b, b += c, c += d, d += e, e += f, f += g, g += h, h += i, i += j, j = a / 1024.0;
        k += l, l ^= m, m += n, n ^= o, o += q, q = k * 31;
        edai_fiber_switch(&p->fiber, p->back);
    }
    return a + b + c + d + e + f + g + h + i + j + (double)((k ^ l ^ m ^ n ^ o ^ q) % 1000);
}

static void mix_and_end(void *arg)
{
    partner *p = arg;
    p->count = mix(p, 1.0) == mix(p, 1.0);
    edai_fiber_exit(&p->fiber, p->back);
}

static void fiber_registers_are_kept_across_switches(void **state)
{
    (void)state;
    enum {
        LEN = 4
    };
    partner some[LEN];
    edai_fiber self;
    edai_fiber_init_thread(&self);
    for (size_t i = 0; i < LEN; i++) {
        partner_start(&some[i], &self, mix_and_end);
        some[i].rounds = i;
    }
    for (size_t round = 0; round < 201; round++) {
        for (size_t i = 0; i < LEN; i++) {
            edai_fiber_switch(&self, &some[i].fiber);
        }
    }
    for (size_t i = 0; i < LEN; i++) {
        assert_int_equal(some[i].count, 1);
        partner_end(&some[i]);
    }
}

static void print_number(void *arg)
{
    partner *p = arg;
    char text[64];
    /* The C library uses aligned vector instructions: a misaligned stack would crash here. */
    p->count = (uint64_t)snprintf(text, sizeof text, "%.6f %s", (double)p->rounds, "and a text");
    edai_fiber_exit(&p->fiber, p->back);
}

static void fiber_stack_is_aligned_for_the_library(void **state)
{
    (void)state;
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p;
    partner_start(&p, &self, print_number);
    p.rounds = 42;
    edai_fiber_switch(&self, &p.fiber);
    assert_int_equal(p.count, strlen("42.000000 and a text"));
    partner_end(&p);
}

static void *switch_on_thread(void *arg)
{
    edai_stack *stack = arg;
    edai_fiber self;
    edai_fiber_init_thread(&self);
    partner p = {.back = &self, .stack = stack, .rounds = 1000};
    EDA_ASSERT(edai_fiber_init(&p.fiber, stack, count_rounds, &p) == EDA_OK, "a fiber starts");
    for (size_t i = 0; i <= p.rounds; i++) {
        edai_fiber_switch(&self, &p.fiber);
    }
    EDA_ASSERT(p.count == p.rounds, "a fiber on another thread runs all its rounds");
    edai_fiber_fini(&p.fiber);
    return NULL;
}

static void fiber_stack_moves_between_threads(void **state)
{
    (void)state;
    edai_stack *stack = edai_stack_new(STACK_SIZE);
    assert_non_null(stack);
    edai_stack *other = edai_stack_new(STACK_SIZE);
    assert_non_null(other);
    edai_thread thread;
    assert_int_equal(edai_thread_start(&thread, switch_on_thread, stack, "fibers"), EDA_OK);
    (void)switch_on_thread(other);
    (void)edai_thread_join(&thread);
    (void)switch_on_thread(stack);
    edai_stack_free(stack);
    edai_stack_free(other);
}

static void stack_new_without_memory_returns_null(void **state)
{
    (void)state;
    uint64_t nth = 1;
    for (;; nth++) {
        edai_alloc_fail_at(nth);
        edai_stack *stack = edai_stack_new(STACK_SIZE);
        edai_alloc_fail_at(0);
        if (stack != NULL) {
            edai_stack_free(stack);
            break;
        }
    }
    assert_int_equal(nth, 3);
    edai_stack_free(NULL);
}

static void stack_new_rounds_up_to_pages(void **state)
{
    (void)state;
    edai_stack *stack = edai_stack_new(STACK_SIZE + 1);
    assert_non_null(stack);
    assert_true(stack->size > STACK_SIZE);
    assert_int_equal(stack->size % (size_t)sysconf(_SC_PAGESIZE), 0);
    assert_int_equal((uintptr_t)stack->base % (size_t)sysconf(_SC_PAGESIZE), 0);
    memset(stack->base, 1, stack->size);
    edai_stack_free(stack);
}

static bool is_valgrind(void)
{
#if defined(RUNNING_ON_VALGRIND)
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

static void stack_guard_page_stops_an_overflow(void **state)
{
    (void)state;
    if (is_valgrind()) {
        skip(); /* it would report the very access that is meant */
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Without the sanitizers' handlers, whose report is not what is tested. */
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        edai_stack *stack = edai_stack_new(STACK_SIZE);
        volatile char *below = (volatile char *)stack->base - 1;
        *below = 1;
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fiber_switch_back_and_forth_keeps_both_going),
        cmocka_unit_test(fiber_made_inside_a_fiber_comes_back_to_it),
        cmocka_unit_test(fiber_switch_among_many_keeps_each_state),
        cmocka_unit_test(fiber_switch_between_fibers_needs_no_thread_between),
        cmocka_unit_test(fiber_suspended_deep_in_its_stack_finds_it_unchanged),
        cmocka_unit_test(fiber_stack_used_by_many_in_turn_is_clean),
        cmocka_unit_test(fiber_rounding_mode_is_its_own),
        cmocka_unit_test(fiber_run_returns_when_its_function_does),
        cmocka_unit_test(fiber_run_goes_on_when_somebody_switches_back),
        cmocka_unit_test(fiber_registers_are_kept_across_switches),
        cmocka_unit_test(fiber_stack_is_aligned_for_the_library),
        cmocka_unit_test(fiber_stack_moves_between_threads),
        cmocka_unit_test(stack_new_without_memory_returns_null),
        cmocka_unit_test(stack_new_rounds_up_to_pages),
        cmocka_unit_test(stack_guard_page_stops_an_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
