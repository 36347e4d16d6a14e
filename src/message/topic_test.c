/* topic_test.c - upstream's answers, and every small expression against a plain model.
 *
 * The models are as naive as can be: regular expressions for the grammar, rewriting rules for the
 * canonical form, the set of all short keys for intersection, and recursion for inclusion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <edacious/topic.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

/* ---- what upstream answers ---- */

typedef struct vector {
    const char *a;
    const char *b;
    bool intersects;
    bool includes;
} vector;

static const vector vectors[] = {
    {"a", "a", 1, 1},
    {"a/b", "a/b", 1, 1},
    {"*", "abc", 1, 1},
    {"*", "x/abc", 0, 0},
    {"ab/*", "ab", 0, 0},
    {"ab/**", "ab", 1, 1},
    {"**", "a/b/c", 1, 1},
    {"**", "*/**", 1, 1},
    {"*/**", "**", 1, 0},
    {"a/**/c/**/e", "a/c/e", 1, 1},
    {"a/**/c/**/e", "a/b/b/b/c/d/d/d/e", 1, 1},
    {"a/**/c/*/e/*", "a/b/b/b/c/d/d/c/d/e/f", 1, 1},
    {"a/**/c/*/e/*", "a/b/b/b/c/d/d/c/d/d/e/f", 0, 0},
    {"a/*/b", "a/b", 0, 0},
    {"a/**/b", "a/b", 1, 1},
    {"a/*", "*/a", 1, 0},
    {"*/*/**", "a/**/b", 1, 0},
    {"ab$*", "ab", 1, 1},
    {"ab$*cd", "abxxcxxcd", 1, 1},
    {"ab$*cd", "abxxcxxcdx", 0, 0},
    {"a$*b", "ab$*", 1, 0},
    {"a$*ab", "ab$*b", 1, 0},
    {"x/$*abc", "x/abc$*", 1, 0},
    {"x/abc$*", "x/a$*", 1, 0},
    {"x/a$*e", "x/a$*d$*e", 1, 1},
    {"x/a$*d$*e", "x/a$*c$*e", 1, 0},
    {"x/$*d", "x/$*e", 0, 0},
    {"x/*", "x/abc$*", 1, 1},
    {"**/xyz$*xyz", "a/b/xyz/d/e/f/xyz", 0, 0},
    {"**/xyz$*xyz", "a/b/xyzdefxyz", 1, 1},
    {"@a", "*", 0, 0},
    {"@a", "**", 0, 0},
    {"@a", "**/@a", 1, 0},
    {"@a", "@a/**", 1, 0},
    {"@a/**", "@a", 1, 1},
    {"@a/**", "@a/@b", 0, 0},
    {"@a/**/@b", "@a/@b", 1, 1},
    {"@a/**/@b", "@a/**/@c/**/@b", 0, 0},
    {"@a/**/@c/@b", "@a/**/@c/**/@b", 1, 0},
    {"@a$*", "@ab", 0, 0},
    {"@a$*/**", "@a", 0, 0},
    {"my/@v1/**", "my/*/**", 0, 0},
    {"a/**/$*b", "a/@b", 0, 0},
    {"a b/é", "a b/*", 1, 0},
};

/* Adds to a terminated text whose array has room for `size` bytes in all. */
static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);

    assert_true(strlen(more) < size - len);
    memcpy(text + len, more, strlen(more) + 1);
}

static bool intersects(const char *a, const char *b)
{
    return eda_topic_intersects(eda_str_from(a), eda_str_from(b));
}

static bool includes(const char *a, const char *b)
{
    return eda_topic_includes(eda_str_from(a), eda_str_from(b));
}

static void check_vector(const vector *v)
{
    assert_int_equal(eda_topic_check(eda_str_from(v->a)), EDA_OK);
    assert_int_equal(eda_topic_check(eda_str_from(v->b)), EDA_OK);
    if (intersects(v->a, v->b) != v->intersects || intersects(v->b, v->a) != v->intersects ||
        includes(v->a, v->b) != v->includes) {
        fail_msg("%s against %s", v->a, v->b);
    }
}

static void topic_upstream_vectors_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        check_vector(&vectors[i]);
    }
}

