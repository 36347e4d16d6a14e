/* conform.c - the conformance suite of stores: what store.h promises, tried on one.
 *
 * Order: each check uses actor names of its own, so that none depends on what another left behind.
 * Threads: two at a time, for the checks that need them. Memory: what a check allocates it frees,
 * whatever it finds. */
#include <edacious/store.h>

#include "base/memory.h"
#include "base/thread.h"

#include <stdio.h>
#include <string.h>

#define BIG_SIZE ((size_t)1 << 20)
#define KEY_LEN_MAX 255u
#define RECORDS_LEN 10000u
#define ROUNDS 200u /* of what two threads do at once */

/* A check's result: NULL, or what is wrong. */
typedef const char *check(eda_store *store);

/* Returns the sentence from the enclosing check, which owns nothing. */
#define EXPECT(condition_, sentence_)                                                              \
    do {                                                                                           \
        if (!(condition_)) {                                                                       \
            return sentence_;                                                                      \
        }                                                                                          \
    } while (0)

static eda_store_key key_of(const char *actor, const char *key)
{
    return (eda_store_key){.actor = eda_str_from(actor), .key = eda_str_from(key)};
}

static eda_bytes bytes_of(const char *text)
{
    return (eda_bytes){.ptr = (const uint8_t *)text, .len = strlen(text)};
}

static eda_status claim(eda_store *store, eda_store_key key, eda_record *ret_record)
{
    return store->claim(store->self, &key, ret_record);
}

static eda_status put(
    eda_store *store, eda_store_key key, uint64_t epoch, uint64_t version, eda_bytes bytes)
{
    const eda_write write = {.key = key, .epoch = epoch, .version = version, .bytes = bytes};

    return store->write(store->self, &write);
}

static bool is_record(const eda_record *record, uint64_t version, eda_bytes bytes)
{
    return record->version == version && record->size == bytes.len &&
           (bytes.len == 0 ||
               (record->bytes != NULL && memcmp(record->bytes, bytes.ptr, bytes.len) == 0));
}

/* Claims, and says whether exactly that is there. */
static bool holds(eda_store *store, eda_store_key key, uint64_t version, eda_bytes bytes)
{
    eda_record record = {.bytes = NULL};
    bool is_there;

    if (claim(store, key, &record) != EDA_OK) {
        return false;
    }
    is_there = is_record(&record, version, bytes);
    edai_free(record.bytes);
    return is_there;
}

/* Claims a new key and creates its record. */
static bool create(eda_store *store, eda_store_key key, eda_bytes bytes)
{
    eda_record record = {.bytes = NULL};

    if (claim(store, key, &record) != EDA_OK) {
        return false;
    }
    edai_free(record.bytes);
    return record.version == 0 && put(store, key, record.epoch, 0, bytes) == EDA_OK;
}

/* --- memory ------------------------------------------------------------------------------- */

/* What a claim returns is the claimant's, and what a write is given stays the writer's. Comes
 * first: the other checks free what a claim returns, which would take the memory from under a store
 * that gives out its own. */
static const char *check_ownership(eda_store *store)
{
    const eda_store_key key = key_of("conform_owned", "k");
    char given[] = "given";
    eda_record first = {.bytes = NULL};
    eda_record second = {.bytes = NULL};
    bool is_given;

    EXPECT(create(store, key, bytes_of(given)),
        "the record of a new key cannot be created; the suite wants a fresh, empty store");
    memset(given, '!', sizeof(given) - 1);
    EXPECT(claim(store, key, &first) == EDA_OK && claim(store, key, &second) == EDA_OK,
        "the claim of a key that has an owner failed");
    EXPECT(first.bytes != (uint8_t *)given, "the store kept the writer's memory instead of a copy");
    EXPECT(first.bytes != second.bytes,
        "two claims returned the same memory; each caller owns what it gets");
    is_given = first.size == 5 && memcmp(first.bytes, given, 5) == 0;
    edai_free(first.bytes);
    edai_free(second.bytes);
    EXPECT(!is_given, "the store kept the writer's memory instead of a copy");
    return NULL;
}

/* --- one key ------------------------------------------------------------------------------ */

