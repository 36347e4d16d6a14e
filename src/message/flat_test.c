/* flat_test.c - what is refused, and that a copy is whole, exact and within its block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "message/codec_sample.h"
#include "message/flat.h"

EDA_RECORD(plain_inner, (bool, flag), (eda_optional(double), real));
EDA_RECORD(plain_outer, (int8_t, small), (plain_inner, inner), (eda_time, at));
EDA_RECORD(ranged_outer, (eda_optional(uint8_t), small, .range = {1, 3}));
EDA_RECORD(wide_lists,
    (eda_list_of(eda_str), texts, .len_max = 2),
    (eda_list_of(int8_t), numbers, .range = {-1, 1}),
    (eda_optional(eda_str), text, .len_max = 3));
EDA_RECORD(two_texts, (eda_str, first, .len_max = 4), (uint8_t, between), (eda_bytes, second));
EDA_RECORD(three_texts, (eda_str, before), (two_texts, inner), (uint32_t, after));
EDA_RECORD(five_texts, (two_texts, a), (two_texts, b), (eda_str, fifth));
EDA_RECORD(real_range, (double, share, .range = {0, 0.5L}));

typedef struct machine {
    void *handle;
} machine;
EDA_OPAQUE(machine);
static const eda_type eda_type_holder = {.name = "holder",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(machine),
    .fields = (const eda_field[]){{.name = "it", .type = &eda_type_machine}, {.name = NULL}}};

static void assert_refused(eda_value value, eda_status status, const char *sentence)
{
    eda_problem problem = {.text = ""};

    assert_int_equal(edai_flat_check(value.type, value.data, &problem), status);
    assert_string_equal(problem.text, sentence);
    assert_int_equal(edai_flat_check(value.type, value.data, NULL), status);
    const edai_shape shape = edai_shape_of(value.type);
    problem.text[0] = '\0';
    assert_int_equal(edai_shape_check(&shape, value.type, value.data, &problem), status);
    assert_string_equal(problem.text, sentence);
}

static void assert_within(const void *ptr, size_t size, const unsigned char *block, size_t end)
{
    const unsigned char *at = ptr;

    assert_true(at >= block && at <= block + end && size <= end - (size_t)(at - block));
}

static void assert_parts_within(
    const eda_type *type, const void *data, const unsigned char *block, size_t size)
{
    edai_span span;

    if (type->kind == EDA_KIND_RECORD) {
        for (const eda_field *field = type->fields; field->name != NULL; field++) {
            assert_parts_within(field->type, (const char *)data + field->offset, block, size);
        }
    } else if (type->kind == EDA_KIND_OPTIONAL && !edai_scalar_is_unset(type, data)) {
        assert_parts_within(type->item, (const char *)data + type->value_offset, block, size);
    } else if (type->kind == EDA_KIND_STR || type->kind == EDA_KIND_BYTES) {
        memcpy(&span, data, sizeof span);
        assert_within(span.ptr, span.len, block, size);
    } else if (type->kind == EDA_KIND_LIST) {
        memcpy(&span, data, sizeof span);
        if (span.len == 0) {
            assert_null(span.ptr);
            return;
        }
        assert_within(span.ptr, span.len * type->item->size, block, size);
        assert_int_equal((uintptr_t)span.ptr % 8, 0);
        for (size_t i = 0; i < span.len; i++) {
            assert_parts_within(
                type->item, (const char *)span.ptr + i * type->item->size, block, size);
        }
    }
}

/* A block of exactly the size, so that a sanitizer sees a byte too many. */
static unsigned char *new_block(size_t size)
{
    unsigned char *block = malloc(size);

    assert_non_null(block);
    memset(block, 0xaa, size);
    return block;
}

