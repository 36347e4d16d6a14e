/* circle.c - see circle.h: depth first, with the path on the heap. */
#include "core/circle.h"

#include "base/memory.h"

#include <stdlib.h>

/* A node is the index of the first edge that leaves it. */
typedef struct step {
    size_t node;
    size_t next; /* edge to be followed next */
} step;

enum {
    IS_NEW = 0,
    IS_ON_PATH,
    IS_DONE
};

static int compare(const void *a, const void *b)
{
    const edai_edge *left = *(edai_edge *const *)a;
    const edai_edge *right = *(edai_edge *const *)b;

    if (left->from != right->from) {
        return left->from < right->from ? -1 : 1;
    }
    if (left->to != right->to) {
        return left->to < right->to ? -1 : 1;
    }
    return left->worker != right->worker ? (left->worker < right->worker ? -1 : 1) : 0;
}

/* len: no edge leaves it. */
static size_t node_of(edai_edge *const *edges, size_t len, uint64_t id)
{
    size_t low = 0;
    size_t high = len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (edges[middle]->from < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < len && edges[low]->from == id ? low : len;
}

/* The path from where it met itself again. */
static size_t copy_circle(
    edai_edge *const *edges, const step *path, size_t depth, size_t met, edai_edge **ret_circle)
{
    size_t from = depth - 1;
    size_t count = 0;

    while (path[from].node != met) {
        from--;
    }
    for (; from < depth; from++) {
        ret_circle[count++] = edges[path[from].next - 1];
    }
    return count;
}

/* Walks everything that can be reached from one node; the length of the circle met, or 0. */
static size_t walk(edai_edge *const *edges, size_t len, size_t root, uint8_t *marks, step *path,
    edai_edge **ret_circle)
{
    size_t depth = 1;

    path[0] = (step){.node = root, .next = root};
    marks[root] = IS_ON_PATH;
    while (depth > 0) {
        step *at = &path[depth - 1];
        size_t to;

        if (at->next == len || edges[at->next]->from != edges[at->node]->from) {
            marks[at->node] = IS_DONE;
            depth--;
            continue;
        }
        to = node_of(edges, len, edges[at->next++]->to);
        if (to == len || marks[to] == IS_DONE) {
            continue;
        }
        if (marks[to] == IS_ON_PATH) {
            return copy_circle(edges, path, depth, to, ret_circle);
        }
        marks[to] = IS_ON_PATH;
        path[depth++] = (step){.node = to, .next = to};
    }
    return 0;
}

bool edai_circle_find(edai_edge **edges, size_t len, edai_edge **ret_circle, size_t *ret_len)
{
    uint8_t *marks = edai_calloc(len + 1, sizeof(*marks));
    step *path = edai_calloc(len + 1, sizeof(*path));
    size_t count = 0;
    size_t node;

    if (marks != NULL && path != NULL && len > 0) {
        qsort(edges, len, sizeof(edai_edge *), compare);
        for (node = 0; node < len && count == 0; node++) {
            bool is_first = node == 0 || edges[node - 1]->from != edges[node]->from;

            if (is_first && marks[node] == IS_NEW) {
                count = walk(edges, len, node, marks, path, ret_circle);
            }
        }
    }
    edai_free(marks);
    edai_free(path);
    if (count == 0) {
        return false;
    }
    *ret_len = count;
    return true;
}
