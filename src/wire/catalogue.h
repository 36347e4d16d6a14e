/* catalogue.h - what a node knows and hosts, as nodes and the command tell each other in JSON
 * (docs/wire.md).
 *
 * Plain records, which the codecs write and read. Order: by name. Threads: no shared state. Memory:
 * what was read is one block, its lists and texts in it. */
#ifndef EDAI_CATALOGUE_H
#define EDAI_CATALOGUE_H

#include <edacious/codec.h>
#include <edacious/declare.h>
#include <edacious/topic.h>

#define EDAI_CATALOGUE_ACTORS_MAX 4096 /* of one node */
#define EDAI_CATALOGUE_MESSAGES_MAX 16384

EDA_ENUM(edai_catalogue_kind,
    (EDAI_CATALOGUE_MESSAGE, "message"),
    (EDAI_CATALOGUE_REQUEST, "request"),
    (EDAI_CATALOGUE_RAW, "raw"));
EDA_ENUM(edai_catalogue_scope, (EDAI_CATALOGUE_CLUSTER, "cluster"), (EDAI_CATALOGUE_NODE, "node"));
EDA_ENUM(edai_catalogue_key, (EDAI_CATALOGUE_TEXT, "text"), (EDAI_CATALOGUE_NUMBER, "number"));

EDA_RECORD(edai_catalogue_field,
    (eda_str, name),
    (eda_str, type, .doc = "in words: text, uint8, list of badge {id: text}"),
    (eda_str, doc, .may_miss = true),
    (eda_optional(eda_str), unit),
    (eda_optional(eda_str), range),
    (eda_optional(uint32_t), len_max, .doc = "bytes of a text or bytes, elements of a list"),
    (eda_optional(eda_str), if_missing, .doc = "a message may lack it: what it is then"));

EDA_RECORD(edai_catalogue_message,
    (eda_str, name),
    (eda_str, topic, .doc = "{field} where a field's value stands"),
    (edai_catalogue_kind, kind),
    (eda_optional(eda_str), reply),
    (bool, is_inside, .may_miss = true),
    (bool, is_outgoing, .may_miss = true),
    (eda_str, fingerprint, .may_miss = true, .doc = "the same where the declaration is"),
    (eda_str, doc, .may_miss = true),
    (eda_list_of(edai_catalogue_field), fields, .may_miss = true, .len_max = 256),
    (eda_list_of(edai_catalogue_field), reply_fields, .may_miss = true, .len_max = 256));

EDA_RECORD(edai_catalogue_handle,
    (eda_optional(eda_str), message),
    (eda_optional(eda_str), pattern),
    (eda_optional(eda_str), key, .doc = "field that holds the key"),
    (bool, answers, .may_miss = true));

EDA_RECORD(edai_catalogue_actor,
    (eda_str, name),
    (eda_str, supervisor, .doc = "its name: singleton, pool, keyed, or another"),
    (edai_catalogue_scope, scope),
    (eda_optional(edai_catalogue_key), key),
    (uint32_t, pool_len, .may_miss = true),
    (bool, saves, .may_miss = true),
    (bool, spawns_for_outside, .may_miss = true),
    (eda_list_of(edai_catalogue_handle), handles, .may_miss = true, .len_max = 256),
    (eda_list_of(eda_str), emits, .may_miss = true, .len_max = EDAI_CATALOGUE_MESSAGES_MAX),
    (bool, emits_any, .may_miss = true));

EDA_RECORD(edai_catalogue,
    (eda_str, node),
    (eda_str, inc),
    (eda_str, cluster),
    (eda_list_of(edai_catalogue_message), messages, .len_max = EDAI_CATALOGUE_MESSAGES_MAX),
    (eda_list_of(edai_catalogue_actor), actors, .len_max = EDAI_CATALOGUE_ACTORS_MAX));

/* Reads and checks: every name is one (letters, digits, '_', 1 to 63 bytes), every topic and
 * pattern a key expression, each handler has a message or a pattern. Returns owned, free with
 * edai_free. Errors as eda_json_decode, and EDA_EINVAL: a name, topic or handler is wrong. */
EDA_CHECK eda_status edai_catalogue_read(
    eda_bytes json, edai_catalogue **ret_catalogue, eda_problem *ret_problem);

/* Of the actors and what they handle; not of the node or the messages. Never 0. */
uint64_t edai_catalogue_hash(const edai_catalogue *catalogue);

/* By name; NULL: it has none. */
const edai_catalogue_message *edai_catalogue_find(const edai_catalogue *catalogue, eda_str name);

/* The key expression of a message's topic, '*' where a field stands, into a buffer of at least
 * EDA_TOPIC_LEN_MAX bytes. */
eda_str edai_catalogue_pattern(eda_str topic, char *buffer);

#endif
