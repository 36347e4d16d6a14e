/* trie_test.c - the trie against asking eda_topic_intersects for each expression in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "message/trie.h"

#define EXPRESSIONS 300
#define TOPICS 150
#define TEXT_SIZE 64

typedef struct entry {
    char text[TEXT_SIZE];
    uint32_t reported;
    bool is_in;
} entry;

typedef struct sample {
    entry entries[EXPRESSIONS];
    uint64_t seed;
} sample;

/* xorshift: the same sequence everywhere. */
static uint32_t draw(sample *s, uint32_t below)
{
    s->seed ^= s->seed << 13;
    s->seed ^= s->seed >> 7;
    s->seed ^= s->seed << 17;
    return (uint32_t)(s->seed >> 32) % below;
}

/* Adds to a terminated text whose array has room for `size` bytes in all. */
static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);

    assert_true(strlen(more) < size - len);
    memcpy(text + len, more, strlen(more) + 1);
}

/* A canonical expression of 1 to 5 chunks out of few, so that many relate. */
static void draw_expression(sample *s, bool is_key, char *ret_text)
{
    static const char *const chunks[] = {
        "a", "b", "ab", "@a", "@b", "a", "ba", "a$*", "$*b", "*", "**", "**", "@a$*", "$*a$*"};
    uint32_t choices = is_key ? 7 : 14;

    do {
        uint32_t len = 1 + draw(s, 5);
        ret_text[0] = '\0';
        for (uint32_t i = 0; i < len; i++) {
            append(ret_text, TEXT_SIZE, i == 0 ? "" : "/");
            append(ret_text, TEXT_SIZE, chunks[draw(s, choices)]);
        }
    } while (eda_topic_check(eda_str_from(ret_text)) != EDA_OK);
}

static void count_report(void *value, void *arg)
{
    entry *one = value;

    (void)arg;
    one->reported++;
}

static void count_call(void *value, void *arg)
{
    size_t *calls = arg;

    (void)value;
    (*calls)++;
}

static void check_topic(sample *s, const edai_trie *trie, const char *topic)
{
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        s->entries[i].reported = 0;
    }
    edai_trie_match(trie, eda_str_from(topic), count_report, NULL);
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        const entry *one = &s->entries[i];
        bool is_wanted =
            one->is_in && eda_topic_intersects(eda_str_from(one->text), eda_str_from(topic));
        if (one->reported != (is_wanted ? 1 : 0)) {
            fail_msg("%s under %s reported %u times", topic, one->text, one->reported);
        }
    }
}

static void check_topics(sample *s, const edai_trie *trie)
{
    for (size_t i = 0; i < TOPICS; i++) {
        char topic[TEXT_SIZE];
        draw_expression(s, i % 2 == 0, topic);
        check_topic(s, trie, topic);
    }
}

/* 300 expressions, 150 topics, three times: all, about half, all again. */
static void trie_match_agrees_with_asking_each(void **state)
{
    static sample s = {.seed = 0x5eed};
    edai_trie *trie = edai_trie_new();

    (void)state;
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        entry *one = &s.entries[i];
        draw_expression(&s, i % 3 == 0, one->text);
        one->is_in = true;
        assert_int_equal(edai_trie_insert(trie, eda_str_from(one->text), one), EDA_OK);
    }
    assert_int_equal(edai_trie_len(trie), EXPRESSIONS);
    check_topics(&s, trie);
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        if (draw(&s, 2) == 0) {
            s.entries[i].is_in = false;
            assert_int_equal(edai_trie_remove(trie, &s.entries[i]), 1);
            assert_int_equal(edai_trie_remove(trie, &s.entries[i]), 0);
        }
    }
    check_topics(&s, trie);
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        entry *one = &s.entries[i];
        if (!one->is_in) {
            one->is_in = true;
            assert_int_equal(edai_trie_insert(trie, eda_str_from(one->text), one), EDA_OK);
        }
    }
    check_topics(&s, trie);
    edai_trie_free(trie);
}

static size_t count_matches(const edai_trie *trie, const char *topic)
{
    size_t calls = 0;

    edai_trie_match(trie, eda_str_from(topic), count_call, &calls);
    return calls;
}

static void trie_same_expression_twice_reports_twice(void **state)
{
    edai_trie *trie = edai_trie_new();
    int a = 0;
    int b = 0;

    (void)state;
    assert_int_equal(edai_trie_insert(trie, EDA_STR("a/*"), &a), EDA_OK);
    assert_int_equal(edai_trie_insert(trie, EDA_STR("a/*"), &b), EDA_OK);
    assert_int_equal(edai_trie_insert(trie, EDA_STR("a/*"), &a), EDA_OK);
    assert_int_equal(edai_trie_insert(trie, EDA_STR("**"), &a), EDA_OK);
    assert_int_equal(count_matches(trie, "a/b"), 4);
    assert_int_equal(edai_trie_remove(trie, &a), 3);
    assert_int_equal(edai_trie_len(trie), 1);
    assert_int_equal(count_matches(trie, "a/b"), 1);
    edai_trie_free(trie);
}

