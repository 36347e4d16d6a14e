/* place_test.c - what must hold of the placement, whatever the nodes are: tried on many seeds. */
#include "view/view_oracle.h"

#include "base/hash.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 60
#define NODES_MAX 20u
#define TYPES_MAX 16u
#define ID_SIZE 40

static const char *const types[TYPES_MAX] = {"door", "lamp", "camera", "reader", "gate", "floor",
    "lift", "alarm", "meter", "valve", "pump", "fan", "badge", "visitor", "shift", "audit"};

/* A node as everybody hears of it. */
typedef struct node {
    char id[ID_SIZE];
    uint32_t hosts; /* bit: types */
    bool is_leaving;
    uint8_t held[TYPES_MAX][EDAI_PARTITIONS / 8];
} node;

typedef struct cluster {
    edai_random random;
    uint32_t count;
    node nodes[NODES_MAX];
} cluster;

static void make_node(cluster *self, uint32_t i)
{
    node *one = &self->nodes[i];

    *one = (node){.hosts = (uint32_t)edai_random_next(&self->random) | 1};
    (void)snprintf(one->id, sizeof one->id, "n%u/%016llx", i,
        (unsigned long long)edai_random_next(&self->random));
}

static void make_cluster(cluster *self, uint64_t seed, uint32_t count)
{
    *self = (cluster){.count = count};
    edai_random_seed(&self->random, seed);
    for (uint32_t i = 0; i < count; i++) {
        make_node(self, i);
    }
}

/* Some partitions, which others may hold as well. */
static void hold_some(cluster *self, uint32_t i, unsigned one_in)
{
    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            if (edai_random_below(&self->random, one_in) == 0) {
                self->nodes[i].held[t][p / 8] |= (uint8_t)(1U << p % 8);
            }
        }
    }
}

static void tell_hello(edai_view *view, const node *one)
{
    edai_wire_held held[TYPES_MAX];
    const char *slash = strchr(one->id, '/');

    assert_non_null(slash);
    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        held[t].actor = eda_str_from(types[t]);
        memcpy(held[t].bits, one->held[t], sizeof held[t].bits);
    }
    edai_hello hello = {.node = {one->id, (size_t)(slash - one->id)},
        .inc = eda_str_from(slash + 1),
        .is_leaving = one->is_leaving,
        .held = held,
        .held_count = TYPES_MAX};
    assert_int_equal(edai_view_pong(view, &hello, 0), EDA_OK);
}

static void tell_catalogue(edai_view *view, const node *one)
{
    eda_str actors[TYPES_MAX];
    uint32_t count = 0;

    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        if ((one->hosts >> t & 1) != 0) {
            actors[count++] = eda_str_from(types[t]);
        }
    }
    assert_int_equal(edai_view_catalogued(view, eda_str_from(one->id), 0, actors, count), EDA_OK);
}

static void tell_node(edai_view *view, const node *one)
{
    tell_hello(view, one);
    tell_catalogue(view, one);
}

static void tell_self(edai_view *view, const node *one)
{
    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        if ((one->hosts >> t & 1) != 0) {
            assert_int_equal(edai_view_host(view, eda_str_from(types[t])), EDA_OK);
        }
        edai_place *place = edai_view_place(view, eda_str_from(types[t]));
        assert_non_null(place);
        edai_view_hold(view, place, one->held[t]);
    }
    edai_view_ready(view);
    if (one->is_leaving) {
        edai_view_leave(view);
    }
}

/* Dies again, and must leave no trace. */
static void tell_passer_by(edai_view *view, cluster *self)
{
    node passer = {.id = "passer/0000000000000001", .hosts = UINT32_MAX};

    memset(passer.held, (int)edai_random_below(&self->random, 256), sizeof passer.held);
    tell_node(view, &passer);
    assert_int_equal(edai_view_token(view, eda_str_from(passer.id), true, 0), EDA_OK);
    assert_int_equal(edai_view_token(view, eda_str_from(passer.id), false, 0), EDA_OK);
    edai_view_unserved(view, eda_str_from(passer.id), 0);
    edai_view_unserved(view, eda_str_from(passer.id), 0);
    assert_null(edai_view_find(view, eda_str_from(passer.id)));
}

