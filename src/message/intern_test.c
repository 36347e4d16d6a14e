/* intern_test.c - ids by name, conflicts, many threads, the bound. Ids are process-wide: each test
 * has names of its own, and the one that uses up all ids stands last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "message/intern.h"

/* A message that holds a tree: the record's list has the record as its item. Everything twice, as
 * two units have it. */
typedef struct unit {
    eda_type message;
    eda_type tree;
    eda_type list;
    eda_type mode;
    eda_type reply;
    eda_field message_fields[3];
    eda_field tree_fields[3];
    eda_enumerator enumerators[3];
    eda_type_slot slot;
} unit;

static void unit_make(unit *u, const char *name)
{
    memset(u, 0, sizeof(*u));
    u->enumerators[0] = (eda_enumerator){.value = 0, .name = "off"};
    u->enumerators[1] = (eda_enumerator){.value = 1, .name = "on"};
    u->mode = (eda_type){
        .name = "mode", .kind = EDA_KIND_ENUM, .size = sizeof(int), .enumerators = u->enumerators};
    u->list = (eda_type){
        .name = "eda_list_tree", .kind = EDA_KIND_LIST, .size = sizeof(eda_str), .item = &u->tree};
    u->tree_fields[0] = (eda_field){.name = "children", .type = &u->list, .offset = 0};
    u->tree_fields[1] = (eda_field){.name = "mode", .type = &u->mode, .offset = 16};
    u->tree =
        (eda_type){.name = "tree", .kind = EDA_KIND_RECORD, .size = 24, .fields = u->tree_fields};
    u->message_fields[0] = (eda_field){.name = "id", .type = &eda_type_eda_str, .offset = 0};
    u->message_fields[1] = (eda_field){.name = "tree", .type = &u->tree, .offset = 16};
    u->reply = (eda_type){.name = "reply", .kind = EDA_KIND_RECORD, .size = 1};
    u->message = (eda_type){.name = name,
        .topic = "a/{id}",
        .kind = EDA_KIND_RECORD,
        .size = 40,
        .fields = u->message_fields,
        .reply = &u->reply,
        .slot = &u->slot};
}

static void intern_two_units_share_one_id(void **state)
{
    static unit a;
    static unit b;
    uint32_t id_a = 0;
    uint32_t id_b = 0;

    (void)state;
    unit_make(&a, "shared");
    unit_make(&b, "shared");
    assert_int_equal(edai_intern_id(&a.message), 0);
    assert_int_equal(edai_intern(&a.message, &id_a), EDA_OK);
    assert_int_equal(edai_intern_id(&b.message), 0);
    assert_int_equal(edai_intern(&b.message, &id_b), EDA_OK);
    assert_true(id_a != 0 && id_a == id_b);
    assert_int_equal(edai_intern_id(&a.message), id_a);
    assert_int_equal(edai_intern_id(&b.message), id_a);
    assert_ptr_equal(edai_intern_type(id_a), &a.message);
    assert_null(edai_intern_type(0));
    assert_null(edai_intern_type(id_a + 1));
    assert_null(edai_intern_type(UINT32_MAX));
}

static void intern_type_without_slot_has_an_id_too(void **state)
{
    static const eda_type type = {.name = "slotless", .kind = EDA_KIND_RECORD, .size = 1};
    uint32_t first = 0;
    uint32_t second = 0;

    (void)state;
    assert_int_equal(edai_intern(&type, &first), EDA_OK);
    assert_int_equal(edai_intern(&type, &second), EDA_OK);
    assert_true(first != 0 && first == second);
    assert_int_equal(edai_intern_id(&type), 0);
}

static void intern_ids_are_dense(void **state)
{
    static const eda_type a = {.name = "dense_a", .kind = EDA_KIND_RECORD, .size = 1};
    static const eda_type b = {.name = "dense_b", .kind = EDA_KIND_RECORD, .size = 1};
    uint32_t id_a;
    uint32_t id_b;

    (void)state;
    assert_int_equal(edai_intern(&a, &id_a), EDA_OK);
    assert_int_equal(edai_intern(&b, &id_b), EDA_OK);
    assert_int_equal(id_b, id_a + 1);
}

/* Each makes one difference to the second unit, somewhere in what the message consists of. */
static void differ(unit *u, int which)
{
    switch (which) {
    case 0:
        u->message.topic = "b/{id}";
        break;
    case 1:
        u->message.size = 48;
        break;
    case 2:
        u->message.reply = NULL;
        break;
    case 3:
        u->reply.size = 2;
        break;
    case 4:
        u->message_fields[0].name = "key";
        break;
    case 5:
        u->message_fields[0].type = &eda_type_eda_bytes;
        break;
    case 6:
        u->message_fields[1].offset = 24;
        break;
    case 7:
        u->message_fields[1].name = NULL;
        break;
    case 8:
        u->tree_fields[0].name = "kids";
        break;
    case 9:
        u->enumerators[1].value = 2;
        break;
    case 10:
        u->enumerators[1].name = "ON";
        break;
    case 11:
        u->enumerators[1].name = NULL;
        break;
    case 12:
        u->mode.enumerators = NULL;
        break;
    case 13:
        u->list.item = &eda_type_eda_str;
        break;
    case 14:
        u->message.is_raw = true;
        break;
    case 15:
        u->message.fields = NULL;
        break;
    case 16:
        u->tree_fields[1].type = &eda_type_int32_t;
        break;
    default:
        u->message.topic = NULL;
        break;
    }
}

