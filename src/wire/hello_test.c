/* hello_test.c - hellos and attachments: what is written is read again, the rest is refused. */
#include "wire/wire.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GATE "0123456789abcdef"

static edai_wire_link links[EDAI_WIRE_LINKS_MAX + 1];
static edai_wire_held held[EDAI_WIRE_HELD_MAX + 1];
static edai_wire_link links_read[EDAI_WIRE_LINKS_MAX];
static edai_wire_held held_read[EDAI_WIRE_HELD_MAX];

static edai_hello hello_of(uint32_t link_count, uint32_t held_count)
{
    static char names[EDAI_WIRE_LINKS_MAX + 1][2][32];

    for (uint32_t i = 0; i <= EDAI_WIRE_LINKS_MAX; i++) {
        (void)snprintf(names[i][0], sizeof names[i][0], "n%u/%016x", i, i);
        (void)snprintf(names[i][1], sizeof names[i][1], "actor_%u", i);
        links[i] = (edai_wire_link){
            .peer = eda_str_from(names[i][0]), .arrived = (uint64_t)i << 30, .lost = i};
        held[i].actor = eda_str_from(names[i][1]);
        memset(held[i].bits, (int)i, sizeof held[i].bits);
    }
    return (edai_hello){.node = EDA_STR("gate"),
        .inc = EDA_STR(GATE),
        .view = 3,
        .members = UINT64_MAX - 1,
        .is_leaving = link_count % 2 == 1,
        .actors = UINT64_MAX,
        .is_idle = true,
        .sent = 1000000,
        .arrived = 23,
        .links = links,
        .link_count = link_count,
        .held = held,
        .held_count = held_count};
}

static edai_hello room(void)
{
    return (edai_hello){.links = links_read, .held = held_read, .view = 99, .link_count = 99};
}

static eda_bytes bytes_of(const edai_buffer *buffer)
{
    return (eda_bytes){.ptr = buffer->bytes, .len = buffer->size};
}

static eda_status read_literal(const char *bytes, size_t size, edai_hello *hello)
{
    return edai_wire_read_hello((eda_bytes){(const uint8_t *)bytes, size}, hello);
}

#define READ(literal_, hello_) read_literal("" literal_, sizeof(literal_) - 1, (hello_))
#define V_NODE_INC "\x61v\x01\x64node\x64gate\x63inc\x70" GATE

static void hello_read_gives_what_was_written(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, EDAI_WIRE_LINKS_MAX};
    edai_buffer buffer = {0};

    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        edai_hello hello = hello_of(counts[c], counts[c]);
        edai_hello read = room();
        edai_buffer_clear(&buffer);
        edai_wire_hello(&buffer, &hello);
        assert_int_equal(edai_wire_read_hello(bytes_of(&buffer), &read), EDA_OK);
        assert_true(eda_str_equal(read.node, hello.node) && eda_str_equal(read.inc, hello.inc));
        assert_true(read.view == 3 && read.members == UINT64_MAX - 1);
        assert_int_equal(read.is_leaving, hello.is_leaving);
        assert_true(read.is_idle && read.actors == UINT64_MAX);
        assert_true(read.sent == 1000000 && read.arrived == 23);
        assert_int_equal(read.link_count, counts[c]);
        assert_int_equal(read.held_count, counts[c]);
        for (uint32_t i = 0; i < counts[c]; i++) {
            assert_true(eda_str_equal(read.links[i].peer, links[i].peer));
            assert_int_equal(read.links[i].arrived, links[i].arrived);
            assert_int_equal(read.links[i].lost, links[i].lost);
            assert_true(eda_str_equal(read.held[i].actor, held[i].actor));
            assert_memory_equal(read.held[i].bits, held[i].bits, sizeof held[i].bits);
        }
    }
    edai_buffer_fini(&buffer);
}

