/* text.c - see text.h. */
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "wire/wire_put.h"

/* Longest piece that edai_text_format makes; longer ones are cut. */
#define PIECE_SIZE 512

void edai_text_put(edai_buffer *text, const char *ptr, size_t len)
{
    uint8_t *at = len > 0 ? edai_buffer_reserve(text, len) : NULL;

    if (at != NULL) {
        memcpy(at, ptr, len);
        edai_buffer_commit(text, at + len);
    }
}

void edai_text_add(edai_buffer *text, const char *terminated)
{
    edai_text_put(text, terminated, strlen(terminated));
}

void edai_text_format(edai_buffer *text, const char *format, ...)
{
    char piece[PIECE_SIZE];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    if (len > 0) {
        edai_text_put(text, piece, (size_t)len < sizeof piece ? (size_t)len : sizeof piece - 1);
    }
}

/* Bytes of the UTF-8 sequence that begins here; 0: it is none. */
static size_t sequence_len(eda_str rest)
{
    for (size_t len = 1; len <= 4 && len <= rest.len; len++) {
        if (edai_utf8_valid((eda_str){.ptr = rest.ptr, .len = len})) {
            return len;
        }
    }
    return 0;
}

static void put_char(edai_buffer *text, char c)
{
    static const char *const shorts[] = {
        ['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    size_t at = (unsigned char)c;

    if (at < sizeof shorts / sizeof shorts[0] && shorts[at] != NULL) {
        edai_text_add(text, shorts[at]);
    } else if (at < 0x20 || at == 0x7f) {
        edai_text_format(text, "\\u%04x", (unsigned)at);
    } else {
        edai_text_put(text, &c, 1);
    }
}

void edai_text_string(edai_buffer *text, eda_str value)
{
    edai_text_add(text, "\"");
    for (size_t at = 0; at < value.len;) {
        eda_str rest = {.ptr = value.ptr + at, .len = value.len - at};
        size_t len = sequence_len(rest);

        if (len == 1) {
            put_char(text, rest.ptr[0]);
        } else if (len == 0) {
            edai_text_add(text, "\xef\xbf\xbd");
            len = 1;
        } else {
            edai_text_put(text, rest.ptr, len);
        }
        at += len;
    }
    edai_text_add(text, "\"");
}

void edai_text_base64(edai_buffer *text, eda_bytes bytes)
{
    size_t len = edai_base64_len(bytes.len);

    edai_text_add(text, "\"");
    uint8_t *at = edai_buffer_reserve(text, len);
    if (at != NULL) {
        edai_base64_encode(bytes, (char *)at);
        edai_buffer_commit(text, at + len);
    }
    edai_text_add(text, "\"");
}

eda_str edai_text_str(const edai_buffer *text)
{
    return (eda_str){.ptr = (const char *)text->bytes, .len = text->size};
}
