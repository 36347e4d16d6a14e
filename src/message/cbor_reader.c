/* cbor_reader.c - see cbor_reader.h. */
#include "message/cbor_reader.h"

#include <cbor.h>
#include <string.h>

#include "base/utf8.h"
#include "message/cbor_number.h"

/* --- libcbor's callbacks: each fills the token --- */

static void set(void *context, edai_cbor_head head, uint64_t number)
{
    edai_cbor_token *token = context;

    *token = (edai_cbor_token){.head = head, .number = number};
}

static void set_string(void *context, edai_cbor_head head, const uint8_t *ptr, size_t len)
{
    edai_cbor_token *token = context;

    *token = (edai_cbor_token){.head = head, .number = len, .ptr = ptr};
}

static void on_uint8(void *context, uint8_t number)
{
    set(context, EDAI_CBOR_UNSIGNED, number);
}

static void on_uint16(void *context, uint16_t number)
{
    set(context, EDAI_CBOR_UNSIGNED, number);
}

static void on_uint32(void *context, uint32_t number)
{
    set(context, EDAI_CBOR_UNSIGNED, number);
}

static void on_uint64(void *context, uint64_t number)
{
    set(context, EDAI_CBOR_UNSIGNED, number);
}

static void on_negint8(void *context, uint8_t number)
{
    set(context, EDAI_CBOR_NEGATIVE, number);
}

static void on_negint16(void *context, uint16_t number)
{
    set(context, EDAI_CBOR_NEGATIVE, number);
}

static void on_negint32(void *context, uint32_t number)
{
    set(context, EDAI_CBOR_NEGATIVE, number);
}

static void on_negint64(void *context, uint64_t number)
{
    set(context, EDAI_CBOR_NEGATIVE, number);
}

static void on_bytes(void *context, cbor_data ptr, size_t len)
{
    set_string(context, EDAI_CBOR_BYTES, ptr, len);
}

static void on_text(void *context, cbor_data ptr, size_t len)
{
    set_string(context, EDAI_CBOR_TEXT, ptr, len);
}

static void on_bytes_chunks(void *context)
{
    set(context, EDAI_CBOR_BYTES_CHUNKS, 0);
}

static void on_text_chunks(void *context)
{
    set(context, EDAI_CBOR_TEXT_CHUNKS, 0);
}

static void on_array(void *context, size_t count)
{
    set(context, EDAI_CBOR_ARRAY, count);
}

static void on_map(void *context, size_t count)
{
    set(context, EDAI_CBOR_MAP, count);
}

static void on_array_open(void *context)
{
    set(context, EDAI_CBOR_ARRAY_OPEN, 0);
}

static void on_map_open(void *context)
{
    set(context, EDAI_CBOR_MAP_OPEN, 0);
}

static void on_tag(void *context, uint64_t number)
{
    set(context, EDAI_CBOR_TAG, number);
}

static void on_double(void *context, double real)
{
    edai_cbor_token *token = context;

    *token = (edai_cbor_token){.head = EDAI_CBOR_REAL, .real = real};
}

static void on_float(void *context, float real)
{
    on_double(context, (double)real);
}

static void on_bool(void *context, bool value)
{
    set(context, EDAI_CBOR_BOOL, value ? 1 : 0);
}

static void on_null(void *context)
{
    set(context, EDAI_CBOR_NULL, 0);
}

static void on_undefined(void *context)
{
    set(context, EDAI_CBOR_SIMPLE, 23);
}

static void on_break(void *context)
{
    set(context, EDAI_CBOR_BREAK, 0);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint64 = on_negint64,
    .negint32 = on_negint32,
    .negint16 = on_negint16,
    .negint8 = on_negint8,
    .byte_string_start = on_bytes_chunks,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = on_text_chunks,
    .indef_array_start = on_array_open,
    .array_start = on_array,
    .indef_map_start = on_map_open,
    .map_start = on_map,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_undefined,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = on_break,
};

/* --- heads --- */

#define TAG_FIRST 0xc0
#define TAG_LAST 0xd7 /* the number stands in the head byte */
#define SIMPLE_FIRST 0xe0
#define SIMPLE_LAST 0xf3
#define SIMPLE_BYTE 0xf8   /* the number stands in the next byte */
#define SIMPLE_BYTE_MIN 32 /* smaller ones there are malformed */

