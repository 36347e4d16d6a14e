/* slab_model_test.c - the way home of a slab's blocks, in every order of a few small threads: each
 * block comes back once, and what was written into it elsewhere is over before its owner uses it
 * again. */
#include "explore.h"

#include <edacious/status.h>

#include "base/memory.h"

static void *arena_alloc(size_t align, size_t size);
#define edai_alloc_aligned arena_alloc
#include "core/slab.c" /* NOLINT(bugprone-suspicious-include): the production code, compiled for the explorer */
#undef edai_alloc_aligned

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS_MAX 6u
#define BLOCK_CLASS 0

/* How many blocks each chain of each user brings home; 0 ends. */
typedef struct shape {
    const char *name;
    unsigned user_count;
    unsigned chains[3][3];
} shape;

static const shape *shaped;
static edai_slab slab;
static void *blocks[BLOCKS_MAX];
static uint64_t is_home[BLOCKS_MAX];
static unsigned total;
static _Alignas(64) unsigned char arena[CHUNK_SIZE];
static bool is_arena_used;

static void *arena_alloc(size_t align, size_t size)
{
    (void)align;
    if (is_arena_used || size > sizeof(arena)) {
        return NULL;
    }
    is_arena_used = true;
    return arena;
}

/* The slab's owner has handed out every block it had. */
static void reset(void)
{
    unsigned user;
    unsigned i;

    is_arena_used = false;
    memset(is_home, 0, sizeof(is_home));
    edai_slab_init(&slab);
    total = 0;
    for (user = 0; user < shaped->user_count; user++) {
        const unsigned *chain_len = shaped->chains[user];

        for (; *chain_len != 0; chain_len++) {
            total += *chain_len;
        }
    }
    for (i = 0; i < total; i++) {
        blocks[i] = edai_slab_alloc(&slab, BLOCK_CLASS);
    }
    slab.fresh_count[BLOCK_CLASS] = 0;
}

static unsigned first_of(unsigned user)
{
    unsigned first = 0;
    unsigned i;

    for (i = 0; i < user; i++) {
        const unsigned *chain_len = shaped->chains[i];

        for (; *chain_len != 0; chain_len++) {
            first += *chain_len;
        }
    }
    return first;
}

static void use_and_return(unsigned user)
{
    const unsigned *chain_len = shaped->chains[user];
    unsigned at = first_of(user);

    for (; *chain_len != 0; chain_len++) {
        edai_free_block *first = NULL;
        edai_free_block *last = NULL;
        unsigned i;

        explore_forget(at);
        for (i = 0; i < *chain_len; i++) {
            edai_free_block *block;

            memset(blocks[at], 0x55, 8);
            ((uint64_t *)blocks[at])[4] = at; /* its last use here */
            block = edai_slab_block(blocks[at++], BLOCK_CLASS);
            block->next = first;
            first = block;
            last = last == NULL ? block : last;
        }
        edai_slab_return(&slab, first, last);
    }
}

static unsigned index_of(const void *block)
{
    unsigned i;

    for (i = 0; i < total && blocks[i] != block; i++) {
    }
    return i;
}

/* Takes what is there, as often as there are blocks: some come later, in finish. */
static void take_some(void)
{
    unsigned tried;
    uint64_t got = 0;

    for (tried = 0; tried <= total; tried++) {
        uint64_t *block;
        unsigned i;

        explore_forget((uint64_t)tried * 16 + got);
        block = edai_slab_alloc(&slab, BLOCK_CLASS);
        if (block == NULL) {
            continue;
        }
        i = index_of(block);
        explore_check(i < total, "a block is one of its slab");
        explore_check(is_home[i]++ == 0, "a block comes home once");
        block[4] = 77; /* the owner uses it */
        got++;
    }
}

static void run(unsigned thread)
{
    if (thread == 0) {
        take_some();
    } else {
        use_and_return(thread - 1);
    }
}

static void finish(void)
{
    unsigned left;
    unsigned i;

    for (left = 0; left < total; left++) {
        const void *block = edai_slab_alloc(&slab, BLOCK_CLASS);

        if (block == NULL) {
            break;
        }
        i = index_of(block);
        explore_check(i < total && is_home[i]++ == 0, "a block comes home once");
    }
    for (i = 0; i < total; i++) {
        explore_check(is_home[i] == 1, "every block comes home");
    }
}

static explore_result explore_shape(const shape *given, bool is_weak, explore_fault fault)
{
    static const explore_region regions[] = {
        {&slab, sizeof(slab)}, {arena, 1024}, {is_home, sizeof(is_home)}, {NULL, 0}};
    explore_model model = {.thread_count = given->user_count + 1,
        .reset = reset,
        .run = run,
        .finish = finish,
        .fault = fault,
        .regions = is_weak ? NULL : regions};
    explore_result result;

    shaped = given;
    result = explore(&model);
    explore_print(is_weak ? "weak memory" : "strong memory", given->name, &result);
    return result;
}

static void explore_all(const shape *shapes, bool is_weak)
{
    for (; shapes->name != NULL; shapes++) {
        explore_result result = explore_shape(shapes, is_weak, EXPLORE_SOUND);

        assert_null(result.failure);
        assert_true(result.schedule_count > 0);
    }
}

static void slab_in_every_schedule_gets_each_block_back_once(void **state)
{
    static const shape shapes[] = {
        {"2 users, chains of 1 and 2, of 2", 2, {{1, 2}, {2}}},
        {"3 users, chains of 1, 2 and 1", 3, {{1}, {2}, {1}}},
        {NULL, 0, {{0}}},
    };

    (void)state;
    explore_all(shapes, false);
}

static void slab_with_stale_loads_gets_each_block_back_once(void **state)
{
    static const shape shapes[] = {
        {"1 user, chains of 1 and 2", 1, {{1, 2}}},
        {"2 users, chains of 1 and 1", 2, {{1}, {1}}},
        {NULL, 0, {{0}}},
    };

    (void)state;
    explore_all(shapes, true);
}

static const shape two = {"2 users, a chain of 1 each", 2, {{1}, {1}}};

static void slab_with_relaxed_release_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, true, EXPLORE_RELAXED_RELEASE).failure);
}

static void slab_with_relaxed_acquire_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, true, EXPLORE_RELAXED_ACQUIRE).failure);
}

static void slab_taken_by_plain_store_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, false, EXPLORE_SPLIT_EXCHANGE).failure);
}

static void slab_returned_by_plain_store_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, false, EXPLORE_BLIND_PUSH).failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slab_in_every_schedule_gets_each_block_back_once),
        cmocka_unit_test(slab_with_stale_loads_gets_each_block_back_once),
        cmocka_unit_test(slab_with_relaxed_release_is_found_out),
        cmocka_unit_test(slab_with_relaxed_acquire_is_found_out),
        cmocka_unit_test(slab_taken_by_plain_store_is_found_out),
        cmocka_unit_test(slab_returned_by_plain_store_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