static void trie_insert_wrong_expression_changes_nothing(void **state)
{
    edai_trie *trie = edai_trie_new();
    int value = 0;
    static char longest[EDA_TOPIC_LEN_MAX + 1];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(edai_trie_insert(trie, EDA_STR("a/**/*"), &value), EDA_EKEY);
    assert_int_equal(edai_trie_insert(trie, EDA_STR(""), &value), EDA_EKEY);
    assert_int_equal(
        edai_trie_insert(trie, (eda_str){longest, sizeof(longest)}, &value), EDA_ERANGE);
    assert_int_equal(edai_trie_len(trie), 0);
    assert_int_equal(count_matches(trie, "**"), 0);
    assert_int_equal(count_matches(trie, ""), 0);
    edai_trie_free(trie);
    edai_trie_free(NULL);
}

static void trie_failed_allocation_changes_nothing(void **state)
{
    int value = 0;

    (void)state;
    for (uint64_t nth = 1;; nth++) {
        edai_trie *trie = edai_trie_new();
        assert_int_equal(edai_trie_insert(trie, EDA_STR("a/b/c"), &value), EDA_OK);
        edai_alloc_fail_at(nth);
        eda_status status = edai_trie_insert(trie, EDA_STR("a/x/y/*/z"), &value);
        edai_alloc_fail_at(0);
        size_t wanted = status == EDA_OK ? 2 : 1;
        assert_int_equal(edai_trie_len(trie), wanted);
        assert_int_equal(count_matches(trie, "**"), wanted);
        assert_int_equal(edai_trie_remove(trie, &value), wanted);
        edai_trie_free(trie);
        if (status == EDA_OK) {
            assert_true(nth > 5);
            break;
        }
        assert_int_equal(status, EDA_ENOMEM);
    }
    edai_alloc_fail_at(1);
    assert_null(edai_trie_new());
    edai_alloc_fail_at(2);
    assert_null(edai_trie_new());
    edai_alloc_fail_at(0);
}

static void trie_deepest_expression_is_matched(void **state)
{
    static char deep[2 * EDA_TOPIC_CHUNKS_MAX + 1];
    edai_trie *trie = edai_trie_new();
    int value = 0;

    (void)state;
    for (size_t i = 0; i < EDA_TOPIC_CHUNKS_MAX; i++) {
        append(deep, sizeof(deep), i == 0 ? "a" : "/a");
    }
    assert_int_equal(edai_trie_insert(trie, eda_str_from(deep), &value), EDA_OK);
    assert_int_equal(count_matches(trie, deep), 1);
    assert_int_equal(count_matches(trie, "**/a"), 1);
    assert_int_equal(edai_trie_remove(trie, &value), 1);
    assert_int_equal(edai_trie_insert(trie, eda_str_from(deep), &value), EDA_OK);
    edai_trie_free(trie);
}

/* Each of 60 patterns has up to 60 "**"; trying their ways in turn would not end. */
static void trie_hostile_patterns_finish_at_once(void **state)
{
    static char pattern[EDA_TOPIC_LEN_MAX];
    static char topic[EDA_TOPIC_LEN_MAX];
    edai_trie *trie = edai_trie_new();
    int value = 0;

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        memcpy(pattern + 6 * i, "**/aa/bb", 8);
        memcpy(topic + 6 * i, "aa/aa/cc", 8);
        assert_int_equal(edai_trie_insert(trie, (eda_str){pattern, 6 * i + 8}, &value), EDA_OK);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(count_matches(trie, topic), 0);
        assert_int_equal(count_matches(trie, "**/aa/**/bb"), 60);
    }
    edai_trie_free(trie);
}

/* Ten thousand doors: a match must not look at each of them. */
static void trie_many_literals_are_found(void **state)
{
    edai_trie *trie = edai_trie_new();
    int value = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "door/%d/unlock", i * 7919 % 10000);
        assert_int_equal(edai_trie_insert(trie, eda_str_from(text), &value), EDA_OK);
    }
    for (int i = 0; i < 10000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "door/%d/unlock", i);
        assert_int_equal(count_matches(trie, text), 1);
    }
    assert_int_equal(count_matches(trie, "door/10000/unlock"), 0);
    assert_int_equal(count_matches(trie, "door/*/unlock"), 10000);
    assert_int_equal(edai_trie_remove(trie, &value), 10000);
    assert_int_equal(count_matches(trie, "**"), 0);
    edai_trie_free(trie);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trie_match_agrees_with_asking_each),
        cmocka_unit_test(trie_same_expression_twice_reports_twice),
        cmocka_unit_test(trie_insert_wrong_expression_changes_nothing),
        cmocka_unit_test(trie_failed_allocation_changes_nothing),
        cmocka_unit_test(trie_deepest_expression_is_matched),
        cmocka_unit_test(trie_hostile_patterns_finish_at_once),
        cmocka_unit_test(trie_many_literals_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