static void topic_check_invalid_returns_ekey(void **state)
{
    static const char *const invalid[] = {"", "/a", "a/", "a//b", "/", "*a", "a*", "***", "a/***/b",
        "a$b", "$", "a?b", "a#b", "@*", "#", "?", "*$*", "$**", "a/**$*", "a$", "a/$*?", "*/b*",
        "\xff", "a/\xc0\x80", "\xed\xa0\x80", "a/\xc3"};

    (void)state;
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        char buffer[32];
        size_t len = 77;
        eda_str text = eda_str_from(invalid[i]);
        assert_int_equal(eda_topic_check(text), EDA_EKEY);
        assert_int_equal(eda_topic_check_key(text), EDA_EKEY);
        assert_int_equal(eda_topic_canonize(text, buffer, &len), EDA_EKEY);
        assert_int_equal(len, 77);
    }
}

static void topic_check_odd_but_valid_returns_ok(void **state)
{
    static const char *const valid[] = {"@", "@a$*", "@$*", "a b", "%", "a:b", "a,b", "a\nb", "é",
        "a$*b$*c", "$*a$*", "*/**", "*/*/**", "**/a/**", "**/$*a", "a@", "**/@a", "\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        assert_int_equal(eda_topic_check(eda_str_from(valid[i])), EDA_OK);
    }
    assert_int_equal(eda_topic_check((eda_str){"a\0b", 3}), EDA_OK);
}

static void topic_check_not_canonical_returns_ekey(void **state)
{
    static const char *const others[] = {
        "$*", "a/$*", "$*/a", "a$*$*", "**/**", "a/**/*", "**/*/b"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(eda_topic_check(eda_str_from(others[i])), EDA_EKEY);
    }
}

static void topic_check_key_with_wildcard_returns_ekey(void **state)
{
    (void)state;
    assert_int_equal(eda_topic_check_key(EDA_STR("door/front/unlock")), EDA_OK);
    assert_int_equal(eda_topic_check_key(EDA_STR("@a/b")), EDA_OK);
    assert_int_equal(eda_topic_check_key(EDA_STR("door/*/unlock")), EDA_EKEY);
    assert_int_equal(eda_topic_check_key(EDA_STR("door/**")), EDA_EKEY);
    assert_int_equal(eda_topic_check_key(EDA_STR("door/a$*")), EDA_EKEY);
    assert_int_equal(eda_topic_check_key(EDA_STR("@a$*")), EDA_EKEY);
}

static void topic_canonize_examples_agree(void **state)
{
    static const char *const pairs[][2] = {{"a/**/*/**/*/b", "a/*/*/**/b"}, {"**/$*/x", "*/**/x"},
        {"foo$*$*", "foo$*"}, {"a$*$*b", "a$*b"}, {"x$*$*y$*$*z", "x$*y$*z"}, {"hi$*$*$*", "hi$*"},
        {"$*$*$*/hello/$*$*/bye/$*$*", "*/hello/*/bye/*"}, {"hello/**/**/bye", "hello/**/bye"},
        {"hello/**/*", "hello/*/**"}, {"**/**/**", "**"}, {"@a$*$*", "@a$*"},
        {"door/front", "door/front"}, {"**/*/a/**/$*", "*/**/a/*/**"}};

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char buffer[64];
        size_t len;
        size_t size = strlen(pairs[i][0]);
        memcpy(buffer, pairs[i][0], size);
        assert_int_equal(eda_topic_canonize((eda_str){buffer, size}, buffer, &len), EDA_OK);
        assert_int_equal(len, strlen(pairs[i][1]));
        assert_memory_equal(buffer, pairs[i][1], len);
    }
}

/* ---- bounds ---- */

/* count times "a/", the last one without '/'. */
static eda_str many_chunks(char *buffer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(buffer + 2 * i, "a/", 2);
    }
    return (eda_str){buffer, 2 * count - 1};
}

