/* wire_test.c - what is written is read again; what was cut, changed or made up is refused. */
#include "wire/wire.h"

#include "base/memory.h"

#include <edacious/codec.h>
#include <edacious/declare.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))
#define ME "gate/0123456789abcdef"

EDA_RECORD(wire_unlock, (eda_str, badge), (uint8_t, attempt, .range = {1, 3}));

static const edai_wire_item items[] = {
    {.kind = EDAI_WIRE_MESSAGE,
        .flags = EDAI_WIRE_WANTS_END,
        .type = EDA_STR_INIT("door_unlock"),
        .actor = EDA_STR_INIT("door"),
        .from = EDA_STR_INIT("reader/7"),
        .corr = 9,
        .left_ms = 250,
        .body = {(const uint8_t *)"\xa0", 1}},
    {.kind = EDAI_WIRE_MESSAGE},
    {.kind = EDAI_WIRE_MESSAGE,
        .flags = EDAI_WIRE_OUTSIDE,
        .type = EDA_STR_INIT("door_opened"),
        .actor = EDA_STR_INIT("hall"),
        .from = EDA_STR_INIT("door"),
        .left_ms = 3,
        .body = {(const uint8_t *)"\xa0", 1}},
    {.kind = EDAI_WIRE_SAME,
        .flags = EDAI_WIRE_OUTSIDE,
        .type = EDA_STR_INIT("door_opened"),
        .actor = EDA_STR_INIT("hall"),
        .from = EDA_STR_INIT("door"),
        .body = {(const uint8_t *)"\xa1\x00\x00", 3}},
    {.kind = EDAI_WIRE_END,
        .corr = UINT64_MAX,
        .status = 2147483647,
        .text = EDA_STR_INIT("no h\xc3\xa9ro"),
        .body = {(const uint8_t *)"\x00\x01", 2}},
    {.kind = EDAI_WIRE_MOVED, .actor = EDA_STR_INIT("door"), .partition = 255},
    {.kind = EDAI_WIRE_ACK, .arrived = UINT64_C(1) << 40, .lost = 65536},
    {.kind = EDAI_WIRE_RAW,
        .flags = UINT32_MAX,
        .type = EDA_STR_INIT("cam/1/frame"),
        .actor = EDA_STR_INIT("camera"),
        .from = EDA_STR_INIT("outside/"),
        .left_ms = UINT32_MAX,
        .body = {(const uint8_t *)"\xff\x00", 2},
        .encoding = EDA_STR_INIT("application/cdr")},
};

static void write_batch(edai_buffer *buffer)
{
    edai_wire_begin(buffer, EDA_STR(ME), 17);
    for (size_t i = 0; i < COUNT(items); i++) {
        edai_wire_put(buffer, &items[i]);
    }
    edai_wire_end(buffer, 17);
}

static eda_bytes bytes_of(const edai_buffer *buffer)
{
    return (eda_bytes){.ptr = buffer->bytes, .len = buffer->size};
}

/* Exactly so large, so that a sanitizer sees a read beyond it; to be freed. */
static uint8_t *exact(const uint8_t *from, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    memcpy(copy, from, size);
    return copy;
}

static void assert_text(eda_str text, eda_str expected)
{
    assert_true(eda_str_equal(text, expected));
}

static void assert_item(const edai_wire_item *item, const edai_wire_item *expected)
{
    assert_int_equal(item->kind, expected->kind);
    assert_int_equal(item->flags, expected->flags);
    assert_text(item->type, expected->type);
    assert_text(item->actor, expected->actor);
    assert_text(item->from, expected->from);
    assert_int_equal(item->corr, expected->corr);
    assert_int_equal(item->left_ms, expected->left_ms);
    assert_int_equal(item->body.len, expected->body.len);
    if (item->body.len > 0) {
        assert_memory_equal(item->body.ptr, expected->body.ptr, item->body.len);
    }
    assert_text(item->encoding, expected->encoding);
    assert_int_equal(item->status, expected->status);
    assert_text(item->text, expected->text);
    assert_int_equal(item->partition, expected->partition);
    assert_int_equal(item->arrived, expected->arrived);
    assert_int_equal(item->lost, expected->lost);
}