static void intern_different_descriptor_returns_econflict(void **state)
{
    static unit a;
    static unit b;
    uint32_t id = 0;
    uint32_t other = 77;

    (void)state;
    unit_make(&a, "conflict");
    assert_int_equal(edai_intern(&a.message, &id), EDA_OK);
    for (int which = 0; which <= 17; which++) {
        unit_make(&b, "conflict");
        differ(&b, which);
        if (edai_intern(&b.message, &other) != EDA_ECONFLICT) {
            fail_msg("difference %d is not seen", which);
        }
        assert_int_equal(edai_intern_id(&b.message), 0);
    }
    assert_int_equal(other, 77);
    unit_make(&b, "conflict");
    assert_int_equal(edai_intern(&b.message, &other), EDA_OK);
    assert_int_equal(other, id);
}

/* One unit may refer to another's descriptor of a record: same content, another shape of the graph.
 */
static void intern_other_sharing_of_records_is_no_conflict(void **state)
{
    static unit a;
    static unit b;
    static unit c;
    uint32_t id = 0;
    uint32_t other = 0;

    (void)state;
    unit_make(&a, "sharing");
    unit_make(&b, "sharing");
    unit_make(&c, "sharing");
    b.list.item = &c.tree;
    assert_int_equal(edai_intern(&a.message, &id), EDA_OK);
    assert_int_equal(edai_intern(&b.message, &other), EDA_OK);
    assert_int_equal(id, other);
}

/* The first comparison takes one allocation; a new name may take one for the table. */
static void intern_without_memory_returns_enomem(void **state)
{
    static unit a;
    static unit b;
    uint32_t id = 0;

    (void)state;
    unit_make(&a, "starved");
    unit_make(&b, "starved");
    assert_int_equal(edai_intern(&a.message, &id), EDA_OK);
    edai_alloc_fail_at(1);
    assert_int_equal(edai_intern(&b.message, &id), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(edai_intern(&b.message, &id), EDA_OK);
}

#define THREADS 4
#define NAMES 100

static struct {
    char names[NAMES][32];
    eda_type types[THREADS][NAMES];
    eda_type_slot slots[THREADS][NAMES];
    uint32_t ids[THREADS][NAMES];
    size_t failed[THREADS];
} crowd;

static void *intern_all(void *arg)
{
    size_t self = *(const size_t *)arg;

    for (size_t i = 0; i < NAMES; i++) {
        size_t at = self % 2 == 0 ? i : NAMES - 1 - i;
        const eda_type *type = &crowd.types[self][at];
        if (edai_intern(type, &crowd.ids[self][at]) != EDA_OK ||
            edai_intern_id(type) != crowd.ids[self][at] ||
            strcmp(edai_intern_type(crowd.ids[self][at])->name, type->name) != 0) {
            crowd.failed[self]++;
        }
    }
    return NULL;
}

/* Odd threads share the slots of the even one before them, as threads of one unit do. */
static void intern_from_many_threads_gives_each_name_one_id(void **state)
{
    edai_thread threads[THREADS];
    size_t numbers[THREADS];

    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(crowd.names[i], sizeof(crowd.names[i]), "crowd_%zu", i);
        for (size_t t = 0; t < THREADS; t++) {
            crowd.types[t][i] = (eda_type){.name = crowd.names[i],
                .kind = EDA_KIND_RECORD,
                .size = 1,
                .slot = &crowd.slots[t / 2 * 2][i]};
        }
    }
    for (size_t t = 0; t < THREADS; t++) {
        numbers[t] = t;
        assert_int_equal(edai_thread_start(&threads[t], intern_all, &numbers[t], NULL), EDA_OK);
    }
    for (size_t t = 0; t < THREADS; t++) {
        edai_thread_join(&threads[t]);
    }
    for (size_t t = 0; t < THREADS; t++) {
        assert_int_equal(crowd.failed[t], 0);
        assert_memory_equal(crowd.ids[t], crowd.ids[0], sizeof(crowd.ids[0]));
    }
}

static void intern_over_the_last_id_returns_elimit(void **state)
{
    static char names[EDAI_INTERN_ID_MAX + 1][12];
    static eda_type types[EDAI_INTERN_ID_MAX + 1];
    uint32_t id = 0;
    eda_status status = EDA_OK;

    (void)state;
    for (size_t i = 0; status == EDA_OK; i++) {
        assert_true(i <= EDAI_INTERN_ID_MAX);
        snprintf(names[i], sizeof(names[i]), "many_%u", (unsigned)i % 100000);
        types[i] = (eda_type){.name = names[i], .kind = EDA_KIND_RECORD, .size = 1};
        status = edai_intern(&types[i], &id);
    }
    assert_int_equal(status, EDA_ELIMIT);
    assert_int_equal(id, EDAI_INTERN_ID_MAX);
    assert_non_null(edai_intern_type(EDAI_INTERN_ID_MAX));
    assert_int_equal(edai_intern(&types[0], &id), EDA_OK); /* known names go on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intern_two_units_share_one_id),
        cmocka_unit_test(intern_type_without_slot_has_an_id_too),
        cmocka_unit_test(intern_ids_are_dense),
        cmocka_unit_test(intern_different_descriptor_returns_econflict),
        cmocka_unit_test(intern_other_sharing_of_records_is_no_conflict),
        cmocka_unit_test(intern_without_memory_returns_enomem),
        cmocka_unit_test(intern_from_many_threads_gives_each_name_one_id),
        cmocka_unit_test(intern_over_the_last_id_returns_elimit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