static void assert_copies(eda_value value)
{
    const edai_shape shape = edai_shape_of(value.type);
    size_t size;
    size_t same;

    assert_int_equal(edai_flat_check(value.type, value.data, NULL), EDA_OK);
    assert_int_equal(edai_shape_check(&shape, value.type, value.data, NULL), EDA_OK);
    assert_int_equal(edai_flat_size(value.type, value.data, &size), EDA_OK);
    assert_int_equal(edai_shape_size(&shape, value.type, value.data, &same), EDA_OK);
    assert_int_equal(size, same);
    for (int by_shape = 0; by_shape < 2; by_shape++) {
        unsigned char *block = new_block(size);
        if (by_shape != 0) {
            edai_shape_copy(&shape, value.type, value.data, block, size);
        } else {
            edai_flat_copy(value.type, value.data, block, size);
        }
        assert_true(sample_equal(value.type, value.data, block));
        assert_parts_within(value.type, block, block, size);
        free(block);
    }
}

static void shape_of_numbers_is_plain(void **state)
{
    (void)state;
    edai_shape shape = edai_shape_of(&eda_type_plain_outer);
    assert_int_equal(shape.size, sizeof(plain_outer));
    assert_true(shape.is_plain);
    assert_false(shape.needs_check);
    shape = edai_shape_of(&eda_type_ranged_outer);
    assert_true(shape.is_plain);
    assert_true(shape.needs_check);
}

static void shape_of_pointers_is_not_plain(void **state)
{
    (void)state;
    edai_shape shape = edai_shape_of(&eda_type_sample_scalars);
    assert_false(shape.is_plain);
    assert_true(shape.needs_check);
    /* a record in itself, through its list */
    shape = edai_shape_of(&eda_type_sample_tree);
    assert_false(shape.is_plain);
    assert_true(shape.needs_check);
    shape = edai_shape_of(&eda_type_eda_none);
    assert_true(shape.is_plain);
    assert_false(shape.needs_check);
}

static void shape_knows_a_few_texts_wherever_they_lie(void **state)
{
    (void)state;
    edai_shape shape = edai_shape_of(&eda_type_three_texts);
    assert_int_equal(shape.span_count, 3);
    assert_false(shape.needs_walk);
    assert_int_equal(
        shape.spans[2].offset, offsetof(three_texts, inner) + offsetof(two_texts, second));
    assert_int_equal(shape.spans[1].len_max, 4);
    shape = edai_shape_of(&eda_type_five_texts);
    assert_int_equal(shape.span_count, 0);
    shape = edai_shape_of(&eda_type_sample_badge);
    assert_int_equal(shape.span_count, 1);
    assert_true(shape.needs_walk); /* for a range */
    shape = edai_shape_of(&eda_type_wide_lists);
    assert_int_equal(shape.span_count, 0);

    const uint8_t bytes[] = {0xff, 0, 1};
    const two_texts two = {.first = EDA_STR("four"), .between = 7, .second = {bytes, 3}};
    assert_copies(EDA_MSG(three_texts, .before = EDA_STR("b"), .inner = two, .after = 9));
    assert_copies(EDA_MSG(three_texts, .inner = {.between = 1}));
    assert_copies(EDA_MSG(five_texts, .a = two, .fifth = EDA_STR("5")));
    assert_copies(EDA_MSG(sample_badge, .id = EDA_STR("id"), .level = 9));
    assert_refused(EDA_MSG(sample_badge, .id = EDA_STR("id"), .level = 10), EDA_ERANGE,
        "sample_badge.level is 10; allowed: 0 to 9");
    assert_refused(EDA_MSG(three_texts, .inner = {.first = EDA_STR("fives")}), EDA_ERANGE,
        "three_texts.inner.first has 5 bytes; allowed: 4");
    assert_refused(EDA_MSG(three_texts, .before = EDA_STR("\xff")), EDA_EINVAL,
        "three_texts.before is not UTF-8");
    assert_refused(EDA_MSG(three_texts, .inner = {.second = {NULL, 1}}), EDA_EINVAL,
        "three_texts.inner.second is NULL with a length of 1");
}