static void hello_cut_anywhere_is_esyntax(void **state)
{
    (void)state;
    edai_hello hello = hello_of(2, 2);
    edai_buffer buffer = {0};

    edai_wire_hello(&buffer, &hello);
    for (size_t len = 0; len < buffer.size; len++) {
        edai_hello read = room();
        uint8_t *bytes = malloc(len > 0 ? len : 1);
        assert_non_null(bytes);
        memcpy(bytes, buffer.bytes, len);
        assert_int_equal(edai_wire_read_hello((eda_bytes){bytes, len}, &read), EDA_ESYNTAX);
        free(bytes);
    }
    edai_buffer_fini(&buffer);
}

static void hello_with_more_than_there_is_room_for_is_erange(void **state)
{
    (void)state;
    edai_hello hello = hello_of(EDAI_WIRE_LINKS_MAX, 0);
    edai_hello read = room();
    edai_buffer buffer = {0};

    edai_wire_hello(&buffer, &hello);
    /* 256 links begin with b9 0100: one more of them, taken from the first */
    uint8_t *count = NULL;
    for (size_t i = 0; i + 3 < buffer.size && count == NULL; i++) {
        count = memcmp(buffer.bytes + i, "\xb9\x01\x00", 3) == 0 ? buffer.bytes + i : NULL;
    }
    assert_non_null(count);
    size_t link_size = 1 + links[0].peer.len + 3;
    size_t behind = (size_t)(count + 3 - buffer.bytes);
    uint8_t *more = malloc(buffer.size + link_size);
    assert_non_null(more);
    memcpy(more, buffer.bytes, behind);
    more[behind - 1] = 1;
    memcpy(more + behind, buffer.bytes + behind, link_size);
    memcpy(more + behind + link_size, buffer.bytes + behind, buffer.size - behind);
    eda_bytes bytes = {more, buffer.size + link_size};
    assert_int_equal(edai_wire_read_hello(bytes, &read), EDA_ERANGE);
    free(more);
    edai_buffer_fini(&buffer);
}

static void hello_ignores_what_it_does_not_know(void **state)
{
    (void)state;
    edai_hello read = room();

    assert_int_equal(READ("\xbf" V_NODE_INC "\x65later\xa1\x01\x9f\x02\xff"
                          "\x07\x08"
                          "\x7f\x61v\xff\x02"
                          "\x65links\xa1\x72h/0000000000000001\x83\x01\x02\x60"
                          "\x65state\x64"
                          "away\xff",
                         &read),
        EDA_OK);
    assert_true(eda_str_equal(read.node, EDA_STR("gate")));
    assert_true(read.is_leaving); /* whatever "away" is, it is not ready */
    assert_int_equal(read.view, 0);
    assert_int_equal(read.link_count, 1);
    assert_int_equal(read.links[0].lost, 2);
}

static void hello_that_is_none_is_esyntax(void **state)
{
    (void)state;
    edai_hello read = room();

    assert_int_equal(READ("\xa3" V_NODE_INC, &read), EDA_OK);
    assert_int_equal(READ("", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\x80", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa3" V_NODE_INC "\x00", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa2\x64node\x64gate\x63inc\x70" GATE, &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa2\x61v\x01\x64node\x64gate", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa2\x61v\x01\x63inc\x70" GATE, &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa3\x61v\x02\x64node\x64gate\x63inc\x70" GATE, &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa3\x61v\x01\x64node\x64g/te\x63inc\x70" GATE, &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa4" V_NODE_INC "\x64view\x20", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa4" V_NODE_INC "\x64idle\x01", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa4" V_NODE_INC "\x65links\xa1\x61x\x82\x01\x02", &read), EDA_ESYNTAX);
    assert_int_equal(
        READ("\xa4" V_NODE_INC "\x65links\xa1\x72h/0000000000000001\x81\x01", &read), EDA_ESYNTAX);
    assert_int_equal(READ("\xa4" V_NODE_INC "\x64held\xa1\x64"
                          "door\x42\x01\x02",
                         &read),
        EDA_ESYNTAX);
}

static void hello_without_memory_breaks_the_buffer(void **state)
{
    (void)state;
    edai_hello hello = hello_of(1, 1);
    edai_buffer buffer = {0};

    edai_alloc_fail_at(1);
    edai_wire_hello(&buffer, &hello);
    assert_true(buffer.is_broken);
    assert_int_equal(buffer.size, 0);
    edai_buffer_fini(&buffer);
}

