/* base64.c - see base64.h. */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t edai_base64_len(size_t size)
{
    return (size + 2) / 3 * 4;
}

void edai_base64_encode(eda_bytes bytes, char *text)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)bytes.ptr[i] << 16;
        if (left > 1) {
            bits |= (uint32_t)bytes.ptr[i + 1] << 8;
        }
        if (left > 2) {
            bits |= bytes.ptr[i + 2];
        }
        *text++ = alphabet[bits >> 18];
        *text++ = alphabet[bits >> 12 & 63];
        *text++ = '=';
        *text++ = '=';
        if (left > 1) {
            text[-2] = alphabet[bits >> 6 & 63];
        }
        if (left > 2) {
            text[-1] = alphabet[bits & 63];
        }
    }
}

size_t edai_base64_size_max(size_t len)
{
    return len / 4 * 3;
}

/* -1: not in the alphabet. */
static int digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The last group's padding: 0, 1 or 2 characters; more are no digits and fail later. */
static size_t padding(eda_str text)
{
    if (text.len == 0 || text.ptr[text.len - 1] != '=') {
        return 0;
    }
    return text.ptr[text.len - 2] == '=' ? 2 : 1;
}

/* Up to four characters as 24 bits; false where one is no digit. */
static bool group_bits(const char *text, size_t count, uint32_t *ret_bits)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i < count ? digit(text[i]) : 0;
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
    }
    *ret_bits = bits;
    return true;
}

bool edai_base64_decode(eda_str text, uint8_t *bytes, size_t *ret_size)
{
    size_t size = 0;

    if (text.len % 4 != 0) {
        return false;
    }
    size_t end = text.len - padding(text);
    for (size_t i = 0; i < end; i += 4) {
        size_t count = end - i < 4 ? end - i : 4; /* 2 to 4 characters are 1 to 3 bytes */
        uint32_t bits;
        if (!group_bits(text.ptr + i, count, &bits) ||
            (count < 4 && (bits & (count == 2 ? 0xffff : 0xff)) != 0)) {
            return false;
        }
        for (size_t k = 1; k < count; k++) {
            bytes[size++] = (uint8_t)(bits >> (24 - 8 * k));
        }
    }
    *ret_size = size;
    return true;
}