/* `first` (NULL: none), then one that is like it. */
static eda_status read_like(const edai_wire_item *first)
{
    const edai_wire_item same = {.kind = EDAI_WIRE_SAME};
    edai_buffer buffer = {0};
    edai_wire_reader reader;
    edai_wire_item item;
    eda_status status = EDA_OK;

    edai_wire_begin(&buffer, EDA_STR(ME), 1);
    if (first != NULL) {
        edai_wire_put(&buffer, first);
    }
    edai_wire_put(&buffer, &same);
    edai_wire_end(&buffer, 1);
    assert_int_equal(edai_wire_read(bytes_of(&buffer), &reader), EDA_OK);
    for (int i = first != NULL ? 2 : 1; i > 0 && status == EDA_OK; i--) {
        status = edai_wire_next(&reader, &item);
    }
    edai_buffer_fini(&buffer);
    return status;
}

static void wire_same_as_no_message_is_esyntax(void **state)
{
    (void)state;
    const edai_wire_item plain = {.kind = EDAI_WIRE_MESSAGE, .corr = 7};
    const edai_wire_item request = {.kind = EDAI_WIRE_MESSAGE, .flags = EDAI_WIRE_REQUEST};
    const edai_wire_item told = {.kind = EDAI_WIRE_MESSAGE, .flags = EDAI_WIRE_WANTS_END};
    const edai_wire_item raw = {.kind = EDAI_WIRE_RAW};

    assert_int_equal(read_like(&plain), EDA_OK);
    assert_int_equal(read_like(NULL), EDA_ESYNTAX);
    assert_int_equal(read_like(&request), EDA_ESYNTAX);
    assert_int_equal(read_like(&told), EDA_ESYNTAX);
    assert_int_equal(read_like(&raw), EDA_ESYNTAX);
}

/* Items until the batch ends or breaks. */
static eda_status read_all(eda_bytes bytes, unsigned *ret_count)
{
    edai_wire_reader reader;
    edai_wire_item item;
    eda_status status = edai_wire_read(bytes, &reader);

    *ret_count = 0;
    while (status == EDA_OK) {
        status = edai_wire_next(&reader, &item);
        *ret_count += status == EDA_OK;
    }
    return status;
}

static void wire_batch_read_gives_what_was_written(void **state)
{
    (void)state;
    edai_buffer buffer = {0};
    edai_wire_reader reader;
    edai_wire_item item;

    write_batch(&buffer);
    assert_false(buffer.is_broken);
    assert_int_equal(edai_wire_read(bytes_of(&buffer), &reader), EDA_OK);
    assert_text(reader.sender, EDA_STR(ME));
    assert_int_equal(reader.first, 17);
    for (size_t i = 0; i < COUNT(items); i++) {
        assert_int_equal(edai_wire_next(&reader, &item), EDA_OK);
        assert_item(&item, &items[i]);
    }
    assert_int_equal(edai_wire_next(&reader, &item), EDA_ENOENT);
    assert_int_equal(edai_wire_next(&reader, &item), EDA_ENOENT);
    edai_buffer_fini(&buffer);
}

static void wire_batch_cut_anywhere_is_esyntax(void **state)
{
    (void)state;
    edai_buffer buffer = {0};
    unsigned count;

    write_batch(&buffer);
    for (size_t len = 0; len < buffer.size; len++) {
        uint8_t *bytes = exact(buffer.bytes, len);
        assert_int_equal(read_all((eda_bytes){bytes, len}, &count), EDA_ESYNTAX);
        free(bytes);
    }
    edai_wire_end(&buffer, 17); /* a second one */
    assert_int_equal(read_all(bytes_of(&buffer), &count), EDA_ESYNTAX);
    assert_int_equal(count, COUNT(items));
    edai_buffer_fini(&buffer);
}

