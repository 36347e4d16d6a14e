/* template.h - a message type's topic with placeholders, "door/{door_id}/unlock", made ready to
 * fill in and to match.
 *
 * A placeholder is a whole chunk and names a field that is a string or an integer. Integers are
 * canonical decimal: no leading zero, no '+', no "-0". Raw types have no such fields: their
 * placeholders name a chunk of the topic that the message carries. Threads: constant once made.
 * Memory: one block; keeps the type. */
#ifndef EDAI_TEMPLATE_H
#define EDAI_TEMPLATE_H

#include <edacious/codec.h>
#include <edacious/topic.h>

#define EDAI_TEMPLATE_VALUES_MAX 16 /* placeholders in one topic */
#define EDAI_TEMPLATE_CHUNK_MAX 255 /* bytes that a placeholder may stand for */

typedef struct edai_template edai_template;

/* What stands in a topic where a placeholder stood. */
typedef struct edai_template_value {
    eda_str name;           /* of the placeholder; lives as long as the type */
    const eda_field *field; /* NULL: a raw type */
    eda_str chunk;          /* borrows from the topic */
    int64_t number;         /* signed integer fields; else 0 */
    uint64_t unsigned_number;
} edai_template_value;

/* Reads type->topic; returns owned, free with edai_template_free. EDA_EINVAL: no topic, or one that
 * is wrong, `problem` (may be NULL) says how to mend it. EDA_ENOMEM. */
EDA_CHECK eda_status edai_template_new(
    const eda_type *type, edai_template **ret_template, eda_problem *problem);
void edai_template_free(edai_template *template);

/* The key expression it stands for: '*' in place of each placeholder. Borrowed from the template.
 */
eda_str edai_template_pattern(const edai_template *template);
/* Number of placeholders. */
size_t edai_template_count(const edai_template *template);

/* Can this message be published: is each field in the topic one chunk of 1 to 255 bytes, UTF-8,
 * with none of "/", "*",
 * "$", "#", "?" in it and no "@" in front, and the topic no longer than EDA_TOPIC_LEN_MAX? A raw
 * message: does its own topic match? Otherwise EDA_EKEY. */
EDA_CHECK eda_status edai_template_check(const edai_template *template, const void *message);
/* False: no message can fail that check, integers alone stand in the topic. */
bool edai_template_can_fail(const edai_template *template);
/* Writes the message's topic, not terminated. EDA_EKEY as above; EDA_ERANGE: the buffer is too
 * small, which one of EDA_TOPIC_LEN_MAX never is. */
EDA_CHECK eda_status edai_template_format(const edai_template *template, const void *message,
    char *buffer, size_t buffer_size, size_t *ret_len);
/* Takes a topic without wildcards apart. EDA_ENOENT: it does not match; so does an integer that is
 * not canonical or outside what the field may hold. EDA_ERANGE: more placeholders than values_max.
 */
EDA_CHECK eda_status edai_template_parse(const edai_template *template, eda_str topic,
    edai_template_value *values, size_t values_max, size_t *ret_count);

#endif
