/* describe_test.c - what a system says of itself, read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <edacious/edacious.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "cluster/describe.h"
#include "delivery.h"

EDA_ENUM(desc_mode, (DESC_LOCKED, "locked"), (DESC_OPEN, "open"));
EDA_RECORD(desc_badge, (eda_str, id), (uint32_t, level, .range = {0, 9}));
EDA_RECORD(desc_tree, (eda_str, name), (eda_list_of(desc_tree), children));
EDA_MESSAGE(desc_unlock, "desc/{door_id}/unlock", .doc = "Opens one door.",
    (eda_str, door_id, .doc = "which", .len_max = 16), (desc_badge, holder),
    (uint8_t, attempt, .range = {1, 3}, .unit = "tries", .if_missing = 1), (desc_mode, mode),
    (eda_list_of(desc_badge), guests), (eda_optional(eda_bytes), proof));
EDA_MESSAGE(desc_lacking, "desc/lacking/{number}", (int32_t, number), (int8_t, low, .if_missing = -3),
    (bool, is_on, .if_missing = true), (desc_mode, mode, .if_missing = DESC_OPEN),
    (eda_duration, lasts, .if_missing = EDA_MS(1500)), (double, ratio, .if_missing = 0.5L),
    (bool, is_off, .may_miss = true), (eda_str, text, .may_miss = true),
    (eda_list_of(desc_badge), guests, .may_miss = true), (desc_mode, other, .may_miss = true),
    (eda_time, since, .may_miss = true), (eda_duration, after, .may_miss = true),
    (uint64_t, count, .may_miss = true), (desc_badge, holder, .may_miss = true),
    (eda_optional(uint8_t), perhaps, .may_miss = true));
EDA_MESSAGE(desc_opened, "desc/{door_id}/opened", .is_inside = true, (eda_str, door_id));
EDA_REQUEST(desc_status_get, desc_badge, "desc/{door_id}/status", (eda_str, door_id));
EDA_MESSAGE(desc_tick, "desc/tick/{number}", .is_outgoing = true, (int32_t, number));
EDA_MESSAGE_RAW(desc_frame, "desc/frame/{id}");

typedef struct desc_door {
    uint32_t count;
} desc_door;

static void door_on_unlock(desc_door *self, const desc_unlock *message)
{
    self->count += message->attempt;
}

static void door_on_status(desc_door *self, const desc_status_get *request, desc_badge *ret_reply)
{
    ret_reply->id = request->door_id;
    ret_reply->level = self->count % 10;
}

EDA_ACTOR(desc_door, eda_none, key(door_id), saves(count), emits(desc_opened),
    spawns_for(outside), on(desc_unlock, door_on_unlock),
    answers(desc_status_get, door_on_status));

typedef struct desc_clerk {
    uint32_t count;
} desc_clerk;

static void clerk_on_tick(desc_clerk *self, const desc_tick *message)
{
    self->count += (uint32_t)message->number;
}

static eda_status clerk_on_any(desc_clerk *self, const eda_envelope *message, eda_ctx *ctx)
{
    (void)message, (void)ctx;
    self->count++;
    return EDA_OK;
}

static void clerk_on_frame(desc_clerk *self, const desc_frame *message)
{
    self->count += (uint32_t)message->payload.len;
}

EDA_ACTOR(desc_clerk, eda_none, pool(3), scope(node), emits(any), on(desc_tick, clerk_on_tick),
    on(desc_frame, clerk_on_frame), on_any("desc/*/opened", clerk_on_any));

static const edai_describe_self self = {.node = EDA_STR_INIT("home"),
    .inc = EDA_STR_INIT("0123456789abcdef"),
    .cluster = EDA_STR_INIT("plant")};

static const eda_actor *const actors[] = {&eda_actor_desc_door, &eda_actor_desc_clerk, NULL};

static eda_system *start(void)
{
    static const eda_options options = {.pumped = true, .store = EDA_STORE_MEMORY};

    return delivery_start(&options, actors);
}