static void wire_batch_with_a_byte_changed_is_read_or_refused(void **state)
{
    (void)state;
    edai_buffer buffer = {0};
    unsigned count;

    write_batch(&buffer);
    for (size_t at = 0; at < buffer.size; at++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t *bytes = exact(buffer.bytes, buffer.size);
            bytes[at] = (uint8_t)value;
            eda_status status = read_all((eda_bytes){bytes, buffer.size}, &count);
            assert_true(status == EDA_ENOENT || status == EDA_ESYNTAX);
            free(bytes);
        }
    }
    edai_buffer_fini(&buffer);
}

/* Two batches on one stream, which is cut somewhere in the first and goes on with the second. */
static void wire_batch_that_goes_on_as_another_is_esyntax(void **state)
{
    (void)state;
    edai_buffer buffer = {0};
    unsigned count;

    write_batch(&buffer);
    assert_int_equal(read_all(bytes_of(&buffer), &count), EDA_ENOENT);
    for (size_t cut = 2; cut < buffer.size; cut++) {
        for (size_t skipped = 0; skipped < 16; skipped++) {
            size_t rest = buffer.size - cut;
            uint8_t *bytes = exact(buffer.bytes, buffer.size);
            if (skipped != cut && skipped + rest <= buffer.size) {
                memcpy(bytes + cut, buffer.bytes + skipped, rest);
                assert_int_equal(read_all((eda_bytes){bytes, buffer.size}, &count), EDA_ESYNTAX);
                assert_int_equal(count, 0);
            }
            free(bytes);
        }
    }
    edai_buffer_fini(&buffer);
}

/* A literal's bytes, its terminating zero left out, in a block of that size. */
static eda_status read_literal(const char *bytes, size_t size, unsigned *ret_count)
{
    uint8_t *block = exact((const uint8_t *)bytes, size);
    eda_status status = read_all((eda_bytes){block, size}, ret_count);

    free(block);
    return status;
}

#define READ(literal_, ret_count_) read_literal("" literal_, sizeof(literal_) - 1, (ret_count_))
#define TEXT_ME "\x75" ME

static void wire_batch_passes_over_what_it_does_not_know(void **state)
{
    (void)state;
    unsigned count;

    /* items of a known length; an unknown kind, one more element than known, two more behind */
    assert_int_equal(READ("\x86\x01" TEXT_ME "\x01\x83"
                          "\x82\x18\x63\xa1\x61\x61\x9f\x01\xff"
                          "\x84\x03\x05\x06\xf6"
                          "\x81\x19\x01\x00"
                          "\x60\x00",
                         &count),
        EDA_ENOENT);
    assert_int_equal(count, 1);
}

static void wire_batch_that_is_none_is_esyntax(void **state)
{
    (void)state;
    unsigned count;

    assert_int_equal(READ("", &count), EDA_ESYNTAX);
    assert_int_equal(READ("\xa0", &count), EDA_ESYNTAX);
    assert_int_equal(READ("\x83\x01" TEXT_ME "\x01", &count), EDA_ESYNTAX);
    assert_int_equal(READ("\x84\x02" TEXT_ME "\x01\x80", &count), EDA_ESYNTAX); /* version */
    assert_int_equal(READ("\x84\x01\x64gate\x01\x80", &count), EDA_ESYNTAX);    /* sender */
    assert_int_equal(READ("\x84\x01" TEXT_ME "\x20\x80", &count), EDA_ESYNTAX); /* first: -1 */
    assert_int_equal(READ("\x84\x01" TEXT_ME "\x01\xa0", &count), EDA_ESYNTAX);
    assert_int_equal(READ("\x84\x01" TEXT_ME "\x01\x80", &count), EDA_ENOENT);
}