/* The view of node `me`, which hears of the others in an order of its own. */
static edai_view *view_of(cluster *self, uint32_t me)
{
    static const edai_view_events events = {0};
    uint32_t order[NODES_MAX] = {0};
    edai_view *view;

    assert_int_equal(edai_view_new(eda_str_from(self->nodes[me].id), &events, &view), EDA_OK);
    for (uint32_t i = 0; i < self->count; i++) {
        uint32_t j = (uint32_t)edai_random_below(&self->random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    uint64_t passes = edai_random_below(&self->random, self->count);
    for (uint32_t i = 0; i < self->count; i++) {
        if (i == passes) {
            tell_passer_by(view, self);
        }
        if (order[i] == me) {
            tell_self(view, &self->nodes[me]);
        } else {
            tell_node(view, &self->nodes[order[i]]);
        }
    }
    return view;
}

static const char *owner_in(edai_view *view, const char *actor, uint32_t partition)
{
    edai_place *place = edai_view_place(view, eda_str_from(actor));

    assert_non_null(place);
    const edai_member *member = edai_view_at(view, edai_place_owner(place, partition));
    return member == NULL ? NULL : member->id;
}

static const char *owner_by_oracle(const cluster *self, uint32_t type, uint32_t partition)
{
    oracle_node nodes[NODES_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < self->count; i++) {
        if ((self->nodes[i].hosts >> type & 1) != 0) {
            nodes[count++] = (oracle_node){.id = self->nodes[i].id,
                .is_leaving = self->nodes[i].is_leaving,
                .held = self->nodes[i].held[type]};
        }
    }
    return oracle_owner(types[type], partition, nodes, count);
}

static void assert_same(const char *owner, const char *expected)
{
    if (owner == NULL || expected == NULL) {
        assert_ptr_equal(owner, expected);
    } else {
        assert_string_equal(owner, expected);
    }
}

static void assert_as_oracle(const cluster *self, edai_view *view)
{
    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            assert_same(owner_in(view, types[t], p), owner_by_oracle(self, t, p));
        }
    }
}

static void place_agrees_in_all_views_that_heard_the_same(void **state)
{
    (void)state;
    static cluster self;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_cluster(&self, seed, 2 + (uint32_t)(seed % 7));
        for (uint32_t i = 0; i < self.count; i++) {
            hold_some(&self, i, 2 + (unsigned)(seed % 3) * 8);
            self.nodes[i].is_leaving = edai_random_below(&self.random, 4) == 0;
        }
        for (uint32_t me = 0; me < self.count; me++) {
            edai_view *view = view_of(&self, me);
            assert_as_oracle(&self, view);
            edai_view_free(view);
        }
    }
}

/* Owners of all partitions, by name. */
typedef char owners[TYPES_MAX][EDAI_PARTITIONS][ID_SIZE];

static void note(edai_view *view, owners noted)
{
    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            const char *owner = owner_in(view, types[t], p);
            (void)snprintf(noted[t][p], ID_SIZE, "%s", owner != NULL ? owner : "");
        }
    }
}

/* Every partition that has another owner went to or from that node; returns how many did. */
static uint32_t assert_moves_concern(edai_view *view, owners before, const char *id)
{
    uint32_t moved = 0;

    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            const char *owner = owner_in(view, types[t], p);
            owner = owner != NULL ? owner : "";
            if (strcmp(owner, before[t][p]) != 0) {
                assert_true(strcmp(owner, id) == 0 || strcmp(before[t][p], id) == 0);
                moved++;
            }
        }
    }
    return moved;
}