static edai_catalogue *describe(eda_system *sys, uint64_t *ret_hash)
{
    char *json = NULL;
    size_t len = 0;
    edai_catalogue *catalogue = NULL;
    eda_problem problem = {.text = ""};

    assert_int_equal(edai_describe_catalogue(sys, &self, &json, &len, ret_hash), EDA_OK);
    eda_status status = edai_catalogue_read(
        (eda_bytes){.ptr = (const uint8_t *)json, .len = len}, &catalogue, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
    free(json);
    return catalogue;
}

static void assert_text(eda_str is, const char *expected)
{
    assert_int_equal(is.len, strlen(expected));
    assert_memory_equal(is.ptr, expected, is.len);
}

static void catalogue_of_a_system_is_read_back(void **state)
{
    (void)state;
    eda_system *sys = start();
    uint64_t hash = 0;
    edai_catalogue *catalogue = describe(sys, &hash);

    assert_text(catalogue->node, "home");
    assert_text(catalogue->inc, "0123456789abcdef");
    assert_text(catalogue->cluster, "plant");
    assert_int_equal(hash, edai_catalogue_hash(catalogue));
    assert_int_equal(catalogue->actors.len, 2);

    const edai_catalogue_actor *clerk = &catalogue->actors.items[0];
    assert_text(clerk->name, "desc_clerk");
    assert_text(clerk->supervisor, "pool");
    assert_int_equal(clerk->scope, EDAI_CATALOGUE_NODE);
    assert_false(clerk->key.is_set);
    assert_int_equal(clerk->pool_len, 3);
    assert_true(clerk->emits_any);
    assert_false(clerk->saves);
    assert_int_equal(clerk->handles.len, 3);
    assert_text(clerk->handles.items[2].pattern.value, "desc/*/opened");

    const edai_catalogue_actor *door = &catalogue->actors.items[1];
    assert_text(door->supervisor, "keyed");
    assert_int_equal(door->scope, EDAI_CATALOGUE_CLUSTER);
    assert_true(door->key.is_set);
    assert_int_equal(door->key.value, EDAI_CATALOGUE_TEXT);
    assert_true(door->saves);
    assert_true(door->spawns_for_outside);
    assert_false(door->emits_any);
    assert_int_equal(door->emits.len, 1);
    assert_text(door->emits.items[0], "desc_opened");
    assert_text(door->handles.items[0].message.value, "desc_unlock");
    assert_text(door->handles.items[0].key.value, "door_id");
    assert_true(door->handles.items[1].answers);
    edai_free(catalogue);
    delivery_end(sys);
}

static void catalogue_tells_messages_and_fields(void **state)
{
    (void)state;
    eda_system *sys = start();
    edai_catalogue *catalogue = describe(sys, NULL);

    const edai_catalogue_message *unlock = edai_catalogue_find(catalogue, EDA_STR("desc_unlock"));
    assert_non_null(unlock);
    assert_text(unlock->topic, "desc/{door_id}/unlock");
    assert_int_equal(unlock->kind, EDAI_CATALOGUE_MESSAGE);
    assert_text(unlock->doc, "Opens one door.");
    assert_int_equal(unlock->fingerprint.len, 16);
    assert_int_equal(unlock->fields.len, 6);
    assert_text(unlock->fields.items[0].type, "text");
    assert_text(unlock->fields.items[0].doc, "which");
    assert_true(unlock->fields.items[0].len_max.is_set);
    assert_int_equal(unlock->fields.items[0].len_max.value, 16);
    assert_false(unlock->fields.items[1].len_max.is_set);
    assert_text(unlock->fields.items[1].type, "desc_badge {id: text, level: uint32}");
    assert_text(unlock->fields.items[2].type, "uint8");
    assert_text(unlock->fields.items[2].range.value, "1 to 3");
    assert_text(unlock->fields.items[2].unit.value, "tries");
    assert_text(unlock->fields.items[3].type, "desc_mode (locked | open)");
    assert_text(unlock->fields.items[4].type, "list of desc_badge {id: text, level: uint32}");
    assert_text(unlock->fields.items[5].type, "optional bytes");
    assert_text(unlock->fields.items[2].if_missing.value, "1");
    assert_false(unlock->fields.items[3].if_missing.is_set);
    assert_int_equal(unlock->reply_fields.len, 0);

    const edai_catalogue_message *get = edai_catalogue_find(catalogue, EDA_STR("desc_status_get"));
    assert_int_equal(get->kind, EDAI_CATALOGUE_REQUEST);
    assert_text(get->reply.value, "desc_badge");
    assert_int_equal(get->reply_fields.len, 2);
    assert_text(get->reply_fields.items[0].name, "id");
    assert_text(get->reply_fields.items[1].type, "uint32");
    assert_text(get->reply_fields.items[1].range.value, "0 to 9");
    assert_true(edai_catalogue_find(catalogue, EDA_STR("desc_opened"))->is_inside);
    assert_false(edai_catalogue_find(catalogue, EDA_STR("desc_opened"))->is_outgoing);
    assert_true(edai_catalogue_find(catalogue, EDA_STR("desc_tick"))->is_outgoing);
    const edai_catalogue_message *frame = edai_catalogue_find(catalogue, EDA_STR("desc_frame"));
    assert_int_equal(frame->kind, EDAI_CATALOGUE_RAW);
    assert_int_equal(frame->fields.len, 0);
    assert_null(edai_catalogue_find(catalogue, EDA_STR("desc")));
    edai_free(catalogue);
    delivery_end(sys);
}

static void fields_that_may_be_missing_tell_what_they_are_then(void **state)
{
    (void)state;
    static const char *const expected[] = {"", "-3", "true", "open", "1.5s", "0.5", "false", "\"\"",
        "[]", "locked", "1970-01-01T00:00:00Z", "0s", "0", "all zero", ""};
    const eda_field *fields = eda_type_desc_lacking.fields;
    size_t count = 0;

    for (; fields[count].name != NULL; count++) {
        char text[EDAI_DESCRIBE_MISSING_SIZE];

        assert_true(count < sizeof expected / sizeof expected[0]);
        assert_int_equal(edai_describe_missing(&fields[count], text), strlen(expected[count]));
        assert_string_equal(text, expected[count]);
    }
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
}

/* 130 bytes: what is cut stays UTF-8, without which the whole catalogue could not be told. */
static void what_is_missing_is_cut_between_characters(void **state)
{
    (void)state;
    char name[131] = "";
    char text[EDAI_DESCRIBE_MISSING_SIZE];
    const eda_enumerator names[] = {{.name = name, .value = 0}, {.name = NULL}};
    const eda_type mode = {
        .name = "mode", .kind = EDA_KIND_ENUM, .size = sizeof(int), .enumerators = names};
    const eda_field field = {.name = "mode", .type = &mode, .may_miss = true};

    for (size_t i = 0; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "\xc3\xa9", 2);
    }
    size_t len = edai_describe_missing(&field, text);
    assert_int_equal(len, strlen(text));
    assert_true(edai_utf8_valid((eda_str){.ptr = text, .len = len}));
    assert_string_equal(text + len - 5, "\xc3\xa9...");
}