static const char *check_descriptor(eda_store *store)
{
    EXPECT(store->struct_size == sizeof(eda_store), "struct_size is not sizeof(eda_store)");
    EXPECT(store->name != NULL && store->name[0] != '\0', "the store has no name");
    EXPECT(store->claim != NULL && store->write != NULL && store->close != NULL,
        "claim, write or close is missing");
    return NULL;
}

static const char *check_new_key(eda_store *store)
{
    const eda_store_key key = key_of("conform_new", "k");
    eda_record record = {.bytes = NULL};
    bool is_empty;

    EXPECT(claim(store, key, &record) == EDA_OK, "the claim of a new key failed");
    is_empty = record.version == 0 && record.bytes == NULL && record.size == 0;
    edai_free(record.bytes);
    EXPECT(is_empty, "the claim of a new key found a record; is the store fresh and empty?");
    EXPECT(record.epoch == 1, "the first claim of a key did not give epoch 1");
    EXPECT(put(store, key, record.epoch, 1, bytes_of("x")) == EDA_ESTALE,
        "a write that follows version 1 of a key without a record was not refused with EDA_ESTALE");
    EXPECT(put(store, key_of("conform_new", "unclaimed"), 1, 0, bytes_of("x")) == EDA_ESTALE,
        "a write to a key that nobody claimed was not refused with EDA_ESTALE");
    EXPECT(
        holds(store, key, 0, (eda_bytes){.len = 0}), "a claim after refused writes found a record");
    EXPECT(holds(store, key_of("conform_new", "unclaimed"), 0, (eda_bytes){.len = 0}),
        "a write that was refused for want of a claim left a record");
    return NULL;
}

static const char *check_versions(eda_store *store)
{
    const eda_store_key key = key_of("conform_versions", "k");
    eda_record record = {.bytes = NULL};
    char text[16];
    uint64_t version;

    EXPECT(claim(store, key, &record) == EDA_OK, "the claim of a new key failed");
    edai_free(record.bytes);
    for (version = 0; version < 50; version++) {
        (void)snprintf(text, sizeof(text), "v%u", (unsigned)version + 1);
        EXPECT(put(store, key, record.epoch, version, bytes_of(text)) == EDA_OK,
            "a write of the newest epoch and version was refused; versions grow by one with each "
            "write");
    }
    EXPECT(put(store, key, record.epoch, 49, bytes_of("old")) == EDA_ESTALE &&
               put(store, key, record.epoch, 0, bytes_of("old")) == EDA_ESTALE,
        "a write of an old version was not refused with EDA_ESTALE");
    EXPECT(put(store, key, record.epoch, 51, bytes_of("new")) == EDA_ESTALE,
        "a write of a version that is yet to come was not refused with EDA_ESTALE");
    EXPECT(holds(store, key, 50, bytes_of("v50")),
        "after 50 writes and 3 refused ones a claim does not find version 50 with its bytes");
    return NULL;
}

static const char *check_epochs(eda_store *store)
{
    const eda_store_key key = key_of("conform_epochs", "k");
    eda_record first = {.bytes = NULL};
    eda_record second = {.bytes = NULL};

    EXPECT(claim(store, key, &first) == EDA_OK, "the claim of a new key failed");
    edai_free(first.bytes);
    EXPECT(put(store, key, first.epoch, 0, bytes_of("one")) == EDA_OK,
        "the write that creates a record was refused");
    EXPECT(claim(store, key, &second) == EDA_OK, "the claim of a key that has an owner failed");
    edai_free(second.bytes);
    EXPECT(second.epoch == first.epoch + 1, "a claim did not raise the epoch by one");
    EXPECT(second.version == 1, "a claim changed the version");
    EXPECT(put(store, key, first.epoch, 1, bytes_of("two")) == EDA_ESTALE,
        "a write of an old epoch was not refused with EDA_ESTALE");
    EXPECT(put(store, key, second.epoch + 1, 1, bytes_of("two")) == EDA_ESTALE,
        "a write of an epoch that nobody was given was not refused with EDA_ESTALE");
    EXPECT(put(store, key, second.epoch, 1, bytes_of("three")) == EDA_OK,
        "the last claimant's write was refused");
    EXPECT(holds(store, key, 2, bytes_of("three")),
        "a refused write of an old epoch was written nevertheless");
    EXPECT(put(store, key, second.epoch, 2, bytes_of("four")) == EDA_ESTALE,
        "a write after somebody else's claim was not refused with EDA_ESTALE");
    return NULL;
}

