/* trie.c - see trie.h.
 *
 * A match walks down the tree with the set of places in the topic that the path so far may have
 * reached (places.h), so each node is looked at once, and a node's values are reported if the
 * topic's end is among its places. Below a node only those children are tried that can match: those
 * with wildcards, and by binary search the one that is equal to the chunk ahead. Where the chunk
 * ahead is itself a wildcard, all are tried. Walks use a fixed stack: no path is longer than an
 * expression. */
#include "message/trie.h"

#include "base/memory.h"
#include "message/places.h"

typedef struct node node;

struct node {
    node **children; /* those with wildcards first, by age; then the others, by edai_chunk order */
    void **values;
    uint32_t child_count;
    uint32_t wild_count;
    uint32_t value_count;
    edai_chunk chunk; /* points to text */
    char text[];
};

struct edai_trie {
    node *root;
    size_t len;
};

/* Places on a path: the root and a node per chunk. */
#define DEPTH_MAX (EDA_TOPIC_CHUNKS_MAX + 1)

static bool is_wild(edai_chunk chunk)
{
    return chunk.kind != EDAI_CHUNK_TEXT && chunk.kind != EDAI_CHUNK_VERBATIM;
}

/* Any total order will do for the search; the shorter first is cheapest. */
static int compare(edai_chunk a, edai_chunk b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return memcmp(a.ptr, b.ptr, a.len);
}

