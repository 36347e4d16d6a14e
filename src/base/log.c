/* log.c - one line of text for people, bounded and free of control characters. */
#include "base/log.h"

#include "base/assert.h"
#include "base/timetext.h"

#include <stdio.h>
#include <string.h>

enum {
    SIZE_MIN = 64,
    NS_PER_S = 1000000000
};

static const char cut_mark[] = "...";

typedef struct line {
    char *buf;
    size_t size;
    size_t len;
    size_t len_safe; /* the longest whole beginning after which the mark still fits */
    bool is_cut;
} line;

/* Appends all of a piece or, when it does not fit, the mark; then nothing more. */
static void line_append(line *to, const char *piece, size_t len)
{
    if (to->is_cut) {
        return;
    }
    if (len > to->size - 1 - to->len) {
        memcpy(to->buf + to->len_safe, cut_mark, sizeof cut_mark);
        to->is_cut = true;
        return;
    }
    memcpy(to->buf + to->len, piece, len);
    to->len += len;
    to->buf[to->len] = 0;
    if (to->len + sizeof cut_mark <= to->size) {
        to->len_safe = to->len;
    }
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Bytes of the character at text. What is not UTF-8 is taken byte by byte, or with the strays that
 * follow it. */
static size_t character_len(const char *text)
{
    size_t len = 1;
    while (len < 4 && ((unsigned char)text[0] & 0xc0) == 0xc0 && is_continuation(text[len])) {
        len++;
    }
    return len;
}

/* ASCII's control characters, and those that terminals obey as U+0080 to U+009F. */
static bool is_control(const char *text, size_t len)
{
    unsigned char first = (unsigned char)text[0];
    unsigned char second = len > 1 ? (unsigned char)text[1] : 0;
    return first < 0x20 || first == 0x7f || (len == 2 && first == 0xc2 && second < 0xa0);
}

static void line_append_escape(line *to, char byte)
{
    char escape[5];
    int len = 0;
    switch (byte) {
    case '\n':
        len = snprintf(escape, sizeof escape, "\\n");
        break;
    case '\r':
        len = snprintf(escape, sizeof escape, "\\r");
        break;
    case '\t':
        len = snprintf(escape, sizeof escape, "\\t");
        break;
    default:
        len = snprintf(escape, sizeof escape, "\\x%02x", (unsigned)(unsigned char)byte);
        break;
    }
    line_append(to, escape, (size_t)len);
}

static void line_append_text(line *to, const char *text)
{
    while (*text != 0 && !to->is_cut) {
        size_t len = character_len(text);
        if (is_control(text, len)) {
            for (size_t i = 0; i < len; i++) {
                line_append_escape(to, text[i]);
            }
        } else {
            line_append(to, text, len);
        }
        text += len;
    }
}

static void line_append_time(line *to, eda_time at)
{
    char text[EDAI_TIMETEXT_SIZE];
    /* Down to the second, also before 1970. The very first second begins before any eda_time. */
    eda_time rest = at % NS_PER_S;
    eda_time past = rest < 0 ? rest + NS_PER_S : rest;
    size_t len = edai_timetext_format(at >= INT64_MIN + past ? at - past : INT64_MIN, text);
    line_append(to, text, len);
}

static void line_append_name(line *to, const char *name)
{
    if (name != NULL && name[0] != 0) {
        line_append(to, " ", 1);
        line_append_text(to, name);
    }
}

void edai_log_format(
    char *buf, size_t size, const edai_log_head *head, const char *format, va_list args)
{
    EDA_ASSERT(size >= SIZE_MIN, "a line has room for its time and some text");
    line to = {.size = size < EDAI_LOG_SIZE_MAX ? size : EDAI_LOG_SIZE_MAX};
    to.buf = buf;
    /* As large as the line: if the text is cut here, then it is cut there, too, and marked. */
    char text[EDAI_LOG_SIZE_MAX];
    if (vsnprintf(text, sizeof text, format, args) < 0) {
        (void)snprintf(text, sizeof text, "(a text that cannot be formatted: %.100s)", format);
    }
    line_append_time(&to, head->at);
    line_append_name(&to, head->system);
    line_append_name(&to, head->who);
    line_append(&to, ": ", 2);
    line_append_text(&to, text);
}
