/* identity.c - how supervisors read keys from messages. */
#include <edacious/supervisor.h>

#include "base/hash.h"
#include "base/utf8.h"

#include <string.h>

static bool is_chunk(eda_str text)
{
    size_t i;

    if (text.len == 0 || text.len > 255 || text.ptr[0] == '@') {
        return false;
    }
    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '/' || c == '*' || c == '$' || c == '#' || c == '?') {
            return false;
        }
    }
    return edai_utf8_valid(text);
}

/* Reads a C integer of 1, 2, 4 or 8 bytes, sign-extended where the kind is signed. */
static bool read_integer(const eda_field *field, const void *at, uint64_t *ret_number)
{
    const bool is_signed = field->type->kind >= EDA_KIND_I8 && field->type->kind <= EDA_KIND_I64;
    uint64_t number = 0;
    unsigned bits = (unsigned)field->type->size * 8;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;

    if (field->type->kind < EDA_KIND_I8 || field->type->kind > EDA_KIND_U64) {
        return false;
    }
    switch (field->type->size) {
    case 1:
        memcpy(&u8, at, sizeof(u8));
        number = u8;
        break;
    case 2:
        memcpy(&u16, at, sizeof(u16));
        number = u16;
        break;
    case 4:
        memcpy(&u32, at, sizeof(u32));
        number = u32;
        break;
    default:
        memcpy(&number, at, sizeof(number));
        break;
    }
    if (is_signed && bits < 64 && (number >> (bits - 1) & 1) != 0) {
        number |= UINT64_MAX << bits;
    }
    *ret_number = number;
    return true;
}

eda_status eda_identity_of_field(
    const eda_field *field, const void *message, eda_identity *ret_identity)
{
    const char *at = (const char *)message + field->offset;
    eda_str text;
    uint64_t number = 0;

    if (field->type->kind == EDA_KIND_STR) {
        memcpy(&text, at, sizeof(text));
        if (!is_chunk(text)) {
            return EDA_EKEY;
        }
        *ret_identity = (eda_identity){.is_text = true, .text = text};
        return EDA_OK;
    }
    if (!read_integer(field, at, &number)) {
        return EDA_EKEY;
    }
    *ret_identity = (eda_identity){.number = number};
    return EDA_OK;
}

uint64_t eda_identity_hash(const eda_identity *identity)
{
    return identity->is_text ? edai_hash_bytes(identity->text.ptr, identity->text.len)
                             : edai_hash_u64(identity->number);
}
