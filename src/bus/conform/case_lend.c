/* case_lend.c - payloads that are given away or kept: whole as long as somebody needs them,
 * released once. Drivers that have none of it pass. */
#include "bus/conform/cases.h"

#include <string.h>

#include "base/memory.h"
#include "bus/conform/pieces.h"

#define LATE "a put that was accepted did not arrive"
#define NO_MEMORY "out of memory for a large put"

/* --- given --- */

static edai_pieces *make(edai_stage *s, const size_t *sizes, uint32_t len)
{
    edai_pieces *pieces = edai_pieces_new(sizes, len);

    if (pieces != NULL) {
        pieces->next = s->pieces;
        s->pieces = pieces;
    }
    return pieces;
}

static eda_status give(edai_stage *s, eda_bus *bus, const char *key, edai_pieces *pieces)
{
    const eda_bus_message message = {.key = edai_stage_key(s, key),
        .encoding = EDA_STR_INIT("text/plain"),
        .attachment = EDA_BYTES("attached")};
    eda_status status = s->driver->put_pieces(bus, &message, pieces->pieces, pieces->len);

    pieces->is_taken = status == EDA_OK;
    return status;
}

static const char *give_and_compare(
    edai_stage *s, edai_record *record, edai_pieces *pieces, uint32_t nth)
{
    EDAI_EXPECT(pieces != NULL, NO_MEMORY);
    EDAI_EXPECT(give(s, s->a, "x", pieces) == EDA_OK,
        "a put of pieces was refused while nothing waited to be sent");
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, nth + 1, s->patience_ms), LATE);
    const edai_seen *seen = edai_record_nth(record, EDAI_SEEN_PUT, nth);
    EDAI_EXPECT(seen->parcel != NULL, NO_MEMORY);
    EDAI_EXPECT(edai_pieces_are(pieces, seen->parcel->message.payload),
        "a payload in pieces arrived changed; were they released before they were sent?");
    EDAI_EXPECT(seen->parcel->message.attachment.len == strlen("attached") &&
                    eda_str_equal(seen->parcel->message.encoding, EDA_STR("text/plain")),
        "encoding or attachment of a put of pieces arrived changed");
    EDAI_EXPECT(
        edai_pieces_wait(pieces, s->patience_ms), "pieces that were sent were not released");
    return NULL;
}