/* --- keys --------------------------------------------------------------------------------- */

/* Pairs that a store might take for one: joined, cut, folded, escaped, or as paths. */
static const struct {
    const char *actor;
    const char *key;
} alike[] = {{"conform_a", "bc"}, {"conform_ab", "c"}, {"conform_abc", ""}, {"conform_a", "b_c"},
    {"conform_a_b", "c"}, {"conform_a", "BC"}, {"conform_a", "bc "}, {"conform_a", " bc"},
    {"conform_a", ""}, {"conform_a", "."}, {"conform_a", ".."}, {"conform_a", "%2E"},
    {"conform_a", "%2e"}, {"conform_a", "b%c"}, {"conform_a", "b\\c"}, {"conform_a", "b'c"},
    {"conform_a", "b\"c"}, {"conform_a", "b:c"}, {"conform_a", "b.c"}, {"conform_a", "b\nc"},
    {"conform_a", "\xc3\xa9"}, {"conform_a", "e\xcc\x81"}, {"conform_a", "5"}, {"conform_a", "05"},
    {"conform_a", "-5"}, {"Conform_a", "bc"}};
#define ALIKE_LEN (sizeof(alike) / sizeof(alike[0]))

static const char *check_independent(eda_store *store)
{
    const eda_store_key with_nul = {
        .actor = EDA_STR_INIT("conform_a"), .key = EDA_STR_INIT("bc\0d")};
    char text[16];
    size_t i;

    for (i = 0; i < ALIKE_LEN; i++) {
        (void)snprintf(text, sizeof(text), "of %u", (unsigned)i);
        EXPECT(create(store, key_of(alike[i].actor, alike[i].key), bytes_of(text)),
            "two different pairs of actor and key share a record, or one of them cannot be "
            "created");
    }
    EXPECT(create(store, with_nul, bytes_of("nul")),
        "keys are compared only to their first zero byte");
    for (i = 0; i < ALIKE_LEN; i++) {
        (void)snprintf(text, sizeof(text), "of %u", (unsigned)i);
        EXPECT(holds(store, key_of(alike[i].actor, alike[i].key), 1, bytes_of(text)),
            "a write to one pair of actor and key changed another's record");
    }
    EXPECT(holds(store, with_nul, 1, bytes_of("nul")), "a key with a zero byte lost its record");
    return NULL;
}

static const char *check_empty_key(eda_store *store)
{
    const eda_store_key key = {.actor = EDA_STR_INIT("conform_singleton"), .key = {.ptr = NULL}};

    EXPECT(create(store, key, bytes_of("alone")),
        "the record of an empty key, as singletons have it, cannot be created");
    EXPECT(holds(store, key_of("conform_singleton", ""), 1, bytes_of("alone")),
        "the record of an empty key is not found again");
    return NULL;
}

static const char *check_long_keys(eda_store *store)
{
    char longest[KEY_LEN_MAX];
    char other[KEY_LEN_MAX];
    eda_store_key key = {.actor = EDA_STR_INIT("conform_long"), .key = {longest, KEY_LEN_MAX}};
    eda_store_key twin = {.actor = EDA_STR_INIT("conform_long"), .key = {other, KEY_LEN_MAX}};
    eda_store_key shorter = {
        .actor = EDA_STR_INIT("conform_long"), .key = {longest, KEY_LEN_MAX - 1}};

    memset(longest, '%', sizeof(longest)); /* as bad as it gets for who escapes */
    memset(other, '%', sizeof(other));
    other[KEY_LEN_MAX - 1] = 'x';
    EXPECT(create(store, key, bytes_of("longest")),
        "the record of a key of 255 bytes cannot be created");
    EXPECT(create(store, twin, bytes_of("twin")) && create(store, shorter, bytes_of("shorter")),
        "keys of 255 bytes that differ in the last one share a record");
    EXPECT(holds(store, key, 1, bytes_of("longest")) && holds(store, twin, 1, bytes_of("twin")) &&
               holds(store, shorter, 1, bytes_of("shorter")),
        "the record of a key of 255 bytes is not found again");
    return NULL;
}

