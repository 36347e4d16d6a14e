/* arrival_test.c - what comes from another node finds its receiver once, and nothing is put to one
 * that was only looked for. */
#include "core/arrival.h"

#include "base/memory.h"
#include "core/activation.h"
#include "core/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nodes.h"

#define ROOM 2u
#define LARGE 9000u /* no slab has such blocks: its copy is allocated */

EDA_MESSAGE(note_sent, "note/{id}/sent", .overflow = EDA_WAIT, (uint64_t, id), (eda_str, text));

static uint32_t handled[4]; /* by id */

typedef struct board {
    uint32_t count;
} board;

static void board_on_note(board *self, const note_sent *note)
{
    self->count++;
    handled[note->id]++;
}

EDA_ACTOR(board, eda_none, key(id), options(.mailbox_len_max = ROOM), on(note_sent, board_on_note));

static eda_system *start(const char *network)
{
    eda_system *sys = nodes_make_pumped("here", network);

    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        handled[i] = 0;
    }
    MUST(sys, eda_add(sys, EDA_WITH(board)));
    MUST(sys, eda_system_start(sys));
    return sys;
}

static edai_worker *gateway_of(eda_system *sys)
{
    return &sys->workers[sys->gateway];
}

static eda_status arrive(eda_system *sys, uint64_t id, eda_str text, uint32_t *ret_count)
{
    const edai_arrival arrival = {.publisher = EDAI_PUBLISHER_CLIENT, .may_pass_on = true};
    const note_sent note = {.id = id, .text = text};
    edai_delivered delivered;
    eda_status status = edai_arrival_deliver(
        gateway_of(sys), edai_contract_msg(sys, &eda_type_note_sent), &note, &arrival, &delivered);

    *ret_count = delivered.count;
    return status;
}

static void must_arrive(eda_system *sys, uint64_t id)
{
    uint32_t count = 0;

    assert_int_equal(arrive(sys, id, EDA_STR("hello"), &count), EDA_OK);
    assert_int_equal(count, 1);
}

static void run(eda_system *sys)
{
    while (eda_system_step(sys, 0, NULL) > 0) {
    }
}

/* Lives, so that it can be found. */
static eda_system *start_with_boards(const char *network, uint64_t count)
{
    eda_system *sys = start(network);

    edai_arrival_begin(gateway_of(sys));
    for (uint64_t id = 0; id < count; id++) {
        must_arrive(sys, id);
    }
    run(sys);
    edai_arrival_begin(gateway_of(sys));
    return sys;
}

static void arrival_notes_whom_it_found(void **state)
{
    eda_system *sys = start_with_boards("{\"network\": \"found\"}", 2);
    const edai_put *put = &gateway_of(sys)->put;

    (void)state;
    must_arrive(sys, 0);
    assert_non_null(put->route);
    assert_int_equal(put->identity, 0);
    must_arrive(sys, 1);
    assert_int_equal(put->identity, 1);
    assert_int_equal(put->activation->len, 1);
    must_arrive(sys, 1);
    assert_int_equal(put->activation->len, 2);
    run(sys);
    assert_int_equal(handled[0], 2);
    assert_int_equal(handled[1], 3);
    nodes_check_accounts(sys);
    eda_system_free(sys);
}

static void arrival_without_memory_notes_nobody(void **state)
{
    static char large[LARGE];
    eda_system *sys = start_with_boards("{\"network\": \"memory\"}", 1);
    uint32_t count = 1;

    (void)state;
    memset(large, 'x', sizeof(large));
    must_arrive(sys, 0);
    edai_alloc_fail_at(1);
    assert_int_equal(
        arrive(sys, 0, (eda_str){.ptr = large, .len = sizeof(large)}, &count), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(count, 0);
    assert_null(gateway_of(sys)->put.route);
    must_arrive(sys, 0);
    run(sys);
    assert_int_equal(handled[0], 3);
    nodes_check_accounts(sys);
    eda_system_free(sys);
}

static void arrival_that_finds_no_room_waits_and_notes_nobody(void **state)
{
    eda_system *sys = start_with_boards("{\"network\": \"room\"}", 1);
    uint32_t i;

    (void)state;
    for (i = 0; i < ROOM; i++) {
        must_arrive(sys, 0);
    }
    must_arrive(sys, 0);
    assert_null(gateway_of(sys)->put.route);
    run(sys);
    assert_int_equal(handled[0], 1 + ROOM + 1);
    nodes_check_accounts(sys);
    eda_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrival_notes_whom_it_found),
        cmocka_unit_test(arrival_without_memory_notes_nobody),
        cmocka_unit_test(arrival_that_finds_no_room_waits_and_notes_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
