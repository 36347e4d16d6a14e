/* text.h - text that grows: pieces, JSON strings, columns.
 *
 * Whether there was memory is asked once, at the end (edai_buffer.is_broken). Threads: one. */
#ifndef EDAI_TEXT_H
#define EDAI_TEXT_H

#include "wire/wire.h"

void edai_text_put(edai_buffer *text, const char *ptr, size_t len);
void edai_text_add(edai_buffer *text, const char *terminated);
void edai_text_format(edai_buffer *text, const char *format, ...) EDA_PRINTF(2, 3);
/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
void edai_text_string(edai_buffer *text, eda_str value);
/* Bytes in base64 as a JSON string. */
void edai_text_base64(edai_buffer *text, eda_bytes bytes);
eda_str edai_text_str(const edai_buffer *text);

#endif