/* Where a chunk without wildcards stands among the children, or would. */
static uint32_t find_place(const node *parent, edai_chunk chunk)
{
    uint32_t low = parent->wild_count;
    uint32_t high = parent->child_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(parent->children[middle]->chunk, chunk) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The child of exactly this text; NULL: none. */
static node *find_child(const node *parent, edai_chunk chunk)
{
    if (is_wild(chunk)) {
        for (uint32_t i = 0; i < parent->wild_count; i++) {
            if (edai_chunk_equal(parent->children[i]->chunk, chunk)) {
                return parent->children[i];
            }
        }
        return NULL;
    }
    uint32_t place = find_place(parent, chunk);
    if (place == parent->child_count || !edai_chunk_equal(parent->children[place]->chunk, chunk)) {
        return NULL;
    }
    return parent->children[place];
}

static node *node_new(edai_chunk chunk)
{
    node *made = edai_calloc(1, sizeof(*made) + chunk.len);

    if (made == NULL) {
        return NULL;
    }
    if (chunk.len > 0) {
        memcpy(made->text, chunk.ptr, chunk.len);
    }
    made->chunk = (edai_chunk){.ptr = made->text, .len = chunk.len, .kind = chunk.kind};
    return made;
}

static void node_free(node *old)
{
    edai_free(old->children);
    edai_free(old->values);
    edai_free(old);
}

/* Makes room for one more at powers of two; the array keeps its content. False: out of memory. */
static bool reserve_child(node *parent)
{
    uint32_t count = parent->child_count;

    if ((count & (count - 1)) != 0) {
        return true;
    }
    size_t capacity = count == 0 ? 1 : (size_t)count * 2;
    node **children = edai_realloc(parent->children, capacity * sizeof(children[0]));
    if (children == NULL) {
        return false;
    }
    parent->children = children;
    return true;
}

static bool reserve_value(node *owner)
{
    uint32_t count = owner->value_count;

    if ((count & (count - 1)) != 0) {
        return true;
    }
    size_t capacity = count == 0 ? 1 : (size_t)count * 2;
    void **values = edai_realloc(owner->values, capacity * sizeof(values[0]));
    if (values == NULL) {
        return false;
    }
    owner->values = values;
    return true;
}

static void remove_child_at(node *parent, uint32_t at)
{
    if (at < parent->wild_count) {
        parent->wild_count--;
    }
    parent->child_count--;
    memmove(&parent->children[at], &parent->children[at + 1],
        (parent->child_count - at) * sizeof(parent->children[0]));
}

static node *add_child(node *parent, edai_chunk chunk)
{
    if (!reserve_child(parent)) {
        return NULL;
    }
    node *child = node_new(chunk);
    if (child == NULL) {
        return NULL;
    }
    uint32_t at = is_wild(chunk) ? parent->wild_count : find_place(parent, chunk);
    memmove(&parent->children[at + 1], &parent->children[at],
        (parent->child_count - at) * sizeof(parent->children[0]));
    parent->children[at] = child;
    parent->child_count++;
    parent->wild_count += is_wild(chunk) ? 1 : 0;
    return child;
}

edai_trie *edai_trie_new(void)
{
    edai_trie *trie = edai_calloc(1, sizeof(*trie));

    if (trie == NULL) {
        return NULL;
    }
    trie->root = node_new((edai_chunk){.ptr = "", .len = 0, .kind = EDAI_CHUNK_TEXT});
    if (trie->root == NULL) {
        edai_free(trie);
        return NULL;
    }
    return trie;
}

size_t edai_trie_len(const edai_trie *trie)
{
    return trie->len;
}

/* ---- walks over every node ---- */

typedef struct level {
    node *at;
    uint32_t next; /* child to visit */
} level;

static uint32_t remove_value(node *owner, const void *value)
{
    uint32_t kept = 0;
    uint32_t count = owner->value_count;

    for (uint32_t i = 0; i < count; i++) {
        if (owner->values[i] != value) {
            owner->values[kept++] = owner->values[i];
        }
    }
    owner->value_count = kept;
    return count - kept;
}

/* Removes the value everywhere (everything, if clears) and each node that then stands for nothing.
 * Children before their parent. */
static size_t sweep(node *root, const void *value, bool clears)
{
    level stack[DEPTH_MAX] = {{.at = root}};
    size_t depth = 0;
    size_t removed = 0;

    for (;;) {
        level *top = &stack[depth];
        if (top->next < top->at->child_count) {
            stack[++depth] = (level){.at = top->at->children[top->next]};
            continue;
        }
        if (clears) {
            top->at->value_count = 0;
        } else {
            removed += remove_value(top->at, value);
        }
        if (depth == 0) {
            return removed;
        }
        level *up = &stack[--depth];
        if (top->at->child_count == 0 && top->at->value_count == 0) {
            remove_child_at(up->at, up->next);
            node_free(top->at);
        } else {
            up->next++;
        }
    }
}

void edai_trie_free(edai_trie *trie)
{
    if (trie == NULL) {
        return;
    }
    (void)sweep(trie->root, NULL, true);
    node_free(trie->root);
    edai_free(trie);
}

size_t edai_trie_remove(edai_trie *trie, const void *value)
{
    size_t removed = sweep(trie->root, value, false);

    trie->len -= removed;
    return removed;
}

/* After a failed insertion: nodes on the way that stand for nothing. */
static void prune(edai_trie *trie, eda_str expression)
{
    node *path[DEPTH_MAX] = {trie->root};
    size_t depth = 0;
    eda_str rest = expression;
    edai_chunk chunk;

    while (edai_chunk_next(&rest, &chunk)) {
        node *child = find_child(path[depth], chunk);
        if (child == NULL) {
            break;
        }
        path[++depth] = child;
    }
    for (; depth > 0 && path[depth]->child_count == 0 && path[depth]->value_count == 0; depth--) {
        node *parent = path[depth - 1];
        uint32_t at = 0;
        while (parent->children[at] != path[depth]) {
            at++;
        }
        remove_child_at(parent, at);
        node_free(path[depth]);
    }
}

eda_status edai_trie_insert(edai_trie *trie, eda_str expression, void *value)
{
    node *at = trie->root;
    eda_str rest = expression;
    edai_chunk chunk;

    EDA_TRY(eda_topic_check(expression));
    if (trie->len >= EDAI_TRIE_LEN_MAX) {
        return EDA_ELIMIT;
    }
    while (edai_chunk_next(&rest, &chunk)) {
        node *child = find_child(at, chunk);
        if (child == NULL) {
            child = add_child(at, chunk);
        }
        if (child == NULL) {
            prune(trie, expression);
            return EDA_ENOMEM;
        }
        at = child;
    }
    if (!reserve_value(at)) {
        prune(trie, expression);
        return EDA_ENOMEM;
    }
    at->values[at->value_count++] = value;
    trie->len++;
    return EDA_OK;
}

/* ---- matching ---- */

/* A node on the path being matched. `next` counts the wildcard children, then the places ahead;
 * with a wildcard ahead, all children. */
typedef struct match_level {
    const node *at;
    edai_places places;
    size_t next;
    bool tries_all;
} match_level;

static match_level enter(const edai_chunks *chunks, const node *at, edai_places places)
{
    match_level entered = {.at = at, .places = places};

    for (size_t i = 0; i < chunks->len && !entered.tries_all; i++) {
        entered.tries_all = edai_places_has(places, i) && is_wild(chunks->items[i]);
    }
    return entered;
}

/* Places later in the topic may lead to a child that an earlier one has led to. */
static bool is_repeated(const edai_chunks *chunks, const match_level *top, size_t place)
{
    for (size_t i = 0; i < place; i++) {
        if (edai_places_has(top->places, i) &&
            edai_chunk_equal(chunks->items[i], chunks->items[place])) {
            return true;
        }
    }
    return false;
}

/* The next child that may match; NULL: no more. */
static const node *next_child(const edai_chunks *chunks, match_level *top)
{
    uint32_t listed = top->tries_all ? top->at->child_count : top->at->wild_count;

    if (top->next < listed) {
        return top->at->children[top->next++];
    }
    if (top->tries_all || top->at->wild_count == top->at->child_count) {
        return NULL;
    }
    while (top->next - listed < chunks->len) {
        size_t place = top->next++ - listed;
        if (edai_places_has(top->places, place) && !is_repeated(chunks, top, place)) {
            const node *child = find_child(top->at, chunks->items[place]);
            if (child != NULL) {
                return child;
            }
        }
    }
    return NULL;
}

static void report(const edai_chunks *chunks, const match_level *top, edai_trie_fn *fn, void *arg)
{
    if (!edai_places_has(top->places, chunks->len)) {
        return;
    }
    for (uint32_t i = 0; i < top->at->value_count; i++) {
        fn(top->at->values[i], arg);
    }
}

void edai_trie_match(const edai_trie *trie, eda_str key_or_expression, edai_trie_fn *fn, void *arg)
{
    match_level stack[DEPTH_MAX];
    edai_chunks chunks;
    size_t depth = 0;

    if (key_or_expression.len == 0 || !edai_places_split(key_or_expression, &chunks)) {
        return;
    }
    stack[0] = enter(&chunks, trie->root, edai_places_start(&chunks));
    for (;;) {
        match_level *top = &stack[depth];
        const node *child = next_child(&chunks, top);
        if (child == NULL) {
            if (depth == 0) {
                return;
            }
            depth--;
            continue;
        }
        edai_places places = edai_places_step(&chunks, top->places, child->chunk);
        if (!edai_places_is_empty(places)) {
            stack[++depth] = enter(&chunks, child, places);
            report(&chunks, &stack[depth], fn, arg);
        }
    }
}