static const char *check_many(eda_store *store)
{
    char key[32];
    char text[32];
    uint32_t i;

    for (i = 0; i < RECORDS_LEN; i++) {
        (void)snprintf(key, sizeof(key), "key %u", i);
        (void)snprintf(text, sizeof(text), "record %u", i);
        EXPECT(create(store, key_of("conform_many", key), bytes_of(text)),
            "one of 10,000 records cannot be created");
    }
    for (i = RECORDS_LEN; i-- > 0;) {
        (void)snprintf(key, sizeof(key), "key %u", i);
        (void)snprintf(text, sizeof(text), "record %u", i);
        EXPECT(holds(store, key_of("conform_many", key), 1, bytes_of(text)),
            "one of 10,000 records is not found again");
    }
    return NULL;
}

/* --- bytes -------------------------------------------------------------------------------- */

static const char *check_empty_record(eda_store *store)
{
    const eda_store_key key = key_of("conform_empty", "k");
    eda_record record = {.bytes = NULL};
    bool is_empty;

    EXPECT(create(store, key, (eda_bytes){.ptr = NULL, .len = 0}),
        "an empty record cannot be written");
    EXPECT(claim(store, key, &record) == EDA_OK, "the claim of an empty record failed");
    is_empty = record.version == 1 && record.size == 0;
    edai_free(record.bytes);
    EXPECT(is_empty, "an empty record is not found again as version 1 of size 0");
    EXPECT(put(store, key, record.epoch, 1, bytes_of("full")) == EDA_OK &&
               holds(store, key, 2, bytes_of("full")),
        "an empty record cannot be followed by a full one");
    return NULL;
}

static const char *check_binary(eda_store *store)
{
    const eda_store_key key = key_of("conform_binary", "k");
    uint8_t every[512];
    size_t i;

    for (i = 0; i < sizeof(every); i++) {
        every[i] = (uint8_t)(i % 256);
    }
    EXPECT(create(store, key, (eda_bytes){.ptr = every, .len = sizeof(every)}),
        "a record of binary bytes cannot be written");
    EXPECT(holds(store, key, 1, (eda_bytes){.ptr = every, .len = sizeof(every)}),
        "binary bytes are not found again as they were written");
    return NULL;
}

static const char *try_big(eda_store *store, uint8_t *big)
{
    const eda_store_key key = key_of("conform_big", "k");
    eda_record record = {.bytes = NULL};
    bool is_there;
    size_t i;

    for (i = 0; i < BIG_SIZE; i++) {
        big[i] = (uint8_t)(i * 31 + i / 4096);
    }
    EXPECT(create(store, key, (eda_bytes){.ptr = big, .len = BIG_SIZE}),
        "a record of 1 MiB cannot be written");
    EXPECT(claim(store, key, &record) == EDA_OK, "a record of 1 MiB cannot be claimed");
    is_there = is_record(&record, 1, (eda_bytes){.ptr = big, .len = BIG_SIZE});
    edai_free(record.bytes);
    EXPECT(is_there, "a record of 1 MiB is not found again as it was written");
    EXPECT(put(store, key, record.epoch, 1, bytes_of("small")) == EDA_OK &&
               holds(store, key, 2, bytes_of("small")),
        "a record of 1 MiB cannot be followed by a small one");
    return NULL;
}

static const char *check_big(eda_store *store)
{
    uint8_t *big = edai_alloc(BIG_SIZE);
    const char *problem = big != NULL ? try_big(store, big) : "out of memory for a record of 1 MiB";

    edai_free(big);
    return problem;
}

/* --- two threads -------------------------------------------------------------------------- */

typedef struct rival {
    eda_store *store;
    uint64_t epoch;
    uint64_t epochs[ROUNDS]; /* of claims */
    bool won[ROUNDS];        /* writes */
    bool has_failed;         /* neither EDA_OK nor EDA_ESTALE */
    uint8_t name;
} rival;