const char *edai_case_pieces_content(edai_stage *s)
{
    static const size_t one[] = {5};
    static const size_t some[] = {1, 0, 100000, 700};
    static const size_t large[] = {(size_t)1 << 20, 3};
    edai_record *record;

    if (s->driver->put_pieces == NULL) {
        return NULL;
    }
    EDAI_STEP(edai_stage_subscribe(s, s->b, "x", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(give_and_compare(s, record, make(s, one, 1), 0));
    EDAI_STEP(give_and_compare(s, record, make(s, some, 4), 1));
    EDAI_STEP(give_and_compare(s, record, make(s, large, 2), 2));
    return give_and_compare(s, record, make(s, large, 0), 3);
}

/* Among puts. */
const char *edai_case_pieces_order(edai_stage *s)
{
    static const size_t sizes[] = {1, 40000};
    edai_record *record;

    if (s->driver->put_pieces == NULL) {
        return NULL;
    }
    EDAI_STEP(edai_stage_subscribe(s, s->b, "x", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    for (uint32_t i = 0; i < 16; i++) {
        edai_pieces *pieces = make(s, sizes, 2);

        EDAI_EXPECT(pieces != NULL, NO_MEMORY);
        EDAI_STEP(edai_stage_put(s, s->a, "x", "1"));
        EDAI_EXPECT(give(s, s->a, "x", pieces) == EDA_OK, "a put of pieces was refused");
    }
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, 32, s->patience_ms), LATE);
    for (uint32_t i = 0; i < 32; i++) {
        const edai_seen *seen = edai_record_nth(record, EDAI_SEEN_PUT, i);

        EDAI_EXPECT(seen->parcel != NULL, NO_MEMORY);
        EDAI_EXPECT((seen->parcel->message.payload.len == 1) == (i % 2 == 0),
            "puts and puts of pieces arrived in another order than they were put");
    }
    return NULL;
}

const char *edai_case_pieces_refused(edai_stage *s)
{
    static const size_t small[] = {1, 1};
    static const size_t large[] = {EDA_BUS_PAYLOAD_MAX, 1};

    if (s->driver->put_pieces == NULL) {
        return NULL;
    }
    edai_pieces *pieces = make(s, small, 2);
    EDAI_EXPECT(pieces != NULL, NO_MEMORY);
    EDAI_EXPECT(give(s, s->a, "x/*", pieces) == EDA_EKEY,
        "a put of pieces on a pattern was not refused with EDA_EKEY");
    EDAI_EXPECT(
        edai_pieces_released(pieces) == 0, "pieces of a put that was refused were released");
    pieces = make(s, large, 2);
    EDAI_EXPECT(pieces != NULL, NO_MEMORY);
    EDAI_EXPECT(give(s, s->a, "x", pieces) == EDA_ERANGE,
        "pieces of more than EDA_BUS_PAYLOAD_MAX were not refused with EDA_ERANGE");
    EDAI_EXPECT(
        edai_pieces_released(pieces) == 0, "pieces of a put that was refused were released");
    return NULL;
}

const char *edai_case_pieces_closed(edai_stage *s)
{
    static const size_t sizes[] = {100, 100000};
    edai_pieces *pieces = NULL;
    eda_bus *c;

    if (s->driver->put_pieces == NULL) {
        return NULL;
    }
    EDAI_STEP(edai_stage_open(s, 0, &c));
    for (uint32_t i = 0; i < 8; i++) {
        pieces = make(s, sizes, 2);
        EDAI_EXPECT(pieces != NULL, NO_MEMORY);
        EDAI_EXPECT(give(s, c, "nobody", pieces) == EDA_OK, "a put of pieces was refused");
    }
    edai_stage_close(s, c);
    EDAI_EXPECT(pieces != NULL && edai_pieces_released(pieces) == pieces->len,
        "close returned before pieces were released");
    return NULL;
}

/* --- kept --- */

#define KEPT_LEN 4u
#define PASSED_LEN 32u

/* Keeps the first payloads, and lets the others pass. */
typedef struct keeper {
    edai_stage *stage;
    eda_bus *bus;
    edai_record *record;
    eda_bytes payloads[KEPT_LEN];
    void *kept[KEPT_LEN];
    uint32_t count;
} keeper;

static void on_put(void *arg, const eda_bus_message *message)
{
    keeper *self = arg;

    if (self->count < KEPT_LEN) {
        self->kept[self->count] = self->stage->driver->keep(self->bus, message);
        self->payloads[self->count] = message->payload;
    }
    self->count++;
    edai_record_put(self->record, message);
}

static bool is_of(eda_bytes payload, uint8_t number)
{
    bool is_same = payload.len > 0;

    for (size_t i = 0; is_same && i < payload.len; i++) {
        is_same = payload.ptr[i] == number;
    }
    return is_same;
}

static const char *compare(const keeper *self)
{
    for (uint32_t i = 0; i < KEPT_LEN; i++) {
        EDAI_EXPECT(self->kept[i] == NULL || is_of(self->payloads[i], (uint8_t)(i + 1)),
            "a payload that was kept changed");
    }
    return NULL;
}

static const char *send_all(edai_stage *s, edai_record *record, uint8_t *bytes)
{
    static const size_t sizes[KEPT_LEN] = {100, 40000, 300000, (size_t)1 << 20};
    eda_str key = edai_stage_key(s, "x");

    for (uint32_t i = 0; i < KEPT_LEN + PASSED_LEN; i++) {
        eda_bus_message message = {.key = key, .payload = {bytes, sizes[i % KEPT_LEN]}};

        memset(bytes, (uint8_t)(i + 1), message.payload.len);
        EDAI_EXPECT(s->driver->put(s->a, &message) == EDA_OK, "put failed");
        EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, i + 1, s->patience_ms), LATE);
    }
    return NULL;
}

static const char *keep_some(edai_stage *s, keeper *self, uint8_t *bytes)
{
    uint64_t id = 0;

    self->record = edai_stage_record(s);
    EDAI_EXPECT(self->record != NULL && bytes != NULL, NO_MEMORY);
    EDAI_STEP(edai_stage_open(s, 0, &self->bus));
    EDAI_EXPECT(
        s->driver->subscribe(self->bus, edai_stage_key(s, "x"), on_put, self, &id) == EDA_OK,
        "subscribe failed");
    EDAI_STEP(edai_stage_ready(s, self->bus, s->a));
    const char *sentence = send_all(s, self->record, bytes);
    sentence = sentence != NULL ? sentence : compare(self);
    edai_stage_close(s, self->bus);
    return sentence != NULL ? sentence : compare(self);
}

const char *edai_case_keep_stays(edai_stage *s)
{
    keeper self = {.stage = s};

    if (s->driver->keep == NULL && s->driver->release == NULL) {
        return NULL;
    }
    EDAI_EXPECT(s->driver->keep != NULL && s->driver->release != NULL,
        "keep and release are not both there, or both NULL");
    uint8_t *bytes = edai_alloc((size_t)1 << 20);
    const char *sentence = keep_some(s, &self, bytes);
    edai_free(bytes);
    for (uint32_t i = 0; i < KEPT_LEN; i++) {
        if (self.kept[i] != NULL) {
            s->driver->release(self.kept[i]);
        }
    }
    return sentence;
}