static bool is_held(const node *one, uint32_t type, uint32_t partition)
{
    return (one->hosts >> type & 1) != 0 &&
           (one->held[type][partition / 8] >> partition % 8 & 1) != 0;
}

static void place_on_join_moves_what_the_newcomer_wins_and_nothing_held(void **state)
{
    (void)state;
    static cluster self;
    static owners before;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_cluster(&self, seed, 2 + (uint32_t)(seed % 7));
        hold_some(&self, 0, 2);
        edai_view *view = view_of(&self, 0);
        note(view, before);
        make_node(&self, self.count++);
        const node *newcomer = &self.nodes[self.count - 1];
        tell_node(view, newcomer);
        assert_true(assert_moves_concern(view, before, newcomer->id) > 0);
        assert_as_oracle(&self, view);
        for (uint32_t t = 0; t < TYPES_MAX; t++) {
            for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
                if (is_held(&self.nodes[0], t, p)) {
                    assert_string_equal(owner_in(view, types[t], p), self.nodes[0].id);
                }
            }
        }
        edai_view_free(view);
    }
}

static void place_on_death_moves_what_the_dead_one_owned(void **state)
{
    (void)state;
    static cluster self;
    static owners before;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_cluster(&self, seed, 3 + (uint32_t)(seed % 7));
        hold_some(&self, 1, 3);
        hold_some(&self, 2, 3);
        edai_view *view = view_of(&self, 0);
        note(view, before);
        node *dead = &self.nodes[self.count - 1];
        eda_str id = eda_str_from(dead->id);
        assert_int_equal(edai_view_token(view, id, true, 0), EDA_OK);
        assert_int_equal(edai_view_token(view, id, false, 0), EDA_OK);
        assert_int_equal(assert_moves_concern(view, before, ""), 0); /* suspected: still usable */
        edai_view_unserved(view, id, 0);
        edai_view_unserved(view, id, 0);
        assert_true(assert_moves_concern(view, before, dead->id) > 0);
        self.count--;
        assert_as_oracle(&self, view);
        edai_view_free(view);
    }
}

static void place_held_by_two_goes_to_the_heavier(void **state)
{
    (void)state;
    static cluster self;
    uint32_t won[2] = {0};

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_cluster(&self, seed, 4);
        for (uint32_t i = 0; i < self.count; i++) {
            self.nodes[i].hosts = UINT32_MAX;
        }
        memset(self.nodes[1].held, 0xff, sizeof self.nodes[1].held);
        memset(self.nodes[2].held, 0xff, sizeof self.nodes[2].held);
        edai_view *view = view_of(&self, 0);
        assert_as_oracle(&self, view);
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            bool is_second = strcmp(owner_in(view, types[0], p), self.nodes[2].id) == 0;
            assert_true(is_second || strcmp(owner_in(view, types[0], p), self.nodes[1].id) == 0);
            won[is_second]++;
        }
        edai_view_free(view);
    }
    assert_true(won[0] > won[1] / 2 && won[1] > won[0] / 2);
}

static void place_of_a_leaving_node_stays_while_it_is_held(void **state)
{
    (void)state;
    static cluster self;

    make_cluster(&self, 1, 2);
    self.nodes[0].hosts = self.nodes[1].hosts = UINT32_MAX;
    self.nodes[1].held[0][0] = 1;
    self.nodes[1].is_leaving = true;
    edai_view *view = view_of(&self, 0);
    assert_string_equal(owner_in(view, types[0], 0), self.nodes[1].id);
    for (uint32_t p = 1; p < EDAI_PARTITIONS; p++) {
        assert_string_equal(owner_in(view, types[0], p), self.nodes[0].id);
    }
    self.nodes[1].held[0][0] = 0;
    tell_hello(view, &self.nodes[1]);
    assert_string_equal(owner_in(view, types[0], 0), self.nodes[0].id);
    edai_view_free(view);
}

