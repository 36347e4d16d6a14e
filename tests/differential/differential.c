/* differential.c - pairs of key expressions, and texts that may be some, with our answers, a line
 * each, for the program beside it to compare. Usage: differential [PAIRS [SEED]]
 *
 * The rule is written in README.md. The same numbers give the same lines on every machine. */
#include <edacious/topic.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/random.h"

#define PAIRS 1000000u
#define CHUNKS_MAX 7u
#define DEEP_MAX 4u /* "**" in one expression: upstream takes exponential time */
#define CHUNK_SIZE ((size_t)24)
#define TEXT_SIZE (CHUNKS_MAX * CHUNK_SIZE)
#define LETTERS_MAX 12u /* of a random text */
#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

typedef struct expression {
    unsigned count;
    char chunks[CHUNKS_MAX][CHUNK_SIZE];
} expression;

static edai_random chances;

static unsigned below(unsigned n)
{
    return (unsigned)edai_random_below(&chances, n);
}

static void put(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);

    EDA_ASSERT(strlen(more) < size - len, "there is room for what the rule makes");
    memcpy(text + len, more, strlen(more) + 1);
}

/* --- expressions --- */

/* Up to three short pieces, between which "$*" may stand. */
static void make_partly_wild(char chunk[CHUNK_SIZE])
{
    static const char *const pieces[] = {"", "a", "b", "ab", "ba", "aa", "\xc3\xa9"};
    unsigned count = 1 + below(3);

    chunk[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        put(chunk, CHUNK_SIZE, pieces[below(COUNT(pieces))]);
        if (i + 1 < count || below(2) == 0) {
            put(chunk, CHUNK_SIZE, "$*");
        }
    }
    if (chunk[0] == '\0') {
        put(chunk, CHUNK_SIZE, "a");
    }
}

static void make_chunk(char chunk[CHUNK_SIZE])
{
    static const char *const plain[] = {"a", "b", "ab", "ba", "aab", "aba", "abab", "\xc3\xa9",
        "a b", "%", "a:b", "a@", "\xc3\xa9\xc3\xa9"};
    static const char *const verbatim[] = {"@a", "@b", "@ab", "@", "@a$*"};
    unsigned kind = below(16);

    chunk[0] = '\0';
    if (kind < 6) {
        put(chunk, CHUNK_SIZE, plain[below(COUNT(plain))]);
    } else if (kind < 8) {
        put(chunk, CHUNK_SIZE, verbatim[below(COUNT(verbatim))]);
    } else if (kind < 11) {
        put(chunk, CHUNK_SIZE, "*");
    } else if (kind < 13) {
        put(chunk, CHUNK_SIZE, "**");
    } else {
        make_partly_wild(chunk);
    }
}

static void make(expression *self)
{
    self->count = 1 + below(CHUNKS_MAX);
    for (unsigned i = 0; i < self->count; i++) {
        make_chunk(self->chunks[i]);
    }
}

/* A few chunks made anew, taken away, doubled, or swapped with a neighbour. */
static void change(expression *self)
{
    for (unsigned changes = 1 + below(3); changes > 0; changes--) {
        unsigned at = below(self->count);
        unsigned kind = below(4);
        if (kind == 0 || (kind == 1 && self->count == 1)) {
            make_chunk(self->chunks[at]);
        } else if (kind == 1) {
            self->count--;
            memmove(self->chunks[at], self->chunks[at + 1], (self->count - at) * CHUNK_SIZE);
        } else if (kind == 2 && self->count < CHUNKS_MAX) {
            memmove(self->chunks[at + 1], self->chunks[at], (self->count - at) * CHUNK_SIZE);
            self->count++;
            make_chunk(self->chunks[at]);
        } else if (at + 1 < self->count) {
            char other[CHUNK_SIZE];
            memcpy(other, self->chunks[at], CHUNK_SIZE);
            memcpy(self->chunks[at], self->chunks[at + 1], CHUNK_SIZE);
            memcpy(self->chunks[at + 1], other, CHUNK_SIZE);
        }
    }
}

/* The canonical form, with at most DEEP_MAX "**": the others become "*". */
static eda_str write_canonical(const expression *self, char text[TEXT_SIZE])
{
    unsigned deep = 0;
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < self->count; i++) {
        bool is_deep = strcmp(self->chunks[i], "**") == 0;
        deep += is_deep;
        put(text, TEXT_SIZE, i > 0 ? "/" : "");
        put(text, TEXT_SIZE, is_deep && deep > DEEP_MAX ? "*" : self->chunks[i]);
    }
    eda_status status = eda_topic_canonize(eda_str_from(text), text, &len);
    EDA_ASSERT(status == EDA_OK, "every expression of the rule has a canonical form");
    return (eda_str){text, len};
}

static void print_pair(void)
{
    char texts[2][TEXT_SIZE];
    expression one;

    make(&one);
    eda_str a = write_canonical(&one, texts[0]);
    if (below(3) == 0) {
        make(&one);
    } else {
        change(&one);
    }
    eda_str b = write_canonical(&one, texts[1]);
    bool is_valid = eda_topic_check(a) == EDA_OK && eda_topic_check(b) == EDA_OK;
    bool is_met = eda_topic_intersects(a, b);
    EDA_ASSERT(is_met == eda_topic_intersects(b, a), "to intersect is mutual");
    printf("p\t%.*s\t%.*s\t%d%d%d%d\n", EDA_STR_ARG(a), EDA_STR_ARG(b), is_valid, is_met,
        eda_topic_includes(a, b), eda_topic_includes(b, a));
}

/* --- texts --- */

static void print_text(void)
{
    static const char *const letters[] = {"a", "a", "b", "/", "/", "/", "*", "*", "**", "$*", "$*",
        "$", "@", "#", "?", "\xc3\xa9", " "};
    char text[4 * LETTERS_MAX] = "";
    char canonical[4 * LETTERS_MAX];
    size_t len = 0;

    for (unsigned count = below(LETTERS_MAX + 1); count > 0; count--) {
        put(text, sizeof text, letters[below(COUNT(letters))]);
    }
    if (eda_topic_canonize(eda_str_from(text), canonical, &len) != EDA_OK) {
        len = 0;
    }
    printf("t\t%s\t%d\t%.*s\n", text, eda_topic_check(eda_str_from(text)) == EDA_OK, (int)len,
        canonical);
}

int main(int argc, char **argv)
{
    unsigned pairs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : PAIRS;
    unsigned texts = pairs / 2;

    edai_random_seed(&chances, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
    for (unsigned i = 0; i < pairs; i++) {
        print_pair();
    }
    for (unsigned i = 0; i < texts; i++) {
        print_text();
    }
    printf("end\t%u\t%u\n", pairs, texts);
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