/* What libcbor refuses although it is well-formed. */
static bool next_special(edai_cbor_reader *self, edai_cbor_token *ret_token)
{
    uint8_t first = *self->at;

    if (first >= TAG_FIRST && first <= TAG_LAST) {
        set(ret_token, EDAI_CBOR_TAG, first - TAG_FIRST);
        self->at++;
        return true;
    }
    if (first >= SIMPLE_FIRST && first <= SIMPLE_LAST) {
        set(ret_token, EDAI_CBOR_SIMPLE, first - SIMPLE_FIRST);
        self->at++;
        return true;
    }
    if (first == SIMPLE_BYTE && self->end - self->at > 1 && self->at[1] >= SIMPLE_BYTE_MIN) {
        set(ret_token, EDAI_CBOR_SIMPLE, self->at[1]);
        self->at += 2;
        return true;
    }
    return false;
}

/* Every item takes a byte at least, so a greater count is a lie, found before anybody believes it.
 */
static bool count_is_possible(const edai_cbor_token *token, size_t left)
{
    if (token->head == EDAI_CBOR_ARRAY) {
        return token->number <= left;
    }
    return token->head != EDAI_CBOR_MAP || token->number <= left / 2;
}

/* --- the heads of most messages, read here: a call of libcbor for each costs more than the rest
 * --- */

#define MAJOR_BYTES 2
#define MAJOR_TEXT 3
#define INFO_BITS 5
#define INFO_MASK 0x1f
#define INFO_DIRECT_MAX 23 /* the number stands in the head byte */
#define INFO_LONG_MAX 27   /* it stands in the next 1, 2, 4 or 8 bytes */
#define FALSE_BYTE 0xf4
#define TRUE_BYTE 0xf5
#define DOUBLE_BYTE 0xfb
#define DOUBLE_SIZE 8

static bool next_single(edai_cbor_reader *self, edai_cbor_token *ret_token)
{
    uint8_t first = *self->at;

    if (first == FALSE_BYTE || first == TRUE_BYTE) {
        *ret_token = (edai_cbor_token){.head = EDAI_CBOR_BOOL, .number = first - FALSE_BYTE};
        self->at++;
        return true;
    }
    if (first == DOUBLE_BYTE && self->end - self->at > DOUBLE_SIZE) {
        uint64_t bits = edai_cbor_get_number(self->at + 1, DOUBLE_SIZE, DOUBLE_SIZE);
        *ret_token = (edai_cbor_token){.head = EDAI_CBOR_REAL};
        memcpy(&ret_token->real, &bits, sizeof ret_token->real);
        self->at += 1 + DOUBLE_SIZE;
        return true;
    }
    return false;
}

/* Integers, strings and containers whose number or length is known. False: anything else, also what
 * is cut short; nothing was taken, and the token means nothing. */
static bool next_common(edai_cbor_reader *self, edai_cbor_token *ret_token)
{
    static const edai_cbor_head heads[] = {EDAI_CBOR_UNSIGNED, EDAI_CBOR_NEGATIVE, EDAI_CBOR_BYTES,
        EDAI_CBOR_TEXT, EDAI_CBOR_ARRAY, EDAI_CBOR_MAP};
    uint8_t major = *self->at >> INFO_BITS;
    uint64_t number = *self->at & INFO_MASK;
    size_t used = 1;

    if (major >= sizeof heads / sizeof heads[0]) {
        return next_single(self, ret_token);
    }
    size_t left = (size_t)(self->end - self->at) - 1;
    if (number > INFO_DIRECT_MAX) {
        size_t size = (size_t)1 << ((number - INFO_DIRECT_MAX - 1) & 3);
        if (number > INFO_LONG_MAX || left < size) {
            return false;
        }
        number = edai_cbor_get_number(self->at + 1, size, left);
        used += size;
        left -= size;
    }
    ret_token->head = heads[major];
    ret_token->number = number;
    if (major == MAJOR_BYTES || major == MAJOR_TEXT) {
        if (number > left) {
            return false;
        }
        ret_token->ptr = self->at + used;
        used += (size_t)number;
    } else if (!count_is_possible(ret_token, left)) {
        return false;
    }
    self->at += used;
    return true;
}

bool edai_cbor_reader_next(edai_cbor_reader *self, edai_cbor_token *ret_token)
{
    if (self->at == self->end) {
        return false;
    }
    if (next_common(self, ret_token) || next_special(self, ret_token)) {
        return true;
    }
    edai_cbor_token token = {0};
    size_t left = (size_t)(self->end - self->at);
    struct cbor_decoder_result result = cbor_stream_decode(self->at, left, &callbacks, &token);
    if (result.status != CBOR_DECODER_FINISHED || token.head == 0 ||
        !count_is_possible(&token, left - result.read)) {
        return false;
    }
    self->at += result.read;
    *ret_token = token;
    return true;
}

