/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include <string.h>

#define EIGHT sizeof(uint64_t)

static bool eight_are_ascii(const unsigned char *at)
{
    uint64_t eight;

    memcpy(&eight, at, sizeof eight);
    return (eight & UINT64_C(0x8080808080808080)) == 0;
}

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the sequence of several that begins at `at`, 0 if it is none. The second byte's bounds
 * keep out overlong forms, surrogates and what lies above U+10FFFF. */
static size_t sequence_len(const unsigned char *at, size_t left)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;

    if (at[0] < 0xc2 || at[0] > 0xf4) {
        return 0;
    }
    size_t len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (left < len) {
        return 0;
    }
    if (at[0] == 0xe0) {
        low = 0xa0;
    } else if (at[0] == 0xed) {
        high = 0x9f;
    } else if (at[0] == 0xf0) {
        low = 0x90;
    } else if (at[0] == 0xf4) {
        high = 0x8f;
    }
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (!is_tail(at[i])) {
            return 0;
        }
    }
    return len;
}

bool edai_utf8_valid(eda_str text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    size_t left = text.len;

    while (left > 0) {
        if (left >= EIGHT) {
            if (eight_are_ascii(at)) {
                at += EIGHT;
                left -= EIGHT;
                continue;
            }
        } else if (text.len >= EIGHT && eight_are_ascii(at + left - EIGHT)) {
            return true; /* the last eight, some of which were looked at before */
        }
        if (*at < 0x80) {
            at++;
            left--;
            continue;
        }
        size_t len = sequence_len(at, left);
        if (len == 0) {
            return false;
        }
        at += len;
        left -= len;
    }
    return true;
}

/* U+0000 to U+001F, U+007F, and U+0080 to U+009F: terminals act on all of them. */
static bool is_control(const unsigned char *at)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

void edai_utf8_tame(char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        const unsigned char *here = (const unsigned char *)text + at;
        size_t count = *here < 0x80 ? 1 : sequence_len(here, len - at);

        if (count == 0) {
            text[at++] = '?';
            continue;
        }
        if (is_control(here)) {
            memset(text + at, ' ', count);
        }
        at += count;
    }
}
