/* trie.h - key expressions and who asked for them: finds all that intersect a topic.
 *
 * Cost of a match: by the topic's chunks and the wildcards met on the way, not by the number of
 * expressions, unless the topic itself has wildcards; never more than nodes times chunks, whatever
 * the patterns look like. Order: by the tree, the same in every run. Threads: match from any, while
 * nothing is inserted or removed. Memory: a node per distinct chunk of a path; copies expressions,
 * keeps values. */
#ifndef EDAI_TRIE_H
#define EDAI_TRIE_H

#include <edacious/topic.h>

#define EDAI_TRIE_LEN_MAX (1u << 20) /* expressions in one trie */

typedef struct edai_trie edai_trie;
typedef void edai_trie_fn(void *value, void *arg);

/* Returns owned, free with edai_trie_free; NULL: out of memory. */
EDA_CHECK edai_trie *edai_trie_new(void);
void edai_trie_free(edai_trie *trie);

/* Adds a value under an expression; both may be there already, each insertion counts by itself.
 * EDA_EKEY, EDA_ERANGE: not canonical, as eda_topic_check. EDA_ELIMIT, EDA_ENOMEM: nothing changed.
 */
EDA_CHECK eda_status edai_trie_insert(edai_trie *trie, eda_str expression, void *value);
/* Removes a value from under every expression; returns how many those were. Walks the whole trie.
 */
size_t edai_trie_remove(edai_trie *trie, const void *value);
/* Insertions that are still there. */
size_t edai_trie_len(const edai_trie *trie);

/* Calls fn for every insertion whose expression intersects this canonical key or expression
 * (eda_topic_intersects). fn must not change the trie. */
void edai_trie_match(const edai_trie *trie, eda_str key_or_expression, edai_trie_fn *fn, void *arg);

#endif
