/* assert.h - assertions that stay in release builds.
 *
 * For caller mistakes and broken invariants only: what input or the machine can cause is an
 * eda_status. Threads: any. Memory: none. */
#ifndef EDAI_ASSERT_H
#define EDAI_ASSERT_H

#if defined(__GNUC__)
#define EDAI_LIKELY(condition_) __builtin_expect(!!(condition_), 1)
#define EDAI_UNLIKELY(condition_) __builtin_expect(!!(condition_), 0)
/* For what only asks for memory ahead: gcc takes such a function for one without effect and drops
 * the calls it does not inline. */
#define EDAI_ALWAYS_INLINE __attribute__((always_inline)) static inline
#define EDAI_NOINLINE __attribute__((noinline))
#define EDAI_COLD __attribute__((cold, noinline))
#else
#define EDAI_LIKELY(condition_) (!!(condition_))
#define EDAI_UNLIKELY(condition_) (!!(condition_))
#define EDAI_ALWAYS_INLINE static inline
#define EDAI_NOINLINE
#define EDAI_COLD
#endif

/* Prints "file:line: condition: why" to standard error and aborts. Borrows its strings. */
EDAI_COLD _Noreturn void edai_assert_fail(
    const char *file, int line, const char *condition, const char *why);

/* Aborts unless the condition holds. The reason says what the condition protects, not what it
 * tests. Plain C: if (!condition) edai_assert_fail(__FILE__, __LINE__, "condition", why); */
#define EDA_ASSERT(condition_, why_)                                                               \
    (EDAI_LIKELY(condition_) ? (void)0 : edai_assert_fail(__FILE__, __LINE__, #condition_, (why_)))

#endif