static void topic_check_over_bounds_returns_erange(void **state)
{
    static char text[EDA_TOPIC_LEN_MAX + 1];
    static char buffer[EDA_TOPIC_LEN_MAX + 1];
    size_t len = 77;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(eda_topic_check((eda_str){text, EDA_TOPIC_LEN_MAX}), EDA_OK);
    assert_int_equal(eda_topic_check((eda_str){text, EDA_TOPIC_LEN_MAX + 1}), EDA_ERANGE);
    assert_int_equal(
        eda_topic_canonize((eda_str){text, EDA_TOPIC_LEN_MAX + 1}, buffer, &len), EDA_ERANGE);
    assert_int_equal(eda_topic_check(many_chunks(text, EDA_TOPIC_CHUNKS_MAX)), EDA_OK);
    assert_int_equal(eda_topic_check(many_chunks(text, EDA_TOPIC_CHUNKS_MAX + 1)), EDA_ERANGE);
    assert_int_equal(eda_topic_check_key(many_chunks(text, EDA_TOPIC_CHUNKS_MAX + 1)), EDA_ERANGE);
    assert_int_equal(len, 77);
}

static void topic_relations_at_the_chunk_bound_hold(void **state)
{
    static char text[EDA_TOPIC_LEN_MAX];
    eda_str key = many_chunks(text, EDA_TOPIC_CHUNKS_MAX);

    (void)state;
    assert_true(eda_topic_intersects(EDA_STR("**/a"), key));
    assert_true(eda_topic_includes(EDA_STR("**/a"), key));
    assert_true(eda_topic_intersects(key, EDA_STR("a/**")));
    assert_false(eda_topic_intersects(key, EDA_STR("**/b")));
    assert_false(eda_topic_includes(EDA_STR("**/b/**"), key));
}

/* Upstream needs minutes for these. */
static void topic_hostile_patterns_finish_at_once(void **state)
{
    static char pattern[EDA_TOPIC_LEN_MAX];
    static char key[EDA_TOPIC_LEN_MAX];
    size_t used = 0;

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        memcpy(pattern + used, "**/aa/", 6);
        used += 6;
    }
    memcpy(pattern + used, "bb", 2);
    eda_str a = {pattern, used + 2};
    for (used = 0; used < 360; used += 3) {
        memcpy(key + used, "aa/", 3);
    }
    memcpy(key + used, "cc", 2);
    eda_str b = {key, used + 2};
    assert_int_equal(eda_topic_check(a), EDA_OK);
    assert_int_equal(eda_topic_check_key(b), EDA_OK);
    for (int i = 0; i < 100; i++) {
        assert_false(eda_topic_intersects(a, b));
        assert_false(eda_topic_intersects(b, a));
        assert_false(eda_topic_includes(a, b));
        assert_true(eda_topic_intersects(a, a));
    }
}

static void topic_hostile_chunks_finish_at_once(void **state)
{
    static char a[EDA_TOPIC_LEN_MAX];
    static char b[EDA_TOPIC_LEN_MAX];
    static char text[EDA_TOPIC_LEN_MAX];

    (void)state;
    for (size_t i = 0; i + 3 < sizeof(a); i += 3) {
        memcpy(a + i, "a$*", 3);
        memcpy(b + i, "$*a", 3);
    }
    a[1023] = 'b';
    b[1023] = 'c';
    memset(text, 'a', sizeof(text));
    assert_int_equal(eda_topic_check((eda_str){a, 1024}), EDA_OK);
    assert_int_equal(eda_topic_check((eda_str){b, 1024}), EDA_OK);
    for (int i = 0; i < 100; i++) {
        assert_false(eda_topic_intersects((eda_str){a, 1024}, (eda_str){b, 1024}));
        assert_false(eda_topic_intersects((eda_str){a, 1024}, (eda_str){text, 1024}));
        assert_false(eda_topic_includes((eda_str){a, 1024}, (eda_str){text, 1024}));
    }
}

/* ---- every short text against the grammar as regular expressions ---- */

#define ALPHABET "a/*$@"
#define SHORT_LEN_MAX 6

#define CHUNK_CHAR "[^*$#?/]"
#define CHUNK_ANY "((\\$\\*)|" CHUNK_CHAR ")+|\\*|\\*\\*"
#define CHUNK_CANON "((\\$\\*)?" CHUNK_CHAR ")+(\\$\\*)?|\\*|\\*\\*"

typedef struct grammar {
    regex_t any;      /* valid once canonized */
    regex_t canon;    /* each chunk is canonical */
    regex_t disorder; /* but these two do not belong together */
} grammar;

