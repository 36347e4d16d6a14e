/* textual.c - see textual.h. */
#include "message/textual.h"

#include "base/base64.h"
#include "base/timetext.h"
#include "message/decimal.h"

static eda_status refuse(edai_builder *self, const edai_slot *slot, const char *why)
{
    return edai_problem_set(self->problem, slot->path, EDA_EINVAL, "%s", why);
}

eda_status edai_textual_decimal(
    edai_builder *self, const edai_slot *slot, eda_str text, const char *why)
{
    int64_t number;
    uint64_t magnitude;

    if (!edai_decimal_is_integer(slot->type->kind) ||
        !edai_decimal_read(slot->type->kind, text, &number, &magnitude)) {
        return refuse(self, slot, why);
    }
    uint64_t raw = number < 0 ? ~(uint64_t)number : (uint64_t)number | magnitude;
    return edai_builder_put_integer(self, slot, number < 0, raw);
}

static eda_status decode_time(edai_builder *self, const edai_slot *slot, eda_str text)
{
    bool is_time = slot->type->kind == EDA_KIND_TIME;
    int64_t number = 0;

    eda_status status =
        is_time ? edai_timetext_parse(text, &number) : edai_timetext_parse_duration(text, &number);
    if (status == EDA_ERANGE) {
        return edai_problem_set(
            self->problem, slot->path, EDA_ERANGE, "is beyond what 64 bits of nanoseconds hold");
    }
    if (status != EDA_OK) {
        return refuse(self, slot,
            is_time ? "is not a time such as \"2026-11-22T13:42:22.5Z\""
                    : "is not a duration such as \"250ms\" or \"1h30m0s\"");
    }
    return edai_builder_put_integer(
        self, slot, number < 0, number < 0 ? ~(uint64_t)number : (uint64_t)number);
}

static eda_status decode_bytes(edai_builder *self, const edai_slot *slot, eda_str text)
{
    size_t size;
    size_t at;

    EDA_TRY(edai_builder_extend(self, slot->path, edai_base64_size_max(text.len), &at));
    if (!edai_base64_decode(text, self->block + at, &size)) {
        return refuse(self, slot, "is not base64");
    }
    self->used = at + size;
    return edai_builder_put_tail(self, slot, size);
}

eda_status edai_textual_put(edai_builder *self, const edai_slot *slot, eda_str text)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_BYTES) {
        return decode_bytes(self, slot, text);
    }
    if (kind == EDA_KIND_TIME || kind == EDA_KIND_DURATION) {
        return decode_time(self, slot, text);
    }
    if (kind == EDA_KIND_U64) {
        return edai_textual_decimal(self, slot, text, "is not a decimal number of 64 bits");
    }
    return edai_builder_put_text(self, slot, text);
}
