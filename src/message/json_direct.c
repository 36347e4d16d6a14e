/* json_direct.c - see json_direct.h.
 *
 * Takes less than JSON is, and nothing that the tree's way would refuse: whoever is refused here is
 * told why there. Escaped strings and long or odd numbers are single tokens, which jansson reads.
 */
#include "message/json_direct.h"

#include <float.h>
#include <string.h>

#include "base/memory.h"

#define FIELDS_MAX 256    /* of one record */
#define COUNT_DEPTH_MAX 8 /* lists are counted ahead, each level reads its text once more */
#define INTEGER_DIGITS 18 /* what an int64 holds in any case */
#define EXACT_DIGITS                                                                               \
    15 /* of a double: what it and a power of ten below 10^22 hold exactly, so does */
#define EXACT_POWER 22 /* their quotient, rounded once */

typedef struct reader {
    edai_json_decoder *decoder;
    const char *at;
    const char *end;
} reader;

static bool read_value(reader *self, const edai_slot *slot);

static void skip_space(reader *self)
{
    while (self->at < self->end &&
           (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t')) {
        self->at++;
    }
}

/* The next character that is no space, taken if it is this one. */
static bool take(reader *self, char wanted)
{
    skip_space(self);
    if (self->at == self->end || *self->at != wanted) {
        return false;
    }
    self->at++;
    return true;
}

static bool take_word(reader *self, const char *word, size_t len)
{
    if ((size_t)(self->end - self->at) < len || memcmp(self->at, word, len) != 0) {
        return false;
    }
    self->at += len;
    return true;
}

/* --- single values --- */

/* What stands between two quotes; `ret_is_plain`: without escapes. */
static bool take_string(reader *self, eda_str *ret_text, bool *ret_is_plain)
{
    const char *start = self->at + 1;
    const char *at = start;

    *ret_is_plain = true;
    while (at < self->end && *at != '"') {
        if ((unsigned char)*at < ' ') {
            return false;
        }
        if (*at == '\\') {
            *ret_is_plain = false;
            at++;
        }
        at++;
    }
    if (at >= self->end) {
        return false;
    }
    *ret_text = (eda_str){.ptr = start, .len = (size_t)(at - start)};
    self->at = at + 1;
    return true;
}

/* A string or number by jansson. */
static bool read_token(reader *self, const edai_slot *slot, eda_str token)
{
    edai_json_decoder *decoder = self->decoder;
    json_t *json = json_loadb(token.ptr, token.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    eda_status status = EDA_EINVAL;

    if (json_is_string(json)) {
        eda_str text = {.ptr = json_string_value(json), .len = json_string_length(json)};
        status = edai_json_value_string(decoder, slot, text);
    } else if (json_is_integer(json)) {
        status = edai_json_value_integer(decoder, slot, json_integer_value(json));
    } else if (json_is_real(json)) {
        status = edai_builder_put_real(&decoder->builder, slot, json_real_value(json));
    }
    json_decref(json);
    return status == EDA_OK;
}

static bool read_string(reader *self, const edai_slot *slot)
{
    eda_str text;
    bool is_plain;

    if (!take_string(self, &text, &is_plain)) {
        return false;
    }
    if (!is_plain) {
        return read_token(self, slot, (eda_str){.ptr = text.ptr - 1, .len = text.len + 2});
    }
    return edai_json_value_string(self->decoder, slot, text) == EDA_OK;
}

typedef struct number {
    uint64_t digits; /* of all, as one integer */
    unsigned count;
    unsigned fraction; /* how many of them stand behind the point */
    bool is_negative;
    bool is_odd; /* for jansson */
} number;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *take_digits(const char *at, const char *end, number *into)
{
    for (; at < end && is_digit(*at); at++) {
        into->count++;
        if (into->count <= INTEGER_DIGITS) {
            into->digits = into->digits * 10 + (uint64_t)(*at - '0');
        }
    }
    return at;
}

/* Ends at the first character that cannot belong to it: whoever comes next refuses what is no
 * number. */
static number scan_number(reader *self)
{
    number found = {.is_negative = *self->at == '-'};
    const char *first = self->at + (found.is_negative ? 1 : 0);
    const char *at = take_digits(first, self->end, &found);

    found.is_odd = found.count == 0 || (found.count > 1 && *first == '0');
    if (at < self->end && *at == '.') {
        unsigned whole = found.count;
        at = take_digits(at + 1, self->end, &found);
        found.fraction = found.count - whole;
        found.is_odd = found.is_odd || found.fraction == 0;
    }
    while (at < self->end &&
           (is_digit(*at) || *at == 'e' || *at == 'E' || *at == '+' || *at == '-' || *at == '.')) {
        found.is_odd = true;
        at++;
    }
    self->at = at;
    return found;
}

static bool read_number(reader *self, const edai_slot *slot)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *start = self->at;
    number found = scan_number(self);

    if (found.fraction == 0 && !found.is_odd && found.count <= INTEGER_DIGITS &&
        !(found.is_negative && found.digits == 0)) {
        int64_t value = (int64_t)found.digits;
        return edai_json_value_integer(self->decoder, slot, found.is_negative ? -value : value) ==
               EDA_OK;
    }
    if (found.fraction > 0 && !found.is_odd && found.count <= EXACT_DIGITS &&
        found.fraction <= EXACT_POWER && FLT_EVAL_METHOD == 0) {
        double value = (double)found.digits / powers[found.fraction];
        return edai_builder_put_real(
                   &self->decoder->builder, slot, found.is_negative ? -value : value) == EDA_OK;
    }
    return read_token(self, slot, (eda_str){.ptr = start, .len = (size_t)(self->at - start)});
}

/* --- lists --- */

/* Elements of the list whose content begins here; false: it has no end. */
static bool count_items(const reader *self, size_t *ret_len)
{
    reader ahead = *self;
    size_t depth = 0;
    size_t commas = 0;
    bool is_plain;
    eda_str text;

    if (take(&ahead, ']')) {
        *ret_len = 0;
        return true;
    }
    while (ahead.at < ahead.end) {
        char c = *ahead.at;
        if (c == '"') {
            if (!take_string(&ahead, &text, &is_plain)) {
                return false;
            }
            continue;
        }
        if (c == ',' && depth == 0) {
            commas++;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if ((c == ']' || c == '}') && depth-- == 0) {
            *ret_len = commas + 1;
            return true;
        }
        ahead.at++;
    }
    return false;
}

static bool read_list(reader *self, const edai_slot *slot)
{
    edai_builder *builder = &self->decoder->builder;
    size_t items;
    size_t len;

    if (self->decoder->depth > COUNT_DEPTH_MAX || !take(self, '[') || !count_items(self, &len) ||
        edai_builder_put_list(builder, slot, len, &items) != EDA_OK) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        edai_path path;
        edai_slot item = edai_builder_item(slot, items, i, &path);
        if (!read_value(self, &item) || (i + 1 < len && !take(self, ','))) {
            return false;
        }
    }
    return take(self, ']');
}

/* --- records --- */

typedef struct record {
    const edai_slot *slot;
    const eda_field *next; /* the one behind the last that was found: writers keep the order */
    uint64_t seen[FIELDS_MAX / 64];
} record;

static bool is_named(const eda_field *field, eda_str key)
{
    return strlen(field->name) == key.len && memcmp(field->name, key.ptr, key.len) == 0;
}

static const eda_field *find_field(record *self, eda_str key)
{
    const eda_field *field = self->next;

    while (field->name != NULL && !is_named(field, key)) {
        field++;
    }
    if (field->name == NULL) {
        field = self->slot->type->fields;
        while (field != self->next && !is_named(field, key)) {
            field++;
        }
        if (field == self->next) {
            return NULL;
        }
    }
    self->next = field + 1;
    return field;
}

/* False: it was there before. */
static bool see(record *self, const eda_field *field)
{
    size_t index = (size_t)(field - self->slot->type->fields);
    uint64_t bit = UINT64_C(1) << index % 64;

    if (index >= FIELDS_MAX || (self->seen[index / 64] & bit) != 0) {
        return false;
    }
    self->seen[index / 64] |= bit;
    return true;
}

static bool read_pair(reader *self, record *into)
{
    eda_str key;
    bool is_plain;
    edai_path path;

    skip_space(self);
    if (self->at == self->end || *self->at != '"' || !take_string(self, &key, &is_plain) ||
        !is_plain || !take(self, ':')) {
        return false;
    }
    const eda_field *field = find_field(into, key);
    if (field == NULL || !see(into, field)) {
        return false;
    }
    edai_slot value = edai_builder_field(into->slot, field, &path);
    if (!read_value(self, &value)) {
        return false;
    }
    const edai_preset *preset = edai_json_value_find_preset(self->decoder, field);
    return preset == NULL || edai_json_value_compare(self->decoder, &value, preset) == EDA_OK;
}

static bool put_missing(reader *self, const record *into)
{
    const eda_field *fields = into->slot->type->fields;

    for (size_t i = 0; fields[i].name != NULL; i++) {
        if (i >= FIELDS_MAX) {
            return false;
        }
        if ((into->seen[i / 64] >> i % 64 & 1) != 0) {
            continue;
        }
        edai_path path;
        edai_slot value = edai_builder_field(into->slot, &fields[i], &path);
        const edai_preset *preset = edai_json_value_find_preset(self->decoder, &fields[i]);
        eda_status status =
            preset != NULL ? edai_json_value_chunk(self->decoder, &value, preset->text)
                           : edai_builder_put_missing(&self->decoder->builder, &value, &fields[i]);
        if (status != EDA_OK) {
            return false;
        }
    }
    return true;
}

static bool read_record(reader *self, const edai_slot *slot)
{
    record into = {.slot = slot, .next = slot->type->fields};

    if (into.next == NULL || !take(self, '{')) {
        return false;
    }
    if (!take(self, '}')) {
        do {
            if (!read_pair(self, &into)) {
                return false;
            }
        } while (take(self, ','));
        if (!take(self, '}')) {
            return false;
        }
    }
    return put_missing(self, &into);
}

/* --- values --- */

static bool read_nested(reader *self, const edai_slot *slot)
{
    if (self->decoder->depth >= EDA_CODEC_DEPTH_MAX) {
        return false;
    }
    self->decoder->depth++;
    bool is_read =
        slot->type->kind == EDA_KIND_LIST ? read_list(self, slot) : read_record(self, slot);
    self->decoder->depth--;
    return is_read;
}

static bool read_value(reader *self, const edai_slot *slot)
{
    edai_builder *builder = &self->decoder->builder;
    eda_kind kind = slot->type->kind;

    skip_space(self);
    if (self->at == self->end) {
        return false;
    }
    if (kind == EDA_KIND_OPTIONAL) {
        if (take_word(self, "null", 4)) {
            return true;
        }
        edai_slot value = edai_builder_some(builder, slot);
        return read_value(self, &value);
    }
    if (kind == EDA_KIND_LIST || kind == EDA_KIND_RECORD) {
        return read_nested(self, slot);
    }
    if (*self->at == '"') {
        return read_string(self, slot);
    }
    if (*self->at == '-' || is_digit(*self->at)) {
        return read_number(self, slot);
    }
    if (take_word(self, "true", 4)) {
        return edai_builder_put_bool(builder, slot, true) == EDA_OK;
    }
    return take_word(self, "false", 5) && edai_builder_put_bool(builder, slot, false) == EDA_OK;
}

bool edai_json_direct(edai_json_decoder *self, const eda_type *type, eda_str text, void **ret_data)
{
    reader from = {.decoder = self, .at = text.ptr, .end = text.ptr + text.len};
    edai_path path = {.name = type->name};
    edai_slot slot = {.type = type, .path = &path};

    if (text.len == 0 || text.len > EDA_CODEC_SIZE_MAX ||
        edai_builder_init(&self->builder, type, text.len, NULL) != EDA_OK) {
        return false;
    }
    bool is_read = read_value(&from, &slot);
    skip_space(&from);
    if (!is_read || from.at != from.end) {
        edai_builder_fini(&self->builder);
        return false;
    }
    edai_builder_finish(&self->builder, type, ret_data);
    return true;
}