static void grammar_init(grammar *g)
{
    int flags = REG_EXTENDED | REG_NOSUB;

    assert_int_equal(regcomp(&g->any, "^(" CHUNK_ANY ")(/(" CHUNK_ANY "))*$", flags), 0);
    assert_int_equal(regcomp(&g->canon, "^(" CHUNK_CANON ")(/(" CHUNK_CANON "))*$", flags), 0);
    assert_int_equal(regcomp(&g->disorder, "(^|/)\\*\\*/\\*\\*?(/|$)", flags), 0);
}

static void grammar_fini(grammar *g)
{
    regfree(&g->any);
    regfree(&g->canon);
    regfree(&g->disorder);
}

static bool matches(const regex_t *expression, const char *text)
{
    return regexec(expression, text, 0, NULL, 0) == 0;
}

/* Replaces the first occurrence of `from` that stands between chunk borders (or anywhere). */
static bool rewrite(char *text, const char *from, const char *to, bool is_whole_chunk)
{
    size_t from_len = strlen(from);

    for (char *at = strstr(text, from); at != NULL; at = strstr(at + 1, from)) {
        bool begins = at == text || at[-1] == '/';
        bool ends = at[from_len] == '\0' || at[from_len] == '/';
        if (!is_whole_chunk || (begins && ends)) {
            size_t to_len = strlen(to); /* never longer */
            memmove(at + to_len, at + from_len, strlen(at + from_len) + 1);
            memcpy(at, to, to_len);
            return true;
        }
    }
    return false;
}

/* The rules of the specification, one at a time until none applies. */
static void canonize_slowly(char *text)
{
    while (rewrite(text, "$*$*", "$*", false) || rewrite(text, "$*", "*", true) ||
           rewrite(text, "**/**", "**", true) || rewrite(text, "**/*", "*/**", true)) {
    }
}

static void check_short_text(const grammar *g, const char *text)
{
    char buffer[SHORT_LEN_MAX];
    char expected[SHORT_LEN_MAX + 1];
    size_t len = 0;
    eda_str str = eda_str_from(text);
    bool is_valid = matches(&g->any, text);
    bool is_canon = matches(&g->canon, text) && !matches(&g->disorder, text);

    if ((eda_topic_check(str) == EDA_OK) != is_canon ||
        (eda_topic_canonize(str, buffer, &len) == EDA_OK) != is_valid) {
        fail_msg("%s: valid %d, canonical %d", text, is_valid, is_canon);
    }
    if (!is_valid) {
        return;
    }
    memcpy(expected, text, strlen(text) + 1);
    canonize_slowly(expected);
    if (len != strlen(expected) || memcmp(expected, buffer, len) != 0) {
        fail_msg("%s: %.*s instead of %s", text, (int)len, buffer, expected);
    }
    assert_int_equal(eda_topic_check((eda_str){buffer, len}), EDA_OK);
}

static void topic_every_short_text_follows_the_grammar(void **state)
{
    grammar g;
    size_t base = strlen(ALPHABET);

    (void)state;
    grammar_init(&g);
    for (size_t len = 1; len <= SHORT_LEN_MAX; len++) {
        size_t count = 1;
        for (size_t i = 0; i < len; i++) {
            count *= base;
        }
        for (size_t number = 0; number < count; number++) {
            char text[SHORT_LEN_MAX + 1] = {0};
            size_t left = number;
            for (size_t i = 0; i < len; i++, left /= base) {
                text[i] = ALPHABET[left % base];
            }
            check_short_text(&g, text);
        }
    }
    grammar_fini(&g);
}

/* ---- every small expression against the set of all short keys ---- */

#define EXPRESSION_CHUNKS_MAX 3
#define KEY_CHUNKS_MAX                                                                             \
    5 /* a common key never needs more: "**" on one side leaves 2 chunks there, 3 on the other */
#define EXPRESSIONS_MAX 400
#define KEYS_MAX 4000

typedef struct path {
    const char *chunks[KEY_CHUNKS_MAX];
    size_t len;
    char text[32];
} path;

