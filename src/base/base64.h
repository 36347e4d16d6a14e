/* base64.h - bytes as text (RFC 4648, section 4): padded, no line breaks, nothing else accepted.
 *
 * Threads: no shared state. Memory: the caller's. */
#ifndef EDAI_BASE64_H
#define EDAI_BASE64_H

#include <edacious/value.h>

/* Characters that `size` bytes take. The caller bounds the size. */
size_t edai_base64_len(size_t size);
/* Writes exactly that many, no terminator. */
void edai_base64_encode(eda_bytes bytes, char *text);

/* Bytes at most that a text of this length holds. */
size_t edai_base64_size_max(size_t len);
/* False: a character outside the alphabet, padding missing or misplaced, or bits in the last
 * character that belong to no byte. `bytes` may be written either way. */
EDA_CHECK bool edai_base64_decode(eda_str text, uint8_t *bytes, size_t *ret_size);

#endif
