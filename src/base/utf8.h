/* utf8.h - is a text UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is a
 * character like others.
 *
 * Threads: no shared state. Memory: none. */
#ifndef EDAI_UTF8_H
#define EDAI_UTF8_H

#include <edacious/value.h>

bool edai_utf8_valid(eda_str text);

#endif