/* --- attachments --- */

static void assert_attachment(const char *bytes, size_t size, eda_str type, eda_str source)
{
    edai_buffer texts = {0};
    edai_attachment read;

    assert_int_equal(
        edai_wire_read_attachment((eda_bytes){(const uint8_t *)bytes, size}, &texts, &read),
        EDA_OK);
    assert_true(eda_str_equal(read.type, type));
    assert_true(eda_str_equal(read.source, source));
    edai_buffer_fini(&texts);
}

#define ASSERT_ATTACHMENT(literal_, type_, source_)                                                \
    assert_attachment("" literal_, sizeof(literal_) - 1, EDA_STR(type_), EDA_STR(source_))

static void attachment_is_read_from_cbor_and_json(void **state)
{
    (void)state;
    ASSERT_ATTACHMENT("\xa0", "", "");
    ASSERT_ATTACHMENT("\xa2\x61t\x64pong\x61x\x81\x01", "pong", "");
    ASSERT_ATTACHMENT("{}", "", "");
    ASSERT_ATTACHMENT(
        "{\"t\": \"p\\u00e9\", \"src\": \"a/b\", \"v\": 1, \"x\": []}", "p\xc3\xa9", "a/b");
}

static void attachment_read_gives_what_was_written(void **state)
{
    (void)state;
    static const edai_attachment attachments[] = {
        {{"", 0}, {"", 0}}, {{"door", 4}, {"", 0}}, {{"door", 4}, {"house/gate/reader/7", 19}}};
    edai_buffer buffer = {0};

    for (size_t i = 0; i < 3; i++) {
        edai_buffer_clear(&buffer);
        edai_wire_attachment(&buffer, &attachments[i]);
        assert_int_equal(buffer.bytes[0], 0xa0 + (i == 0 ? 1 : i == 1 ? 2 : 3));
        assert_attachment(
            (const char *)buffer.bytes, buffer.size, attachments[i].type, attachments[i].source);
    }
    edai_buffer_fini(&buffer);
}

static void attachment_of_somebody_else_is_esyntax(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\x80", "\xa1\x61t\x01", "\xa1\x61v\x02", "\xa1\x61t",
        "\xa0 ", "{", "{\"t\": 1}", "{\"v\": 2}", "{\"v\": \"1\"}", "{} x", "{\"src\": null}"};
    edai_buffer buffer = {0};
    edai_attachment read;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        eda_bytes bytes = {(const uint8_t *)texts[i], strlen(texts[i])};
        assert_int_equal(edai_wire_read_attachment(bytes, &buffer, &read), EDA_ESYNTAX);
    }
    edai_buffer_fini(&buffer);
}

static void attachment_of_json_without_memory_is_enomem(void **state)
{
    (void)state;
    static const char text[] = "{\"t\": \"door\"}";
    edai_buffer buffer = {0};
    edai_attachment read;

    edai_alloc_fail_at(1);
    assert_int_equal(edai_wire_read_attachment(
                         (eda_bytes){(const uint8_t *)text, sizeof text - 1}, &buffer, &read),
        EDA_ENOMEM);
    edai_alloc_fail_at(0);
    edai_buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_read_gives_what_was_written),
        cmocka_unit_test(hello_cut_anywhere_is_esyntax),
        cmocka_unit_test(hello_with_more_than_there_is_room_for_is_erange),
        cmocka_unit_test(hello_ignores_what_it_does_not_know),
        cmocka_unit_test(hello_that_is_none_is_esyntax),
        cmocka_unit_test(hello_without_memory_breaks_the_buffer),
        cmocka_unit_test(attachment_is_read_from_cbor_and_json),
        cmocka_unit_test(attachment_read_gives_what_was_written),
        cmocka_unit_test(attachment_of_somebody_else_is_esyntax),
        cmocka_unit_test(attachment_of_json_without_memory_is_enomem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