static void check_of_numbers_outside_their_range_names_them(void **state)
{
    (void)state;
    assert_refused(EDA_MSG(sample_unlock, .attempt = 9), EDA_ERANGE,
        "sample_unlock.attempt is 9; allowed: 1 to 3");
    assert_refused(EDA_MSG(sample_unlock, .attempt = 1, .holder = {.level = 10}), EDA_ERANGE,
        "sample_unlock.holder.level is 10; allowed: 0 to 9");
    const sample_badge guests[] = {{.level = 1}, {.level = 77}};
    assert_refused(EDA_MSG(sample_unlock, .attempt = 1, .guests = {guests, 2}), EDA_ERANGE,
        "sample_unlock.guests[1].level is 77; allowed: 0 to 9");
    assert_refused(EDA_MSG(ranged_outer, .small = EDA_SOME(uint8_t, 0)), EDA_ERANGE,
        "ranged_outer.small is 0; allowed: 1 to 3");
    assert_refused(EDA_MSG(wide_lists, .numbers = EDA_LIST(int8_t, 0, -2)), EDA_ERANGE,
        "wide_lists.numbers[1] is -2; allowed: -1 to 1");
    assert_refused(EDA_MSG(real_range, .share = 0.75), EDA_ERANGE,
        "real_range.share is 0.75; allowed: 0 to 0.5");
    assert_int_equal(
        edai_flat_check(&eda_type_ranged_outer, &(ranged_outer){{.is_set = false}}, NULL), EDA_OK);
}

static void check_of_lengths_above_their_bound_names_them(void **state)
{
    (void)state;
    assert_refused(EDA_MSG(sample_unlock, .attempt = 1,
                       .door_id = EDA_STR("123456789012345678901234567890123")),
        EDA_ERANGE, "sample_unlock.door_id has 33 bytes; allowed: 32");
    const sample_badge guests[9] = {{.level = 0}};
    assert_refused(EDA_MSG(sample_unlock, .attempt = 1, .guests = {guests, 9}), EDA_ERANGE,
        "sample_unlock.guests has 9 elements; allowed: 8");
    assert_refused(EDA_MSG(wide_lists, .text = EDA_SOME(eda_str, {"four", 4})), EDA_ERANGE,
        "wide_lists.text has 4 bytes; allowed: 3");
    /* the bound is the list's, not its elements' */
    assert_copies(
        EDA_MSG(wide_lists, .texts = EDA_LIST(eda_str, EDA_STR("three"), EDA_STR("four"))));
    assert_refused(EDA_MSG(sample_any, .u8s = {(const uint8_t *)"", 65537}), EDA_ERANGE,
        "sample_any.u8s has 65537 elements; allowed: 65536");
}

static void check_of_what_is_no_text_names_it(void **state)
{
    (void)state;
    assert_refused(EDA_MSG(sample_any, .texts = EDA_LIST(eda_str, EDA_STR("x"), {"\xc0\x80", 2})),
        EDA_EINVAL, "sample_any.texts[1] is not UTF-8");
    assert_refused(EDA_MSG(sample_scalars, .text = {NULL, 3}), EDA_EINVAL,
        "sample_scalars.text is NULL with a length of 3");
    assert_refused(EDA_MSG(sample_scalars, .raw = {NULL, 3}), EDA_EINVAL,
        "sample_scalars.raw is NULL with a length of 3");
    assert_refused(EDA_MSG(sample_any, .u8s = {NULL, 3}), EDA_EINVAL,
        "sample_any.u8s is NULL with a length of 3");
    assert_refused(EDA_MSG(sample_scalars, .mode = (sample_mode)3), EDA_EINVAL,
        "sample_scalars.mode is 3, which no name of sample_mode has");
}

static void check_of_nesting_above_the_bound_is_refused(void **state)
{
    sample_tree trees[17] = {{.name = {NULL, 0}}};
    size_t size;

    (void)state;
    for (size_t i = 0; i < 15; i++) {
        trees[i].children = (eda_list_sample_tree){.items = &trees[i + 1], .len = 1};
    }
    assert_copies((eda_value){&eda_type_sample_tree, trees});
    trees[15].children = (eda_list_sample_tree){.items = &trees[16], .len = 1};
    assert_int_equal(edai_flat_check(&eda_type_sample_tree, trees, NULL), EDA_ERANGE);
    assert_int_equal(edai_flat_size(&eda_type_sample_tree, trees, &size), EDA_ERANGE);
    /* one that has no end at all */
    trees[15].children.items = trees;
    assert_int_equal(edai_flat_check(&eda_type_sample_tree, trees, NULL), EDA_ERANGE);
    assert_int_equal(edai_flat_size(&eda_type_sample_tree, trees, &size), EDA_ERANGE);
}