static void type_that_holds_itself_is_named_and_cut(void **state)
{
    (void)state;
    char text[200];
    char small[12];

    edai_describe_type(&eda_type_desc_tree, text, sizeof text);
    assert_string_equal(text,
        "desc_tree {name: text, children: list of desc_tree {name: text, children: list of "
        "desc_tree {name: text, children: list of desc_tree}}}");
    size_t len = edai_describe_type(&eda_type_desc_tree, small, sizeof small);
    assert_string_equal(small, "desc_tre...");
    assert_int_equal(len, strlen(small));
}

static void fingerprint_differs_where_the_declaration_does(void **state)
{
    (void)state;
    uint64_t first;
    uint64_t again;
    uint64_t tree;
    eda_type renamed = eda_type_desc_unlock;

    renamed.topic = "desc/{door_id}/open";
    assert_int_equal(edai_describe_fingerprint(&eda_type_desc_unlock, &first), EDA_OK);
    assert_int_equal(edai_describe_fingerprint(&eda_type_desc_unlock, &again), EDA_OK);
    assert_int_equal(first, again);
    assert_int_equal(edai_describe_fingerprint(&renamed, &again), EDA_OK);
    assert_int_not_equal(first, again);
    assert_int_equal(edai_describe_fingerprint(&eda_type_desc_tree, &tree), EDA_OK);
    assert_int_not_equal(first, tree);
}

