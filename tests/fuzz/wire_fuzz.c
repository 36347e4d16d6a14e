/* wire_fuzz.c - any bytes as what nodes say to each other: refused, or read, written, and read
 * again as the same. */
#include <string.h>

#include "base/assert.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool bytes_equal(eda_bytes a, eda_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void check_item(const edai_wire_item *a, const edai_wire_item *b)
{
    EDA_ASSERT(a->kind == b->kind && a->flags == b->flags && a->corr == b->corr, "numbers stay");
    EDA_ASSERT(a->left_ms == b->left_ms && a->status == b->status, "numbers stay");
    EDA_ASSERT(a->partition == b->partition && a->partition < EDAI_PARTITIONS, "numbers stay");
    EDA_ASSERT(a->arrived == b->arrived && a->lost == b->lost, "numbers stay");
    EDA_ASSERT(eda_str_equal(a->type, b->type) && eda_str_equal(a->actor, b->actor), "texts stay");
    EDA_ASSERT(eda_str_equal(a->from, b->from) && eda_str_equal(a->text, b->text), "texts stay");
    EDA_ASSERT(eda_str_equal(a->encoding, b->encoding), "texts stay");
    EDA_ASSERT(bytes_equal(a->body, b->body), "bodies stay");
}

static void run_batch(eda_bytes bytes)
{
    edai_wire_reader reader;
    edai_wire_reader again;
    edai_wire_item item;
    edai_wire_item other;
    edai_buffer buffer = {0};

    if (edai_wire_read(bytes, &reader) != EDA_OK) {
        return;
    }
    edai_wire_reader start = reader;
    edai_wire_begin(&buffer, reader.sender, reader.first);
    while (edai_wire_next(&reader, &item) == EDA_OK) {
        edai_wire_put(&buffer, &item);
    }
    edai_wire_end(&buffer, start.first);
    EDA_ASSERT(edai_wire_read((eda_bytes){buffer.bytes, buffer.size}, &again) == EDA_OK,
        "what was written is read");
    EDA_ASSERT(eda_str_equal(again.sender, start.sender) && again.first == start.first,
        "the beginning stays");
    while (edai_wire_next(&start, &item) == EDA_OK) {
        EDA_ASSERT(edai_wire_next(&again, &other) == EDA_OK, "no item is lost");
        check_item(&item, &other);
    }
    EDA_ASSERT(edai_wire_next(&again, &other) == EDA_ENOENT, "no item is new");
    edai_buffer_fini(&buffer);
}

static void check_hello(const edai_hello *a, const edai_hello *b)
{
    EDA_ASSERT(eda_str_equal(a->node, b->node) && eda_str_equal(a->inc, b->inc), "names stay");
    EDA_ASSERT(a->view == b->view && a->members == b->members, "numbers stay");
    EDA_ASSERT(a->actors == b->actors, "numbers stay");
    EDA_ASSERT(a->sent == b->sent && a->arrived == b->arrived, "numbers stay");
    EDA_ASSERT(a->is_idle == b->is_idle && a->is_leaving == b->is_leaving, "flags stay");
    EDA_ASSERT(a->link_count == b->link_count && a->held_count == b->held_count, "counts stay");
    for (uint32_t i = 0; i < a->link_count; i++) {
        EDA_ASSERT(eda_str_equal(a->links[i].peer, b->links[i].peer), "links stay");
        EDA_ASSERT(a->links[i].arrived == b->links[i].arrived, "links stay");
        EDA_ASSERT(a->links[i].lost == b->links[i].lost, "links stay");
    }
    for (uint32_t i = 0; i < a->held_count; i++) {
        EDA_ASSERT(eda_str_equal(a->held[i].actor, b->held[i].actor), "what is held stays");
        EDA_ASSERT(memcmp(a->held[i].bits, b->held[i].bits, sizeof a->held[i].bits) == 0,
            "what is held stays");
    }
}

static void run_hello(eda_bytes bytes)
{
    static edai_wire_link links[2][EDAI_WIRE_LINKS_MAX];
    static edai_wire_held held[2][EDAI_WIRE_HELD_MAX];
    edai_hello hello = {.links = links[0], .held = held[0]};
    edai_hello again = {.links = links[1], .held = held[1]};
    edai_buffer buffer = {0};

    if (edai_wire_read_hello(bytes, &hello) != EDA_OK) {
        return;
    }
    edai_wire_hello(&buffer, &hello);
    EDA_ASSERT(edai_wire_read_hello((eda_bytes){buffer.bytes, buffer.size}, &again) == EDA_OK,
        "what was written is read");
    check_hello(&hello, &again);
    edai_buffer_fini(&buffer);
}

static void run_attachment(eda_bytes bytes)
{
    edai_buffer texts = {0};
    edai_buffer buffer = {0};
    edai_buffer none = {0};
    edai_attachment attachment;
    edai_attachment again;

    if (edai_wire_read_attachment(bytes, &texts, &attachment) == EDA_OK) {
        edai_wire_attachment(&buffer, &attachment);
        eda_bytes written = {buffer.bytes, buffer.size};
        if (written.len <= EDAI_WIRE_TEXT_MAX) {
            EDA_ASSERT(edai_wire_read_attachment(written, &none, &again) == EDA_OK,
                "what was written is read");
            EDA_ASSERT(eda_str_equal(attachment.type, again.type), "the type stays");
            EDA_ASSERT(eda_str_equal(attachment.source, again.source), "the source stays");
        }
    }
    edai_buffer_fini(&texts);
    edai_buffer_fini(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    eda_bytes bytes = {.ptr = data, .len = size};

    run_batch(bytes);
    run_hello(bytes);
    run_attachment(bytes);
    return 0;
}
