/* topic_fuzz.c - two expressions, apart at the first zero byte: what must hold of any text,
 * canonical or not, and a naive matcher beside the real one where the input is short enough for it.
 */
#include <edacious/topic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/trie.h"

#define NAIVE_LEN_MAX 24 /* bytes of each expression: the naive way takes exponential time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

/* The first chunk's length. */
static size_t chunk_len(eda_str text)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);

    return slash == NULL ? text.len : (size_t)(slash - text.ptr);
}

static eda_str behind(eda_str text, size_t len)
{
    size_t used = len < text.len ? len + 1 : len;

    return (eda_str){text.ptr + used, text.len - used};
}

static bool is(eda_str text, const char *literal)
{
    return eda_str_equal(text, eda_str_from(literal));
}

static eda_str skip(eda_str text, size_t len)
{
    return (eda_str){text.ptr + len, text.len - len};
}

static bool begins_wild(eda_str text)
{
    return text.len >= 2 && text.ptr[0] == '$' && text.ptr[1] == '*';
}

static bool parts_intersect(eda_str a, eda_str b)
{
    if (begins_wild(a)) {
        return parts_intersect(skip(a, 2), b) ||
               (b.len > 0 && !begins_wild(b) && parts_intersect(a, skip(b, 1))) ||
               (begins_wild(b) && parts_intersect(a, skip(b, 2)));
    }
    if (begins_wild(b)) {
        return parts_intersect(b, a);
    }
    if (a.len == 0 || b.len == 0) {
        return a.len == b.len;
    }
    return a.ptr[0] == b.ptr[0] && parts_intersect(skip(a, 1), skip(b, 1));
}

static bool chunks_intersect(eda_str a, eda_str b)
{
    if (a.ptr[0] == '@' || b.ptr[0] == '@') {
        return eda_str_equal(a, b);
    }
    return is(a, "*") || is(b, "*") || parts_intersect(a, b);
}

static bool naive_intersects(eda_str a, eda_str b)
{
    eda_str chunk_a = {a.ptr, chunk_len(a)};
    eda_str chunk_b = {b.ptr, chunk_len(b)};

    if (is(chunk_a, "**")) {
        return naive_intersects(behind(a, 2), b) ||
               (b.len > 0 && b.ptr[0] != '@' && naive_intersects(a, behind(b, chunk_b.len)));
    }
    if (is(chunk_b, "**")) {
        return naive_intersects(b, a);
    }
    if (a.len == 0 || b.len == 0) {
        return a.len == b.len;
    }
    return chunks_intersect(chunk_a, chunk_b) &&
           naive_intersects(behind(a, chunk_a.len), behind(b, chunk_b.len));
}

static void count_call(void *value, void *arg)
{
    (void)value;
    (*(size_t *)arg)++;
}

static bool trie_intersects(eda_str a, eda_str b)
{
    edai_trie *trie = edai_trie_new();
    size_t calls = 0;

    demand(trie != NULL, "memory for a trie");
    demand(edai_trie_insert(trie, a, trie) == EDA_OK, "a canonical expression can be inserted");
    edai_trie_match(trie, b, count_call, &calls);
    edai_trie_free(trie);
    demand(calls <= 1, "reported once at most");
    return calls == 1;
}

/* The canonical form in a block of its own, so that a byte too far is seen; NULL: there is none. */
static char *canonize(eda_str text, eda_str *ret_canonical)
{
    char *buffer = malloc(text.len + 1);
    size_t len = 0;

    demand(buffer != NULL, "memory");
    eda_status status = eda_topic_canonize(text, buffer, &len);
    bool is_canonical = status == EDA_OK && eda_str_equal(text, (eda_str){buffer, len});
    demand((eda_topic_check(text) == EDA_OK) == is_canonical, "check agrees with canonize");
    if (status != EDA_OK) {
        free(buffer);
        return NULL;
    }
    demand(len <= text.len, "the canonical form is not longer");
    *ret_canonical = (eda_str){buffer, len};
    demand(eda_topic_check(*ret_canonical) == EDA_OK, "the canonical form is canonical");
    demand(eda_topic_canonize(*ret_canonical, buffer, &len) == EDA_OK, "and has one, in place");
    demand(len == ret_canonical->len, "which is itself");
    return buffer;
}

static void compare(eda_str a, eda_str b)
{
    bool intersects = eda_topic_intersects(a, b);

    demand(intersects == eda_topic_intersects(b, a), "intersection is symmetric");
    demand(!eda_topic_includes(a, b) || intersects, "what includes intersects");
    demand(!eda_str_equal(a, b) || eda_topic_includes(a, b), "equal ones include each other");
    demand(intersects == trie_intersects(a, b), "the trie agrees");
    if (eda_topic_check_key(b) == EDA_OK) {
        demand(intersects == eda_topic_includes(a, b), "for a key both are the same");
    }
    if (a.len <= NAIVE_LEN_MAX && b.len <= NAIVE_LEN_MAX) {
        demand(intersects == naive_intersects(a, b), "the naive way agrees");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *zero = size == 0 ? NULL : memchr(text, '\0', size);
    size_t a_len = zero == NULL ? size : (size_t)(zero - text);
    size_t b_at = zero == NULL ? size : a_len + 1;
    eda_str raw_a = {text, a_len};
    eda_str raw_b = {text + b_at, size - b_at};
    eda_str a;
    eda_str b;

    /* Nobody promises an answer for these, but no wrong access either. */
    (void)eda_topic_intersects(raw_a, raw_b);
    (void)eda_topic_includes(raw_a, raw_b);
    char *owned_a = canonize(raw_a, &a);
    char *owned_b = canonize(raw_b, &b);
    if (owned_a != NULL && owned_b != NULL) {
        compare(a, b);
    }
    free(owned_a);
    free(owned_b);
    return 0;
}
