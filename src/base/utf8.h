/* utf8.h - is a text UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is a
 * character like others. Or it is made so.
 *
 * Threads: no shared state. Memory: none. */
#ifndef EDAI_UTF8_H
#define EDAI_UTF8_H

#include <edacious/value.h>

bool edai_utf8_valid(eda_str text);
/* Makes one line of UTF-8 of so many bytes, in place: control characters become spaces, bytes that
 * are no UTF-8 question marks. */
void edai_utf8_tame(char *text, size_t len);

#endif