static void wire_item_with_a_wrong_element_is_esyntax(void **state)
{
    (void)state;
    unsigned count;

    assert_int_equal(READ("\x84\x01" TEXT_ME "\x01\x81\x00", &count), EDA_ESYNTAX);
    assert_int_equal(READ("\x84\x01" TEXT_ME "\x01\x81\x80", &count), EDA_ESYNTAX);
    assert_int_equal(READ("\x84\x01" TEXT_ME "\x01\x81\x81\x60", &count), EDA_ESYNTAX);
    assert_int_equal(/* too few */
        READ("\x84\x01" TEXT_ME "\x01\x81\x82\x03\x05", &count), EDA_ESYNTAX);
    assert_int_equal(/* partition 256 */
        READ("\x84\x01" TEXT_ME "\x01\x81\x83\x02\x60\x19\x01\x00", &count), EDA_ESYNTAX);
    assert_int_equal(/* status 2^31 */
        READ("\x84\x01" TEXT_ME "\x01\x81\x85\x01\x00\x1a\x80\x00\x00\x00\x60\x40", &count),
        EDA_ESYNTAX);
    assert_int_equal(/* a text that is not UTF-8 */
        READ("\x84\x01" TEXT_ME "\x01\x81\x83\x02\x61\xff\x00", &count), EDA_ESYNTAX);
    assert_int_equal(/* flags 2^32 */
        READ("\x84\x01" TEXT_ME
             "\x01\x81\x88\x00\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x60\x60\x60\x00\x00\x40",
            &count),
        EDA_ESYNTAX);
}

static void wire_item_of_an_unknown_kind_too_deep_is_esyntax(void **state)
{
    (void)state;
    char bytes[200] = "\x84\x01" TEXT_ME "\x01\x9f\x82\x09";
    size_t len = strlen(bytes);
    unsigned count;

    memset(bytes + len, 0x81, 100);
    assert_int_equal(read_literal(bytes, len + 102, &count), EDA_ESYNTAX);
    assert_int_equal(count, 0);
}

static void wire_read_after_a_break_stays_broken(void **state)
{
    (void)state;
    static const char bytes[] = "\x84\x01" TEXT_ME "\x01\x82\x60\x83\x03\x01\x02";
    edai_wire_reader reader;
    edai_wire_item item;

    assert_int_equal(
        edai_wire_read((eda_bytes){(const uint8_t *)bytes, sizeof bytes - 1}, &reader), EDA_OK);
    assert_int_equal(edai_wire_next(&reader, &item), EDA_ESYNTAX);
    assert_int_equal(edai_wire_next(&reader, &item), EDA_ESYNTAX);
}

/* --- values encoded in place --- */

static const edai_wire_item unlock_item = {.kind = EDAI_WIRE_MESSAGE,
    .type = EDA_STR_INIT("wire_unlock"),
    .actor = EDA_STR_INIT("door"),
    .from = EDA_STR_INIT("reader/7")};

static edai_cbor_plan *unlock_plan; /* NULL: none is used */

static eda_status put_unlock(edai_buffer *buffer, eda_str badge, uint8_t attempt)
{
    wire_unlock message = {.badge = badge, .attempt = attempt};

    return edai_wire_put_value(buffer, &unlock_item,
        (eda_value){.type = &eda_type_wire_unlock, .data = &message}, unlock_plan);
}

static int make_plan(void **state)
{
    (void)state;
    unlock_plan = edai_cbor_plan_new(&eda_type_wire_unlock);
    return unlock_plan != NULL ? 0 : -1;
}

static int drop_plan(void **state)
{
    (void)state;
    free(unlock_plan);
    unlock_plan = NULL;
    return 0;
}

static void assert_next_unlock(edai_wire_reader *reader, eda_str badge)
{
    edai_wire_item item;
    void *data;

    assert_int_equal(edai_wire_next(reader, &item), EDA_OK);
    assert_text(item.type, EDA_STR("wire_unlock"));
    assert_int_equal(eda_cbor_decode(&eda_type_wire_unlock, item.body, &data, NULL), EDA_OK);
    assert_text(((wire_unlock *)data)->badge, badge);
    free(data);
}

