/* topic.h - topics: Zenoh's key-expression language, exactly.
 *
 * A key expression is chunks between '/': text, text with "$*" in it, "*" (one chunk), "**" (any
 * number), or a verbatim chunk that begins with '@'. A key is one without wildcards. Source:
 * Zenoh's key-expression RFC; answers follow upstream's where they differ from set theory. All
 * calls are polynomial in time; no allocation, no shared state. */
#ifndef EDA_TOPIC_H
#define EDA_TOPIC_H

#include <edacious/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EDA_TOPIC_LEN_MAX 1024   /* bytes */
#define EDA_TOPIC_CHUNKS_MAX 128 /* chunks */

/* A key expression in canonical form. EDA_EKEY otherwise; EDA_ERANGE: over the bounds above. */
EDA_CHECK eda_status eda_topic_check(eda_str expression);
/* The same, and no wildcard in it. */
EDA_CHECK eda_status eda_topic_check_key(eda_str topic);
/* Writes the canonical form into `buffer`, of at least expression.len bytes. Same errors. */
EDA_CHECK eda_status eda_topic_canonize(eda_str expression, char *buffer, size_t *ret_len);

/* Some key is in both. Both arguments are canonical (checked by the caller). */
bool eda_topic_intersects(eda_str a, eda_str b);
/* Every key of b is in a, as far as upstream's rules see. */
bool eda_topic_includes(eda_str a, eda_str b);

#ifdef __cplusplus
}
#endif
#endif