static void *claim_often(void *arg)
{
    rival *self = arg;
    uint32_t i;

    for (i = 0; i < ROUNDS; i++) {
        eda_record record = {.bytes = NULL};

        if (claim(self->store, key_of("conform_rivals", "claimed"), &record) != EDA_OK) {
            self->has_failed = true;
        }
        edai_free(record.bytes);
        self->epochs[i] = record.epoch;
    }
    return NULL;
}

static void *write_often(void *arg)
{
    rival *self = arg;
    uint64_t version;

    for (version = 0; version < ROUNDS; version++) {
        uint8_t bytes[2] = {self->name, (uint8_t)version};
        eda_status status = put(self->store, key_of("conform_rivals", "written"), self->epoch,
            version, (eda_bytes){.ptr = bytes, .len = sizeof(bytes)});

        self->won[version] = status == EDA_OK;
        self->has_failed = self->has_failed || (status != EDA_OK && status != EDA_ESTALE);
    }
    return NULL;
}

/* Runs fn for both at once; the second on a thread of its own. */
static bool run_both(rival *rivals, void *(*fn)(void *arg))
{
    edai_thread thread;

    if (edai_thread_start(&thread, fn, &rivals[1], "conform") != EDA_OK) {
        return false;
    }
    (void)fn(&rivals[0]);
    (void)edai_thread_join(&thread);
    return true;
}

static const char *check_rival_claims(eda_store *store)
{
    rival rivals[2] = {{.store = store}, {.store = store}};
    bool seen[2 * ROUNDS + 1] = {false};
    uint32_t i;

    EXPECT(run_both(rivals, claim_often), "no thread could be started");
    EXPECT(!rivals[0].has_failed && !rivals[1].has_failed,
        "a claim failed while another thread claimed the same key");
    for (i = 0; i < 2 * ROUNDS; i++) {
        uint64_t epoch = rivals[i / ROUNDS].epochs[i % ROUNDS];

        EXPECT(epoch >= 1 && epoch <= (uint64_t)2 * ROUNDS && !seen[epoch],
            "two threads that claimed one key at once were given the same epoch");
        seen[epoch] = true;
    }
    return NULL;
}

static const char *check_rival_writes(eda_store *store)
{
    const eda_store_key key = key_of("conform_rivals", "written");
    rival rivals[2] = {{.store = store, .name = 'a'}, {.store = store, .name = 'b'}};
    eda_record record = {.bytes = NULL};
    uint8_t last[2] = {0, ROUNDS - 1};
    uint32_t i;

    EXPECT(claim(store, key, &record) == EDA_OK, "the claim of a new key failed");
    edai_free(record.bytes);
    rivals[0].epoch = record.epoch;
    rivals[1].epoch = record.epoch;
    EXPECT(run_both(rivals, write_often), "no thread could be started");
    EXPECT(!rivals[0].has_failed && !rivals[1].has_failed,
        "of two threads that wrote one version at once, one got neither EDA_OK nor EDA_ESTALE");
    for (i = 0; i < ROUNDS; i++) {
        EXPECT(rivals[0].won[i] || rivals[1].won[i],
            "two threads wrote one version at once, and neither won");
        EXPECT(!rivals[0].won[i] || !rivals[1].won[i],
            "two threads wrote one version at once, and both won");
    }
    last[0] = rivals[0].won[ROUNDS - 1] ? 'a' : 'b';
    EXPECT(holds(store, key, ROUNDS, (eda_bytes){.ptr = last, .len = sizeof(last)}),
        "after two threads wrote at once, the record is not the last winner's");
    return NULL;
}

/* --- the suite ---------------------------------------------------------------------------- */

eda_status eda_store_conform(eda_store *store, const char **ret_problem)
{
    static check *const checks[] = {check_descriptor, check_ownership, check_new_key,
        check_versions, check_epochs, check_independent, check_empty_key, check_long_keys,
        check_empty_record, check_binary, check_big, check_rival_claims, check_rival_writes,
        check_many};
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const char *problem = checks[i](store);

        if (problem != NULL) {
            *ret_problem = problem;
            return EDA_EFAILED;
        }
    }
    return EDA_OK;
}