static void check_of_more_than_the_size_bound_is_refused(void **state)
{
    char *letters = malloc(EDA_CODEC_SIZE_MAX);
    size_t size;

    (void)state;
    assert_non_null(letters);
    memset(letters, 'x', EDA_CODEC_SIZE_MAX);
    size_t rest = EDA_CODEC_SIZE_MAX - sizeof(sample_tree);
    assert_copies(EDA_MSG(sample_tree, .name = {letters, rest}));
    assert_refused(EDA_MSG(sample_tree, .name = {letters, rest + 1}), EDA_ERANGE,
        "sample_tree.name brings the message above 1048576 bytes in all");
    eda_str whole = {letters, EDA_CODEC_SIZE_MAX};
    const eda_str texts[17] = {whole, whole, whole, whole, whole, whole, whole, whole, whole, whole,
        whole, whole, whole, whole, whole, whole, whole};
    eda_value value = EDA_MSG(sample_any, .texts = {texts, 17});
    assert_int_equal(edai_flat_size(value.type, value.data, &size), EDA_ERANGE);
    value = EDA_MSG(sample_any, .texts = {texts, 15});
    assert_int_equal(edai_flat_size(value.type, value.data, &size), EDA_OK);
    assert_int_equal(edai_flat_check(value.type, value.data, NULL), EDA_ERANGE);
    assert_int_equal(
        edai_flat_check_within(value.type, value.data, EDAI_FLAT_SIZE_MAX, NULL), EDA_OK);
    free(letters);
}

static void lengths_that_overflow_are_refused(void **state)
{
    const size_t lens[] = {
        SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2 + 1, SIZE_MAX / sizeof(sample_badge)};
    size_t size = 77;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        eda_value text = EDA_MSG(sample_scalars, .text = {"x", lens[i]});
        eda_value list = EDA_MSG(sample_any, .badges = {(const sample_badge *)"", lens[i]});
        assert_int_equal(edai_flat_check(text.type, text.data, NULL), EDA_ERANGE);
        assert_int_equal(edai_flat_size(text.type, text.data, &size), EDA_ERANGE);
        assert_int_equal(edai_flat_check(list.type, list.data, NULL), EDA_ERANGE);
        assert_int_equal(edai_flat_size(list.type, list.data, &size), EDA_ERANGE);
    }
    assert_int_equal(size, 77);
}

static void copy_of_every_kind_is_whole_and_within_its_block(void **state)
{
    const sample_tree leaves[] = {{.name = EDA_STR("b")}, {.name = EDA_STR("")}};
    const sample_tree roots[] = {
        {.name = EDA_STR("a"), .children = {leaves, 2}}, {.name = {NULL, 0}}};
    const sample_badge badges[] = {{.id = EDA_STR("7"), .level = 9}, {.id = EDA_STR("8")}};

    (void)state;
    assert_copies(EDA_MSG(plain_outer, .small = 1, .inner = {.real = EDA_SOME(double, 2)}));
    assert_copies(EDA_MSG(eda_none, .unused = 3));
    assert_copies(EDA_MSG(sample_scalars, .text = EDA_STR("odd"), .raw = EDA_BYTES("x")));
    assert_copies(EDA_MSG(sample_unlock, .door_id = EDA_STR("front"), .attempt = 1,
        .last = EDA_SOME(sample_badge, {.id = EDA_STR("last")}), .guests = {badges, 2}));
    assert_copies(EDA_MSG(sample_any, .flags = EDA_LIST(bool, true, false, true),
        .u8s = EDA_LIST(uint8_t, 1, 2, 3), .i64s = EDA_LIST(int64_t, 1, 2),
        .texts = EDA_LIST(eda_str, EDA_STR("x"), EDA_STR(""), EDA_STR("longer than eight")),
        .raws = EDA_LIST(eda_bytes, EDA_BYTES("\xff")), .badges = {badges, 2},
        .trees = {roots, 2}));
}