typedef struct universe {
    path expressions[EXPRESSIONS_MAX];
    size_t expression_count;
    path keys[KEYS_MAX];
    size_t key_count;
    uint64_t sets[EXPRESSIONS_MAX][(KEYS_MAX + 63) / 64];
} universe;

static universe world;

/* All paths of 1 to len_max chunks. */
static size_t make_paths(const char *const *chunks, size_t chunk_count, size_t len_max, path *paths)
{
    size_t made = 0;

    for (size_t len = 1; len <= len_max; len++) {
        size_t count = 1;
        for (size_t i = 0; i < len; i++) {
            count *= chunk_count;
        }
        for (size_t number = 0; number < count; number++) {
            path *p = &paths[made++];
            size_t left = number;
            *p = (path){.len = len};
            for (size_t i = 0; i < len; i++, left /= chunk_count) {
                p->chunks[i] = chunks[left % chunk_count];
                append(p->text, sizeof(p->text), i == 0 ? "" : "/");
                append(p->text, sizeof(p->text), p->chunks[i]);
            }
        }
    }
    return made;
}

static bool chunk_matches(const char *pattern, const char *text)
{
    if (strncmp(pattern, "$*", 2) == 0) {
        return chunk_matches(pattern + 2, text) ||
               (*text != '\0' && chunk_matches(pattern, text + 1));
    }
    return *pattern == *text && (*pattern == '\0' || chunk_matches(pattern + 1, text + 1));
}

static bool whole_chunk_matches(const char *pattern, const char *text)
{
    if (*pattern == '@' || *text == '@') {
        return strcmp(pattern, text) == 0;
    }
    return strcmp(pattern, "*") == 0 || chunk_matches(pattern, text);
}

static bool key_matches(const char *const *e, size_t e_len, const char *const *k, size_t k_len)
{
    if (e_len == 0) {
        return k_len == 0;
    }
    if (strcmp(e[0], "**") == 0) {
        return key_matches(e + 1, e_len - 1, k, k_len) ||
               (k_len > 0 && k[0][0] != '@' && key_matches(e, e_len, k + 1, k_len - 1));
    }
    return k_len > 0 && whole_chunk_matches(e[0], k[0]) &&
           key_matches(e + 1, e_len - 1, k + 1, k_len - 1);
}

/* Upstream's rules for inclusion: "**" on the right is a chunk that only "**" on the left takes. */
static bool includes_slowly(const char *const *a, size_t a_len, const char *const *b, size_t b_len)
{
    if (a_len == 0) {
        return b_len == 0;
    }
    if (strcmp(a[0], "**") == 0) {
        return includes_slowly(a + 1, a_len - 1, b, b_len) ||
               (b_len > 0 && b[0][0] != '@' && includes_slowly(a, a_len, b + 1, b_len - 1));
    }
    return b_len > 0 && strcmp(b[0], "**") != 0 && whole_chunk_matches(a[0], b[0]) &&
           includes_slowly(a + 1, a_len - 1, b + 1, b_len - 1);
}

static int universe_make(void **state)
{
    static const char *const chunks[] = {"a", "@a", "*", "**", "a$*", "$*b", "$*a$*"};
    static const char *const key_chunks[] = {"a", "b", "ab", "ba", "@a"};
    static path all[EXPRESSIONS_MAX];
    size_t count = make_paths(chunks, 7, EXPRESSION_CHUNKS_MAX, all);

    (void)state;
    world.key_count = make_paths(key_chunks, 5, KEY_CHUNKS_MAX, world.keys);
    for (size_t i = 0; i < count; i++) {
        if (eda_topic_check(eda_str_from(all[i].text)) == EDA_OK) {
            world.expressions[world.expression_count++] = all[i];
        }
    }
    for (size_t i = 0; i < world.expression_count; i++) {
        const path *e = &world.expressions[i];
        for (size_t j = 0; j < world.key_count; j++) {
            const path *k = &world.keys[j];
            if (key_matches(e->chunks, e->len, k->chunks, k->len)) {
                world.sets[i][j / 64] |= UINT64_C(1) << (j % 64);
            }
        }
    }
    return 0;
}