/* Of the first type, if nobody held anything. */
static const char *chosen_by_oracle(const cluster *self, uint32_t partition)
{
    oracle_node nodes[NODES_MAX];

    for (uint32_t i = 0; i < self->count; i++) {
        nodes[i] = (oracle_node){.id = self->nodes[i].id, .is_leaving = self->nodes[i].is_leaving};
    }
    return oracle_owner(types[0], partition, nodes, self->count);
}

/* The first node holds everything, and gives away what would be another's: the even ones go, the
 * odd ones do not. */
static void place_in_motion_is_nobodys_until_it_is_given(void **state)
{
    (void)state;
    static cluster self;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint8_t bits[EDAI_PARTITIONS / 8];

        make_cluster(&self, seed, 2 + (uint32_t)(seed % 7));
        memset(self.nodes[0].held[0], 0xff, sizeof self.nodes[0].held[0]);
        self.nodes[1].is_leaving = seed % 2 == 0;
        edai_view *view = view_of(&self, 0);
        edai_place *place = edai_view_place(view, eda_str_from(types[0]));
        edai_view_list_movable(view, place, bits);
        edai_view_move(view, place, bits);
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            bool is_movable = strcmp(chosen_by_oracle(&self, p), self.nodes[0].id) != 0;
            assert_int_equal(bits[p / 8] >> p % 8 & 1, is_movable);
            assert_int_equal(edai_place_owner(place, p), is_movable ? EDAI_MOVING : EDAI_SELF);
        }
        for (uint32_t i = 0; i < sizeof bits; i++) {
            self.nodes[0].held[0][i] = (uint8_t) ~(bits[i] & 0x55);
        }
        edai_view_hold(view, place, self.nodes[0].held[0]);
        for (uint32_t p = 1; p < EDAI_PARTITIONS; p += 2) {
            bool is_movable = (bits[p / 8] >> p % 8 & 1) != 0;
            assert_int_equal(edai_place_owner(place, p), is_movable ? EDAI_MOVING : EDAI_SELF);
        }
        edai_view_move(view, place, NULL);
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            assert_same(owner_in(view, types[0], p), owner_by_oracle(&self, 0, p));
            assert_true(p % 2 == 0 || edai_place_owner(place, p) == EDAI_SELF);
        }
        edai_view_free(view);
    }
}

static void place_without_hosts_is_nobodys(void **state)
{
    (void)state;
    static const edai_view_events events = {0};
    edai_view *view;

    assert_int_equal(edai_view_new(EDA_STR("me/0000000000000001"), &events, &view), EDA_OK);
    edai_place *place = edai_view_place(view, EDA_STR("door"));
    assert_non_null(place);
    assert_ptr_equal(edai_view_place(view, EDA_STR("door")), place);
    assert_int_equal(edai_place_owner(place, 0), EDAI_NOBODY);
    assert_int_equal(edai_view_host(view, EDA_STR("door")), EDA_OK);
    assert_int_equal(edai_place_owner(place, 255), EDAI_NOBODY); /* not ready */
    edai_view_ready(view);
    assert_int_equal(edai_place_owner(place, 255), EDAI_SELF);
    edai_view_leave(view);
    assert_int_equal(edai_place_owner(place, 255), EDAI_NOBODY);
    edai_view_free(view);
}

static void place_over_its_bound_is_refused(void **state)
{
    (void)state;
    static const edai_view_events events = {0};
    edai_view *view;
    char name[ID_SIZE];

    assert_int_equal(edai_view_new(EDA_STR("me/0000000000000001"), &events, &view), EDA_OK);
    for (unsigned i = 0; i < EDAI_PLACES_MAX; i++) {
        (void)snprintf(name, sizeof name, "type_%u", i);
        assert_non_null(edai_view_place(view, eda_str_from(name)));
    }
    assert_null(edai_view_place(view, EDA_STR("door")));
    assert_int_equal(edai_view_host(view, EDA_STR("door")), EDA_ELIMIT);
    assert_int_equal(edai_view_host(view, EDA_STR("type_7")), EDA_OK);
    edai_view_free(view);
}

