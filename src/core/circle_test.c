/* circle_test.c - every graph of four nodes against a plain model, and long paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/circle.h"

#define NODES 4u
#define LONG 50000u

static void assert_is_circle(edai_edge *const *circle, size_t len)
{
    size_t i;

    assert_true(len > 0);
    for (i = 0; i < len; i++) {
        assert_int_equal(circle[i]->to, circle[(i + 1) % len]->from);
    }
}

/* Some node reaches itself: the transitive closure has a diagonal element. */
static bool has_circle(uint32_t graph)
{
    uint32_t through;
    uint32_t from;
    uint32_t to;

    for (through = 0; through < NODES; through++) {
        for (from = 0; from < NODES; from++) {
            for (to = 0; to < NODES; to++) {
                if ((graph >> (from * NODES + through) & 1) != 0 &&
                    (graph >> (through * NODES + to) & 1) != 0) {
                    graph |= 1u << (from * NODES + to);
                }
            }
        }
    }
    return (graph & 0x8421u) != 0;
}

static void circle_of_every_small_graph_agrees_with_model(void **state)
{
    uint32_t graph;

    (void)state;
    for (graph = 0; graph < 1u << (NODES * NODES); graph++) {
        edai_edge all[NODES * NODES];
        edai_edge *edges[NODES * NODES];
        edai_edge *circle[NODES * NODES];
        size_t len = 0;
        size_t found = 0;
        uint32_t bit;

        for (bit = 0; bit < NODES * NODES; bit++) {
            if ((graph >> bit & 1) != 0) {
                all[len] = (edai_edge){.from = bit / NODES, .to = bit % NODES};
                edges[len] = &all[len];
                len++;
            }
        }
        assert_int_equal(edai_circle_find(edges, len, circle, &found), has_circle(graph));
        if (found > 0) {
            assert_is_circle(circle, found);
        }
    }
}

static void circle_of_long_path_is_found_once_closed(void **state)
{
    static edai_edge all[LONG];
    static edai_edge *edges[LONG];
    static edai_edge *circle[LONG];
    size_t found = 0;
    uint32_t i;

    (void)state;
    for (i = 0; i < LONG; i++) {
        all[i] = (edai_edge){.from = i, .to = i + 1};
        edges[i] = &all[i];
    }
    assert_false(edai_circle_find(edges, LONG, circle, &found));
    all[LONG - 1].to = LONG / 2;
    assert_true(edai_circle_find(edges, LONG, circle, &found));
    assert_int_equal(found, LONG - LONG / 2);
    assert_is_circle(circle, found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circle_of_every_small_graph_agrees_with_model),
        cmocka_unit_test(circle_of_long_path_is_found_once_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