static void check_pair(size_t i, size_t j)
{
    const path *a = &world.expressions[i];
    const path *b = &world.expressions[j];
    bool is_equal = strcmp(a->text, b->text) == 0;
    uint64_t common = 0;
    uint64_t outside = 0;

    for (size_t word = 0; word < (KEYS_MAX + 63) / 64; word++) {
        common |= world.sets[i][word] & world.sets[j][word];
        outside |= world.sets[j][word] & ~world.sets[i][word];
    }
    bool does_include = includes(a->text, b->text);
    if (intersects(a->text, b->text) != (common != 0) || (does_include && outside != 0) ||
        does_include != (is_equal || includes_slowly(a->chunks, a->len, b->chunks, b->len))) {
        fail_msg("%s against %s", a->text, b->text);
    }
}

static void topic_every_small_pair_agrees_with_the_set_of_keys(void **state)
{
    (void)state;
    assert_true(world.expression_count > 300);
    for (size_t i = 0; i < world.expression_count; i++) {
        for (size_t j = 0; j < world.expression_count; j++) {
            check_pair(i, j);
        }
    }
}

/* ---- every small chunk with "$*" against all short texts ---- */

#define PARTS_MAX 100
#define PART_TOKENS_MAX 4
#define TEXT_LEN_MAX 6 /* the longest beginning, and the longest end */

typedef struct parts {
    char texts[PARTS_MAX][2 * PART_TOKENS_MAX + 1];
    size_t count;
} parts;

static void make_parts(parts *all)
{
    static const char *const tokens[] = {"a", "b", "$*"};

    for (size_t len = 1; len <= PART_TOKENS_MAX; len++) {
        size_t count = 1;
        for (size_t i = 0; i < len; i++) {
            count *= 3;
        }
        for (size_t number = 0; number < count; number++) {
            char text[2 * PART_TOKENS_MAX + 1] = {0};
            size_t left = number;
            for (size_t i = 0; i < len; i++, left /= 3) {
                append(text, sizeof(text), tokens[left % 3]);
            }
            if (eda_topic_check(eda_str_from(text)) == EDA_OK) {
                assert_true(all->count < PARTS_MAX);
                memcpy(all->texts[all->count++], text, sizeof(text));
            }
        }
    }
}

static bool share_a_text(const char *a, const char *b)
{
    for (size_t len = 1; len <= TEXT_LEN_MAX; len++) {
        for (size_t number = 0; number < (size_t)1 << len; number++) {
            char text[TEXT_LEN_MAX + 1] = {0};
            for (size_t i = 0; i < len; i++) {
                text[i] = (number >> i & 1) != 0 ? 'b' : 'a';
            }
            if (chunk_matches(a, text) && chunk_matches(b, text)) {
                return true;
            }
        }
    }
    return false;
}

static void topic_every_small_chunk_agrees_with_all_texts(void **state)
{
    static parts all;

    (void)state;
    make_parts(&all);
    assert_true(all.count > 80);
    for (size_t i = 0; i < all.count; i++) {
        for (size_t j = i; j < all.count; j++) {
            const char *a = all.texts[i];
            const char *b = all.texts[j];
            if (intersects(a, b) != share_a_text(a, b) || intersects(b, a) != intersects(a, b)) {
                fail_msg("%s against %s", a, b);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topic_upstream_vectors_agree),
        cmocka_unit_test(topic_check_invalid_returns_ekey),
        cmocka_unit_test(topic_check_odd_but_valid_returns_ok),
        cmocka_unit_test(topic_check_not_canonical_returns_ekey),
        cmocka_unit_test(topic_check_key_with_wildcard_returns_ekey),
        cmocka_unit_test(topic_canonize_examples_agree),
        cmocka_unit_test(topic_check_over_bounds_returns_erange),
        cmocka_unit_test(topic_relations_at_the_chunk_bound_hold),
        cmocka_unit_test(topic_hostile_patterns_finish_at_once),
        cmocka_unit_test(topic_hostile_chunks_finish_at_once),
        cmocka_unit_test(topic_every_short_text_follows_the_grammar),
        cmocka_unit_test(topic_every_small_pair_agrees_with_the_set_of_keys),
        cmocka_unit_test(topic_every_small_chunk_agrees_with_all_texts),
    };

    return cmocka_run_group_tests(tests, universe_make, NULL);
}
