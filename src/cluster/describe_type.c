/* describe_type.c - see describe.h: one type in words, and its fingerprint. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/timetext.h"
#include "cluster/describe.h"
#include "message/reach.h"
#include "message/scalar.h"

/* Records within records are spelt out so deep; below, and where a type holds itself, the name. */
#define SPELT_DEPTH_MAX 3

typedef struct words {
    char *text;
    size_t used;
    size_t size;
} words;

static words begin(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (words){.text = buffer, .size = size};
}

static void say(words *self, const char *format, ...) EDA_PRINTF(2, 3);

static void say(words *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int written = vsnprintf(self->text + self->used, self->size - self->used, format, args);
    va_end(args);
    if (written > 0) {
        self->used += (size_t)written;
    }
    if (self->used >= self->size) {
        self->used = self->size - 1;
    }
}

/* Its length, once all is said. */
static size_t end(words *self)
{
    if (self->used + 1 == self->size && self->size > 4) { /* cut, perhaps within a character */
        size_t at = self->size - 4;

        while (at > 0 && ((unsigned char)self->text[at] & 0xc0) == 0x80) {
            at--;
        }
        memcpy(self->text + at, "...", 4);
        self->used = at + 3;
    }
    return self->used;
}

static const char *word_of(eda_kind kind)
{
    static const char *const names[] = {[EDA_KIND_BOOL] = "bool",
        [EDA_KIND_I8] = "int8",
        [EDA_KIND_I16] = "int16",
        [EDA_KIND_I32] = "int32",
        [EDA_KIND_I64] = "int64",
        [EDA_KIND_U8] = "uint8",
        [EDA_KIND_U16] = "uint16",
        [EDA_KIND_U32] = "uint32",
        [EDA_KIND_U64] = "uint64",
        [EDA_KIND_F32] = "float",
        [EDA_KIND_F64] = "double",
        [EDA_KIND_STR] = "text",
        [EDA_KIND_BYTES] = "bytes",
        [EDA_KIND_TIME] = "time",
        [EDA_KIND_DURATION] = "duration",
        [EDA_KIND_TEXT] = "text",
        [EDA_KIND_OPAQUE] = "opaque"};

    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

static void say_enum(words *self, const eda_type *type)
{
    const char *before = " (";

    say(self, "%s", type->name);
    for (const eda_enumerator *one = type->enumerators; one->name != NULL; one++) {
        say(self, "%s%s", before, one->name);
        before = " | ";
    }
    say(self, ")");
}

static void say_type(words *self, const eda_type *type, uint32_t depth);

static void say_record(words *self, const eda_type *type, uint32_t depth)
{
    const char *before = " {";

    say(self, "%s", type->name);
    if (depth == SPELT_DEPTH_MAX || type->fields == NULL || type->fields[0].name == NULL) {
        return;
    }
    for (const eda_field *field = type->fields; field->name != NULL; field++) {
        say(self, "%s%s: ", before, field->name);
        say_type(self, field->type, depth + 1);
        before = ", ";
    }
    say(self, "}");
}

static void say_type(words *self, const eda_type *type, uint32_t depth)
{
    const char *word = word_of(type->kind);

    if (word != NULL) {
        say(self, "%s", word);
    } else if (type->kind == EDA_KIND_ENUM) {
        say_enum(self, type);
    } else if (type->kind == EDA_KIND_RECORD) {
        say_record(self, type, depth);
    } else {
        say(self, type->kind == EDA_KIND_LIST ? "list of " : "optional ");
        say_type(self, type->item, depth);
    }
}

size_t edai_describe_type(const eda_type *type, char *buffer, size_t size)
{
    words self = begin(buffer, size);

    say_type(&self, type, 0);
    return end(&self);
}

/* --- what a message may lack --- */

static const char *zero_of(const eda_type *type)
{
    switch ((int)type->kind) {
    case EDA_KIND_BOOL:
        return "false";
    case EDA_KIND_STR:
    case EDA_KIND_BYTES:
        return "\"\"";
    case EDA_KIND_LIST:
        return "[]";
    case EDA_KIND_ENUM:
        return type->enumerators[0].name;
    case EDA_KIND_TIME:
        return "1970-01-01T00:00:00Z";
    case EDA_KIND_DURATION:
        return "0s";
    default:
        return edai_kind_is_number(type->kind) ? "0" : "all zero";
    }
}

/* Of the kinds that may declare one (check.c). */
static void say_declared(words *self, const eda_type *type, long double number)
{
    char text[EDAI_PROBLEM_NUMBER_SIZE > EDAI_TIMETEXT_SIZE ? EDAI_PROBLEM_NUMBER_SIZE
                                                            : EDAI_TIMETEXT_SIZE];

    if (type->kind == EDA_KIND_BOOL) {
        say(self, "true");
    } else if (type->kind == EDA_KIND_ENUM) {
        say(self, "%s", edai_scalar_enum_name(type, (int)number));
    } else if (type->kind == EDA_KIND_DURATION) {
        (void)edai_timetext_format_duration((eda_duration)number, text);
        say(self, "%s", text);
    } else if (type->kind == EDA_KIND_TIME) {
        (void)edai_timetext_format((eda_time)number, text);
        say(self, "%s", text);
    } else {
        edai_problem_number(number, text);
        say(self, "%s", text);
    }
}

size_t edai_describe_missing(const eda_field *field, char *buffer)
{
    words self = begin(buffer, EDAI_DESCRIBE_MISSING_SIZE);

    if (field->type->kind == EDA_KIND_OPTIONAL) {
        return 0;
    }
    if (field->if_missing < 0 || field->if_missing > 0) {
        say_declared(&self, field->type, field->if_missing);
    } else if (field->may_miss) {
        say(&self, "%s", zero_of(field->type));
    }
    return end(&self);
}

/* --- fingerprint --- */

static uint64_t join_text(uint64_t hash, const char *text)
{
    return edai_hash_join(hash, text == NULL ? 0 : edai_hash_bytes(text, strlen(text)));
}

/* What one type says itself; whom it refers to is added to `reach`. */
static eda_status join_type(edai_reach *reach, const eda_type *type, uint64_t *io_hash)
{
    uint64_t hash = join_text(*io_hash, type->name);

    hash = join_text(hash, type->topic);
    hash = edai_hash_join(hash, (uint64_t)type->kind << 1 | type->is_raw);
    if (type->enumerators != NULL) {
        for (const eda_enumerator *one = type->enumerators; one->name != NULL; one++) {
            hash = join_text(hash, one->name);
        }
    }
    if (type->fields != NULL) {
        for (const eda_field *field = type->fields; field->name != NULL; field++) {
            hash = join_text(join_text(hash, field->name), field->type->name);
            EDA_TRY(edai_reach_add(reach, field->type, field->type));
        }
    }
    if (type->item != NULL) {
        EDA_TRY(edai_reach_add(reach, type->item, type->item));
    }
    if (type->reply != NULL) {
        EDA_TRY(edai_reach_add(reach, type->reply, type->reply));
    }
    *io_hash = hash;
    return EDA_OK;
}

eda_status edai_describe_fingerprint(const eda_type *type, uint64_t *ret_fingerprint)
{
    edai_reach reach = {0};
    uint64_t hash = 1;
    eda_status status = edai_reach_add(&reach, type, type);

    for (size_t i = 0; status == EDA_OK && i < reach.len; i++) {
        status = join_type(&reach, reach.pairs[i].a, &hash);
    }
    edai_reach_fini(&reach);
    if (status == EDA_OK) {
        *ret_fingerprint = hash;
    }
    return status;
}