static void wire_put_value_encodes_in_place_at_any_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 23, 24, 255, 256, 65000, 65535, 65536, 70000, 1000000};
    char *badge = malloc(1000000);
    edai_buffer buffer = {0};
    edai_wire_reader reader;

    assert_non_null(badge);
    memset(badge, 'x', 1000000);
    edai_wire_begin(&buffer, EDA_STR(ME), 1);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(put_unlock(&buffer, (eda_str){badge, sizes[i]}, 1), EDA_OK);
    }
    edai_wire_end(&buffer, 1);
    assert_int_equal(edai_wire_read(bytes_of(&buffer), &reader), EDA_OK);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_next_unlock(&reader, (eda_str){badge, sizes[i]});
    }
    edai_buffer_fini(&buffer);
    free(badge);
}

static void wire_put_value_that_cannot_be_encoded_writes_nothing(void **state)
{
    (void)state;
    char *badge = calloc(EDA_CODEC_SIZE_MAX, 1);
    edai_buffer buffer = {0};
    edai_wire_reader reader;
    edai_wire_item item;

    assert_non_null(badge);
    edai_wire_begin(&buffer, EDA_STR(ME), 1);
    assert_int_equal(put_unlock(&buffer, EDA_STR("1"), 1), EDA_OK);
    size_t size = buffer.size;
    assert_int_equal(put_unlock(&buffer, EDA_STR("1"), 4), EDA_ERANGE);
    assert_int_equal(put_unlock(&buffer, EDA_STR("\xff"), 1), EDA_EINVAL);
    assert_int_equal(put_unlock(&buffer, (eda_str){badge, EDA_CODEC_SIZE_MAX}, 1), EDA_ERANGE);
    assert_int_equal(buffer.size, size);
    assert_int_equal(put_unlock(&buffer, EDA_STR("2"), 1), EDA_OK);
    edai_wire_end(&buffer, 1);
    assert_int_equal(edai_wire_read(bytes_of(&buffer), &reader), EDA_OK);
    assert_next_unlock(&reader, EDA_STR("1"));
    assert_next_unlock(&reader, EDA_STR("2"));
    assert_int_equal(edai_wire_next(&reader, &item), EDA_ENOENT);
    edai_buffer_fini(&buffer);
    free(badge);
}

static void wire_put_value_without_memory_writes_nothing(void **state)
{
    (void)state;
    static char badge[70000];
    unsigned nth = 0;
    eda_status status;

    do {
        edai_buffer buffer = {0};
        edai_wire_begin(&buffer, EDA_STR(ME), 1);
        size_t size = buffer.size;
        edai_alloc_fail_at(++nth);
        status = put_unlock(&buffer, (eda_str){badge, sizeof badge}, 1);
        edai_alloc_fail_at(0);
        if (status != EDA_OK) {
            assert_int_equal(status, EDA_ENOMEM);
            assert_int_equal(buffer.size, size);
            assert_int_equal(put_unlock(&buffer, EDA_STR("1"), 1), EDA_OK);
        }
        assert_false(buffer.is_broken);
        edai_buffer_fini(&buffer);
    } while (status != EDA_OK);
    assert_true(nth > 1);
}

static void wire_writing_without_memory_breaks_the_buffer_until_cleared(void **state)
{
    (void)state;
    edai_buffer buffer = {0};
    unsigned count;

    edai_alloc_fail_at(1);
    write_batch(&buffer);
    edai_alloc_fail_at(0);
    assert_true(buffer.is_broken);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(put_unlock(&buffer, EDA_STR("1"), 1), EDA_ENOMEM);
    edai_buffer_clear(&buffer);
    write_batch(&buffer);
    assert_int_equal(read_all(bytes_of(&buffer), &count), EDA_ENOENT);
    assert_int_equal(count, COUNT(items));
    edai_buffer_fini(&buffer);
}