/* --- whole items --- */

typedef struct frame {
    uint64_t left; /* items that are still to come; of open ones those that came */
    bool is_open;
    bool is_map;
} frame;

typedef struct skipper {
    frame frames[EDA_CODEC_DEPTH_MAX];
    size_t depth;
    bool is_tagged; /* a tag stands before the next item, which must come */
} skipper;

static eda_status skip_chunks(edai_cbor_reader *reader, edai_cbor_head chunk)
{
    edai_cbor_token token = {0};

    for (;;) {
        edai_cbor_reader before = *reader;
        if (!edai_cbor_reader_next(reader, &token)) {
            return EDA_ESYNTAX;
        }
        if (token.head == EDAI_CBOR_BREAK) {
            return EDA_OK;
        }
        if (token.head != chunk ||
            (chunk == EDAI_CBOR_TEXT && !edai_utf8_valid((eda_str){.ptr = (const char *)token.ptr,
                                            .len = (size_t)token.number}))) {
            *reader = before;
            return EDA_ESYNTAX;
        }
    }
}

static eda_status push(skipper *self, const edai_cbor_token *token)
{
    bool is_map = token->head == EDAI_CBOR_MAP || token->head == EDAI_CBOR_MAP_OPEN;
    bool is_open = token->head == EDAI_CBOR_ARRAY_OPEN || token->head == EDAI_CBOR_MAP_OPEN;

    if (self->depth == EDA_CODEC_DEPTH_MAX) {
        return EDA_ERANGE;
    }
    self->frames[self->depth++] = (frame){
        .left = is_map ? token->number * 2 : token->number, .is_open = is_open, .is_map = is_map};
    return EDA_OK;
}

/* An item is complete: so may be what it stands in. */
static void complete(skipper *self)
{
    while (self->depth > 0) {
        frame *top = &self->frames[self->depth - 1];
        if (top->is_open) {
            top->left++;
            return;
        }
        if (--top->left > 0) {
            return;
        }
        self->depth--;
    }
}

static bool pop_open(skipper *self)
{
    if (self->depth == 0 || self->is_tagged) {
        return false;
    }
    const frame *top = &self->frames[self->depth - 1];
    if (!top->is_open || (top->is_map && top->left % 2 != 0)) {
        return false;
    }
    self->depth--;
    return true;
}

static eda_status skip_token(skipper *self, edai_cbor_reader *reader, const edai_cbor_token *token)
{
    bool is_tag = token->head == EDAI_CBOR_TAG;
    bool is_nested =
        token->head == EDAI_CBOR_ARRAY_OPEN || token->head == EDAI_CBOR_MAP_OPEN ||
        ((token->head == EDAI_CBOR_ARRAY || token->head == EDAI_CBOR_MAP) && token->number > 0);

    if (token->head == EDAI_CBOR_BREAK) {
        if (!pop_open(self)) {
            return EDA_ESYNTAX;
        }
    } else if (token->head == EDAI_CBOR_TEXT_CHUNKS) {
        EDA_TRY(skip_chunks(reader, EDAI_CBOR_TEXT));
    } else if (token->head == EDAI_CBOR_BYTES_CHUNKS) {
        EDA_TRY(skip_chunks(reader, EDAI_CBOR_BYTES));
    } else if (token->head == EDAI_CBOR_TEXT &&
               !edai_utf8_valid(
                   (eda_str){.ptr = (const char *)token->ptr, .len = (size_t)token->number})) {
        return EDA_ESYNTAX;
    } else if (is_nested) {
        EDA_TRY(push(self, token));
    }
    self->is_tagged = is_tag;
    if (!is_tag && !is_nested) {
        complete(self);
    }
    return EDA_OK;
}

eda_status edai_cbor_reader_skip(edai_cbor_reader *self)
{
    skipper skipped = {.depth = 0};
    edai_cbor_token token;

    do {
        edai_cbor_reader before = *self;
        if (!edai_cbor_reader_next(self, &token)) {
            return EDA_ESYNTAX;
        }
        eda_status status = skip_token(&skipped, self, &token);
        if (status != EDA_OK) {
            if (token.head != EDAI_CBOR_TEXT_CHUNKS && token.head != EDAI_CBOR_BYTES_CHUNKS) {
                *self = before;
            }
            return status;
        }
    } while (skipped.depth > 0 || skipped.is_tagged);
    return EDA_OK;
}