/* What other languages have to come to, too: it stands in docs/wire.md. */
static void place_of_known_keys_is_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* NULL: the number */
        uint64_t number;
        uint32_t partition;
        uint32_t owner;
    } keys[] = {{"front", 0, 210, 0}, {"back", 0, 20, 2}, {"garden", 0, 249, 1}, {NULL, 7, 132, 0},
        {NULL, 9, 71, 1}};
    static cluster self = {.count = 3,
        .nodes = {{.id = "gate/0123456789abcdef", .hosts = 1},
            {.id = "hall/fedcba9876543210", .hosts = 1},
            {.id = "roof/0000000000000001", .hosts = 1}}};

    edai_random_seed(&self.random, 1);
    edai_view *view = view_of(&self, 0);
    const edai_place *place = edai_view_place(view, EDA_STR("door"));
    assert_non_null(place);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint64_t hash = keys[i].text == NULL ? edai_hash_u64(keys[i].number)
                                             : edai_hash_bytes(keys[i].text, strlen(keys[i].text));
        assert_int_equal(edai_place_partition(place, hash), keys[i].partition);
        assert_string_equal(
            owner_in(view, "door", keys[i].partition), self.nodes[keys[i].owner].id);
    }
    edai_view_free(view);
}

/* Partitions of the node that has most, by those of the average node. */
static double imbalance_of(cluster *self, edai_view *view)
{
    uint32_t counts[NODES_MAX] = {0};
    uint32_t most = 0;

    for (uint32_t t = 0; t < TYPES_MAX; t++) {
        const edai_place *place = edai_view_place(view, eda_str_from(types[t]));
        assert_non_null(place);
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            uint16_t owner = edai_place_owner(place, p);
            assert_true(owner < self->count);
            counts[owner]++;
            most = counts[owner] > most ? counts[owner] : most;
        }
    }
    return (double)most * self->count / (TYPES_MAX * EDAI_PARTITIONS);
}

static void place_is_balanced_over_2_to_20_nodes(void **state)
{
    (void)state;
    static cluster self;
    double worst = 0;

    for (uint32_t count = 2; count <= NODES_MAX; count++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            make_cluster(&self, seed, count - 1);
            for (uint32_t i = 0; i < self.count; i++) {
                self.nodes[i].hosts = UINT32_MAX;
            }
            make_node(&self, self.count++);
            self.nodes[self.count - 1].hosts = UINT32_MAX;
            static const edai_view_events events = {0};
            edai_view *view;
            assert_int_equal(edai_view_new(eda_str_from(self.nodes[0].id), &events, &view), EDA_OK);
            tell_self(view, &self.nodes[0]);
            for (uint32_t i = 1; i < self.count; i++) {
                tell_node(view, &self.nodes[i]);
            }
            double imbalance = imbalance_of(&self, view);
            worst = imbalance > worst ? imbalance : worst;
            edai_view_free(view);
        }
    }
    print_message("the fullest node has %.2f times the average\n", worst);
    assert_true(worst < 1.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(place_agrees_in_all_views_that_heard_the_same),
        cmocka_unit_test(place_on_join_moves_what_the_newcomer_wins_and_nothing_held),
        cmocka_unit_test(place_on_death_moves_what_the_dead_one_owned),
        cmocka_unit_test(place_held_by_two_goes_to_the_heavier),
        cmocka_unit_test(place_of_a_leaving_node_stays_while_it_is_held),
        cmocka_unit_test(place_in_motion_is_nobodys_until_it_is_given),
        cmocka_unit_test(place_without_hosts_is_nobodys),
        cmocka_unit_test(place_over_its_bound_is_refused),
        cmocka_unit_test(place_of_known_keys_is_as_documented),
        cmocka_unit_test(place_is_balanced_over_2_to_20_nodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
