/* local_fuzz.c - what arrives at the socket of the bus between processes: any bytes, cut anywhere.
 *
 * The first byte says which end reads, the second in what pieces. A hub's end goes on to three
 * sessions, which take turns: what is a frame is routed. */
#include <edacious/topic.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/local/frame.h"
#include "bus/local/relay.h"

#define PEERS_LEN 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

/* What a frame that was let through must be. */
static void look(const edai_frame *frame, bool is_hub)
{
    uint8_t header[EDAI_FRAME_HEADER_SIZE];
    const uint8_t *at = header;
    edai_reader again = {.is_hub = is_hub};
    edai_frame copy = {.body = NULL};
    eda_status status;

    edai_frame_write(frame, header);
    bool is_whole = edai_reader_take(&again, &at, header + sizeof(header), &copy, &status);
    demand(status == EDA_OK, "what was read can be written and is taken again");
    if (frame->body == NULL) {
        demand(is_whole && copy.type == frame->type && copy.flags == frame->flags &&
                   copy.id == frame->id && copy.other == frame->other,
            "a header is the same again");
    } else {
        at = frame->body->bytes;
        is_whole = edai_reader_take(&again, &at, at + frame->body->size, &copy, &status);
        demand(
            is_whole && copy.body != NULL && copy.body->size == frame->body->size, "so is a body");
        edai_block_free(copy.body);
    }
    edai_reader_reset(&again);
    bool is_message = frame->type == EDAI_FRAME_PUT || frame->type == EDAI_FRAME_GET ||
                      frame->type == EDAI_FRAME_QUERY ||
                      (frame->type == EDAI_FRAME_ANSWER && frame->body != NULL);
    if (is_message) {
        demand(frame->body != NULL, "a message has a body");
        eda_bus_message m = edai_frame_message(frame);
        demand(eda_topic_check(m.key) == EDA_OK, "a message has a key");
        demand(m.payload.ptr + m.payload.len == frame->body->bytes + frame->body->size,
            "a message is all of its body");
        demand(m.payload.len <= EDA_BUS_PAYLOAD_MAX, "a payload is bounded");
    }
}

/* Returns false if nothing more is read from there. */
static bool feed(
    edai_reader *reader, const uint8_t *at, size_t len, edai_relay *route, edai_peer *from)
{
    const uint8_t *end = at + len;
    edai_frame frame;
    eda_status status;

    while (edai_reader_take(reader, &at, end, &frame, &status)) {
        look(&frame, reader->is_hub);
        if (route != NULL && frame.type != EDAI_FRAME_HELLO) {
            status = edai_relay_take(route, from, &frame);
            demand(status == EDA_OK, "a sound frame is routed");
        }
        edai_block_free(frame.body);
    }
    demand(status != EDA_OK || at == end, "all is taken, or why not is said");
    return status == EDA_OK;
}

static void read_as_session(const uint8_t *data, size_t size, size_t piece)
{
    edai_reader reader = {.is_hub = false};
    bool goes_on = true;

    for (size_t at = 0; at < size && goes_on; at += piece) {
        goes_on = feed(&reader, data + at, piece < size - at ? piece : size - at, NULL, NULL);
    }
    edai_reader_reset(&reader);
}

/* A piece begins with whose it is. */
static void read_as_hub(const uint8_t *data, size_t size, size_t piece)
{
    edai_peer peers[PEERS_LEN];
    edai_relay route = {.peers = NULL};

    memset(peers, 0, sizeof(peers));
    for (size_t i = 0; i < PEERS_LEN; i++) {
        edai_link_init(&peers[i].link, true);
        peers[i].session = i;
        peers[i].next = route.peers;
        route.peers = &peers[i];
    }
    for (size_t at = 0; at < size; at += piece) {
        edai_peer *peer = &peers[data[at] % PEERS_LEN];
        size_t len = piece < size - at ? piece : size - at;
        peer->is_gone =
            peer->is_gone || !feed(&peer->link.reader, data + at + 1, len - 1, &route, peer);
    }
    while (route.peers != NULL) {
        edai_peer *peer = route.peers;
        route.peers = peer->next;
        edai_relay_leave(&route, peer);
        demand(peer->declared == NULL && peer->queries == NULL, "who leaves leaves nothing");
        edai_link_fini(&peer->link);
    }
    for (size_t i = 0; i < PEERS_LEN; i++) {
        demand(peers[i].asked_len == 0, "all gets have ended");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    if (data[0] % 2 == 0) {
        read_as_session(data + 2, size - 2, 1u + data[1]);
    } else {
        read_as_hub(data + 2, size - 2, 2u + data[1]);
    }
    return 0;
}