static void copy_forgets_what_an_unset_optional_held(void **state)
{
    sample_unlock source = {
        .attempt = 1, .last = {.is_set = false, .value = {.id = EDA_STR("old")}}};
    void *data;

    (void)state;
    assert_int_equal(edai_flat_clone(&eda_type_sample_unlock, &source, &data), EDA_OK);
    const sample_unlock *copy = data;
    assert_null(copy->last.value.id.ptr);
    assert_int_equal(copy->last.value.id.len, 0);
    edai_free(data);
}

static void copy_zeroes_the_gaps_between_parts(void **state)
{
    sample_any *one = calloc(1, sizeof *one);
    size_t size;

    (void)state;
    assert_non_null(one);
    one->u8s = (eda_list_uint8_t){.items = (const uint8_t *)"abc", .len = 3};
    one->i64s = (eda_list_int64_t){.items = (const int64_t[]){1}, .len = 1};
    assert_int_equal(edai_flat_size(&eda_type_sample_any, one, &size), EDA_OK);
    assert_int_equal(size, (sizeof *one + 7) / 8 * 8 + 8 + 8);
    unsigned char *block = malloc(size);
    assert_non_null(block);
    memset(block, 0xaa, size);
    edai_flat_copy(&eda_type_sample_any, one, block, size);
    const unsigned char *gap = block + (sizeof *one + 7) / 8 * 8 + 3;
    assert_memory_equal(gap, "\0\0\0\0\0", 5); /* between the lists */
    free(block);
    free(one);
}

static void clone_without_memory_returns_enomem(void **state)
{
    void *data = state;

    (void)state;
    eda_value value = EDA_MSG(sample_badge, .id = EDA_STR("7"));
    edai_alloc_fail_at(1);
    assert_int_equal(edai_flat_clone(value.type, value.data, &data), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_ptr_equal(data, state);
}

static void opaque_structs_are_copied_as_bytes(void **state)
{
    machine source = {.handle = state};
    void *data;

    assert_int_equal(edai_flat_check(&eda_type_holder, &source, NULL), EDA_OK);
    assert_int_equal(edai_flat_clone(&eda_type_holder, &source, &data), EDA_OK);
    assert_ptr_equal(((machine *)data)->handle, state);
    edai_free(data);
    assert_true(edai_shape_of(&eda_type_holder).is_plain);
}

static void texts_of_states_are_copied_as_strings(void **state)
{
    const eda_type type = {.name = "saved",
        .kind = EDA_KIND_RECORD,
        .size = sizeof(eda_text),
        .fields =
            (const eda_field[]){{.name = "note", .type = &eda_type_eda_text}, {.name = NULL}}};
    char note[] = "kept";
    eda_text source = {.ptr = note, .len = 4};
    void *data;

    (void)state;
    assert_int_equal(edai_flat_clone(&type, &source, &data), EDA_OK);
    note[0] = 'w';
    assert_memory_equal(((eda_text *)data)->ptr, "kept", 4);
    edai_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape_of_numbers_is_plain),
        cmocka_unit_test(shape_of_pointers_is_not_plain),
        cmocka_unit_test(shape_knows_a_few_texts_wherever_they_lie),
        cmocka_unit_test(check_of_numbers_outside_their_range_names_them),
        cmocka_unit_test(check_of_lengths_above_their_bound_names_them),
        cmocka_unit_test(check_of_what_is_no_text_names_it),
        cmocka_unit_test(check_of_nesting_above_the_bound_is_refused),
        cmocka_unit_test(check_of_more_than_the_size_bound_is_refused),
        cmocka_unit_test(lengths_that_overflow_are_refused),
        cmocka_unit_test(copy_of_every_kind_is_whole_and_within_its_block),
        cmocka_unit_test(copy_forgets_what_an_unset_optional_held),
        cmocka_unit_test(copy_zeroes_the_gaps_between_parts),
        cmocka_unit_test(clone_without_memory_returns_enomem),
        cmocka_unit_test(opaque_structs_are_copied_as_bytes),
        cmocka_unit_test(texts_of_states_are_copied_as_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