static void ps_of_a_system_is_read_back(void **state)
{
    (void)state;
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    const edai_ps_node nodes[] = {
        {.node = EDA_STR("attic"), .inc = EDA_STR("fedcba9876543210"), .state = EDA_STR("usable")}};
    const edai_ps_link links[] = {
        {.node = EDA_STR("attic/fedcba9876543210"), .sent = 7, .arrived = 5, .queued = 2}};
    const eda_cluster_counts counts = {.view = 4, .seen = 9, .refused = 1};
    const edai_describe_around around = {.uptime_s = 12,
        .counts = &counts,
        .nodes = nodes,
        .node_count = 1,
        .links = links,
        .link_count = 1};
    char *json = NULL;
    size_t len = 0;
    edai_ps *ps = NULL;

    assert_int_equal(eda_publish(client, EDA_MSG(desc_tick, .number = 1), NULL), EDA_OK);
    delivery_pump(sys);
    assert_int_equal(edai_describe_ps(sys, &self, &around, &json, &len), EDA_OK);
    assert_int_equal(
        edai_ps_read((eda_bytes){.ptr = (const uint8_t *)json, .len = len}, &ps, NULL), EDA_OK);
    assert_int_equal(ps->uptime_s, 12);
    assert_int_equal(ps->view, 4);
    assert_text(ps->nodes.items[0].node, "attic");
    assert_int_equal(ps->actors.len, 2);
    assert_text(ps->actors.items[0].name, "desc_clerk");
    assert_int_equal(ps->actors.items[0].handled, 1);
    assert_int_equal(ps->actors.items[0].live, 1);
    assert_int_equal(ps->actors.items[1].handled, 0);
    assert_int_equal(ps->counts.accepted, 1);
    assert_int_equal(ps->counts.seen, 9);
    assert_int_equal(ps->links.items[0].queued, 2);
    edai_free(ps);
    free(json);
    delivery_end(sys);
}

static void describing_without_memory_returns_enomem(void **state)
{
    (void)state;
    eda_system *sys = start();
    const edai_describe_around around = {.uptime_s = 1};
    char *json = NULL;
    size_t len = 0;
    eda_status status = EDA_ENOMEM;

    for (uint64_t nth = 1; status != EDA_OK; nth++) {
        edai_alloc_fail_at(nth);
        status = edai_describe_catalogue(sys, &self, &json, &len, NULL);
        edai_alloc_fail_at(0);
        assert_true(status == EDA_OK || (status == EDA_ENOMEM && json == NULL));
    }
    free(json);
    json = NULL;
    edai_alloc_fail_at(1);
    assert_int_equal(edai_describe_ps(sys, &self, &around, &json, &len), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_null(json);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue_of_a_system_is_read_back),
        cmocka_unit_test(catalogue_tells_messages_and_fields),
        cmocka_unit_test(fields_that_may_be_missing_tell_what_they_are_then),
        cmocka_unit_test(what_is_missing_is_cut_between_characters),
        cmocka_unit_test(type_that_holds_itself_is_named_and_cut),
        cmocka_unit_test(fingerprint_differs_where_the_declaration_does),
        cmocka_unit_test(ps_of_a_system_is_read_back),
        cmocka_unit_test(describing_without_memory_returns_enomem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