static void wire_end_with_a_long_text_cuts_it_between_characters(void **state)
{
    (void)state;
    size_t len = EDAI_WIRE_TEXT_MAX + 3; /* characters of two bytes begin at odd places */
    char *text = malloc(len);
    edai_buffer buffer = {0};
    edai_wire_reader reader;
    edai_wire_item item = {.kind = EDAI_WIRE_END, .corr = 1, .status = EDA_EFAILED};

    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = i % 2 == 0 ? '\xc3' : '\xa9';
    }
    item.text = (eda_str){text, len};
    edai_wire_begin(&buffer, EDA_STR(ME), 1);
    edai_wire_put(&buffer, &item);
    edai_wire_end(&buffer, 1);
    assert_int_equal(edai_wire_read(bytes_of(&buffer), &reader), EDA_OK);
    assert_int_equal(edai_wire_next(&reader, &item), EDA_OK);
    assert_int_equal(item.text.len, EDAI_WIRE_TEXT_MAX - 1);
    edai_buffer_fini(&buffer);
    free(text);
}

static void wire_id_takes_a_chunk_and_16_digits(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool is_good;
    } ids[] = {{"gate/0123456789abcdef", true}, {"G-1 \xc3\xa9/0123456789ABCDEF", true},
        {"gate/0123456789abcde", false}, {"gate/0123456789abcdeg", false},
        {"/0123456789abcdef", false}, {"0123456789abcdef", false}, {"gate", false}, {"", false},
        {"a/b/0123456789abcdef", false}, {"a*/0123456789abcdef", false},
        {"@a/0123456789abcdef", false}, {"a\n/0123456789abcdef", false},
        {"\xff/0123456789abcdef", false}, {"gate-0123456789abcdef", false}};

    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_int_equal(edai_wire_id_is_good(eda_str_from(ids[i].id)), ids[i].is_good);
    }
    char id[EDAI_WIRE_NODE_LEN_MAX + 1 + 1 + EDAI_WIRE_INC_LEN];
    memset(id, '0', sizeof id);
    id[EDAI_WIRE_NODE_LEN_MAX + 1] = '/';
    assert_false(edai_wire_id_is_good((eda_str){id, sizeof id}));
    assert_true(edai_wire_id_is_good((eda_str){id + 1, sizeof id - 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire_batch_read_gives_what_was_written),
        cmocka_unit_test(wire_batch_cut_anywhere_is_esyntax),
        cmocka_unit_test(wire_same_as_no_message_is_esyntax),
        cmocka_unit_test(wire_batch_that_goes_on_as_another_is_esyntax),
        cmocka_unit_test(wire_batch_with_a_byte_changed_is_read_or_refused),
        cmocka_unit_test(wire_batch_passes_over_what_it_does_not_know),
        cmocka_unit_test(wire_batch_that_is_none_is_esyntax),
        cmocka_unit_test(wire_item_with_a_wrong_element_is_esyntax),
        cmocka_unit_test(wire_item_of_an_unknown_kind_too_deep_is_esyntax),
        cmocka_unit_test(wire_read_after_a_break_stays_broken),
        cmocka_unit_test(wire_put_value_encodes_in_place_at_any_size),
        {"wire_put_value_encodes_in_place_at_any_size, by a plan",
            wire_put_value_encodes_in_place_at_any_size, make_plan, drop_plan, NULL},
        cmocka_unit_test(wire_put_value_that_cannot_be_encoded_writes_nothing),
        {"wire_put_value_that_cannot_be_encoded_writes_nothing, by a plan",
            wire_put_value_that_cannot_be_encoded_writes_nothing, make_plan, drop_plan, NULL},
        cmocka_unit_test(wire_put_value_without_memory_writes_nothing),
        cmocka_unit_test(wire_writing_without_memory_breaks_the_buffer_until_cleared),
        cmocka_unit_test(wire_end_with_a_long_text_cuts_it_between_characters),
        cmocka_unit_test(wire_id_takes_a_chunk_and_16_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
