/* route.c - route, route_growth: who subscribed to a topic, among wildcard subscriptions.
 *
 * No public call only looks a topic up, so this uses the library's own tree of key expressions
 * (src/message/trie.h), with which the system finds the declared type of a foreign topic. */
#include "bench.h"

#include "message/trie.h"

#include <stdio.h>
#include <string.h>

#define SUBSCRIPTIONS 1000u
#define TOPICS 10000u
#define TOPIC_SIZE 48

static void write_pattern(uint64_t i, char *text)
{
    unsigned number = (unsigned)i;

    switch (number % 4) {
    case 0:
        (void)snprintf(text, TOPIC_SIZE, "site/%u/**", number);
        break;
    case 1:
        (void)snprintf(text, TOPIC_SIZE, "site/*/dev/%u/temp", number);
        break;
    case 2:
        (void)snprintf(text, TOPIC_SIZE, "site/%u/dev/*/temp", number);
        break;
    default:
        (void)snprintf(text, TOPIC_SIZE, "site/%u/dev/%u/*", number, number);
    }
}

/* Topic t is site/A/dev/B/LEAF, A and B below the number of subscriptions. */
static void write_topic(uint64_t t, uint64_t subscriptions, char *text)
{
    static const char *const leaves[] = {"temp", "hum", "volt", "state"};

    (void)snprintf(text, TOPIC_SIZE, "site/%u/dev/%u/%s", (unsigned)(t % subscriptions),
        (unsigned)(t * 7 % subscriptions), leaves[t % 4]);
}

/* By the rule of the patterns, not by matching. */
static uint64_t expected_of(uint64_t t, uint64_t subscriptions)
{
    uint64_t site = t % subscriptions;
    uint64_t device = t * 7 % subscriptions;
    bool is_temp = t % 4 == 0;

    return (site % 4 == 0 ? 1u : 0u) + (is_temp && device % 4 == 1 ? 1u : 0u) +
           (is_temp && site % 4 == 2 ? 1u : 0u) + (site % 4 == 3 && device == site ? 1u : 0u);
}

static void on_match(void *value, void *arg)
{
    uint64_t *matches = arg;

    (void)value;
    (*matches)++;
}

/* Looks up the topics in order, again and again; returns ns. */
static int64_t time_lookups(uint64_t subscriptions, uint64_t lookups)
{
    static char texts[TOPICS][TOPIC_SIZE];
    static eda_str topics[TOPICS];
    edai_trie *trie = edai_trie_new();
    uint64_t expected = 0;
    uint64_t matches = 0;
    int64_t time;
    uint64_t i;

    if (trie == NULL) {
        bench_fail("route: no memory");
    }
    for (i = 0; i < subscriptions; i++) {
        char text[TOPIC_SIZE];

        write_pattern(i, text);
        bench_check(
            NULL, edai_trie_insert(trie, (eda_str){.ptr = text, .len = strlen(text)}, trie), text);
    }
    for (i = 0; i < TOPICS; i++) {
        write_topic(i, subscriptions, texts[i]);
        topics[i] = (eda_str){.ptr = texts[i], .len = strlen(texts[i])};
    }
    for (i = 0; i < lookups; i++) {
        expected += expected_of(i % TOPICS, subscriptions);
    }
    time = bench_now();
    for (i = 0; i < lookups; i++) {
        edai_trie_match(trie, topics[i % TOPICS], on_match, &matches);
    }
    time = bench_now() - time;
    edai_trie_free(trie);
    if (matches != expected) {
        bench_fail("route: the total of matches is wrong");
    }
    return time;
}

static void route(uint64_t size)
{
    bench_print_rate("route", "matches", size, time_lookups(SUBSCRIPTIONS, size));
}

static void route_growth(uint64_t size)
{
    uint64_t subscriptions;
    char what[40];

    for (subscriptions = 10; subscriptions <= 100000; subscriptions *= 10) {
        (void)snprintf(what, sizeof(what), "subscriptions_%llu", (unsigned long long)subscriptions);
        bench_print(
            "route_growth", what, (double)time_lookups(subscriptions, size) / (double)size, "ns");
    }
}

const bench bench_route[] = {
    {"route", 1000000, 20000, route, false},              /* lookups */
    {"route_growth", 1000000, 10000, route_growth, true}, /* lookups of each */
    {.name = NULL},
};
