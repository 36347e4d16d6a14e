/* decimal.c - see decimal.h. Sign and magnitude apart: the smallest int64 has no positive
 * counterpart. */
#include "message/decimal.h"

#include <string.h>

static bool kind_is_signed(eda_kind kind)
{
    return kind <= EDA_KIND_I64;
}

static size_t kind_bits(eda_kind kind)
{
    unsigned first = kind_is_signed(kind) ? EDA_KIND_I8 : EDA_KIND_U8;

    return (size_t)8 << ((unsigned)kind - first);
}

/* The bits at `data` as the kind's two's complement, widened. */
static uint64_t load(eda_kind kind, const void *data)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t wide;

    switch (kind_bits(kind)) {
    case 8:
        memcpy(&u8, data, sizeof(u8));
        wide = u8;
        break;
    case 16:
        memcpy(&u16, data, sizeof(u16));
        wide = u16;
        break;
    case 32:
        memcpy(&u32, data, sizeof(u32));
        wide = u32;
        break;
    default:
        memcpy(&wide, data, sizeof(wide));
        break;
    }
    return wide;
}

size_t edai_decimal_write(eda_kind kind, const void *data, char *buffer)
{
    char digits[EDAI_DECIMAL_LEN_MAX];
    size_t digit_count = 0;
    size_t len = 0;
    uint64_t number = load(kind, data);
    size_t bits = kind_bits(kind);

    if (kind_is_signed(kind) && (number >> (bits - 1) & 1) != 0) {
        buffer[len++] = '-';
        number = ~number + 1;
        number &= UINT64_MAX >> (64 - bits);
    }
    do {
        digits[digit_count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (digit_count > 0) {
        buffer[len++] = digits[--digit_count];
    }
    return len;
}

/* Digits without leading zero, at most `max`. */
static bool read_magnitude(eda_str digits, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (digits.len == 0 || digits.len > EDAI_DECIMAL_LEN_MAX ||
        (digits.ptr[0] == '0' && digits.len > 1)) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(digits.ptr[i] - '0');
        if (number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

bool edai_decimal_read(
    eda_kind kind, eda_str text, int64_t *ret_number, uint64_t *ret_unsigned_number)
{
    uint64_t max = UINT64_MAX >> (64 - kind_bits(kind));
    uint64_t magnitude;

    if (!kind_is_signed(kind)) {
        if (!read_magnitude(text, max, &magnitude)) {
            return false;
        }
        *ret_number = 0;
        *ret_unsigned_number = magnitude;
        return true;
    }
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    eda_str digits = is_negative ? (eda_str){text.ptr + 1, text.len - 1} : text;
    max = max / 2 + (is_negative ? 1 : 0);
    if (!read_magnitude(digits, max, &magnitude) || (is_negative && magnitude == 0)) {
        return false;
    }
    /* -(m - 1) - 1 stays inside int64 for its smallest number too. */
    *ret_number = is_negative ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    *ret_unsigned_number = 0;
    return true;
}
