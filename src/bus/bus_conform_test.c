/* The suite passes what is right, and each of its cases finds a driver that is wrong there: the
 * in-process one, with one fault put around it. */
#include <edacious/topic.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"
#include "bus/conform/cases.h"

#define NETWORK "{\"network\": \"conform\"}"
#define PATIENCE_MS 500u /* what a fault swallows is waited for so long */

static const eda_bus_driver *const inner = &eda_bus_inproc;
static const char *fault; /* of now; "": none */

static bool is(const char *name)
{
    return strcmp(fault, name) == 0;
}

/* --- what stands between driver and suite --- */

typedef enum hook_kind {
    HOOK_PUT,
    HOOK_GET,
    HOOK_ANSWER,
    HOOK_TOKEN,
    HOOK_HEARD
} hook_kind;

/* One callback of the suite's. */
typedef struct hook {
    struct hook *next;
    hook_kind kind;
    eda_bus *bus;
    char pattern[256];
    void *arg;
    eda_bus_put_fn *put;
    eda_bus_get_fn *get;
    eda_bus_answer_fn *answer;
    eda_bus_token_fn *token;
    eda_bus_heard_fn *heard;
    unsigned count;
    uint64_t twin_id;
    edai_parcel *kept;
    edai_thread thread;
    bool is_running;
} hook;

static edai_mutex mutex = {.native = PTHREAD_MUTEX_INITIALIZER};
static hook *hooks;
static eda_bus *abandoned[32]; /* sessions that a fault left open */
static unsigned abandoned_len;
static unsigned sessions_open;
static _Atomic unsigned put_count;
static _Atomic unsigned open_count;
static edai_parcel *withheld;
static char token_keys[16][256];
static unsigned token_keys_len;
static _Thread_local bool is_in_callback;

static hook *add_hook(hook_kind kind, eda_bus *bus, eda_str pattern, void *arg)
{
    hook *h = calloc(1, sizeof(*h));
    if (h == NULL || pattern.len >= sizeof(h->pattern)) {
        abort();
    }
    *h = (hook){.kind = kind, .bus = bus, .arg = arg};
    if (pattern.len > 0) {
        memcpy(h->pattern, pattern.ptr, pattern.len);
    }
    edai_mutex_lock(&mutex);
    h->next = hooks;
    hooks = h;
    edai_mutex_unlock(&mutex);
    return h;
}

static void finish_thread(hook *h)
{
    if (h->is_running) {
        (void)edai_thread_join(&h->thread);
        h->is_running = false;
    }
}

static void clear_all(void)
{
    while (hooks != NULL) {
        hook *next = hooks->next;
        finish_thread(hooks);
        edai_parcel_free(hooks->kept);
        free(hooks);
        hooks = next;
    }
    edai_parcel_free(withheld);
    withheld = NULL;
    token_keys_len = 0;
    atomic_store(&put_count, 0);
    atomic_store(&open_count, 0);
}

/* Calls `fn` for the session's own hooks of a kind that want the key. */
static void each_own(
    hook_kind kind, eda_bus *bus, eda_str key, void (*fn)(hook *h, void *arg), void *arg)
{
    edai_mutex_lock(&mutex);
    hook *first = hooks;
    edai_mutex_unlock(&mutex);
    for (hook *h = first; h != NULL; h = h->next) {
        if (h->kind == kind && h->bus == bus &&
            eda_topic_intersects(eda_str_from(h->pattern), key)) {
            fn(h, arg);
        }
    }
}

/* --- puts --- */

static eda_status wrong_open(
    const eda_bus_options *options, eda_bus **ret_bus, eda_bus_problem *ret_problem)
{
    eda_bus_options changed = *options;

    if (is("opens_anything") && options->config != NULL && options->config[1] == 0) {
        changed.config = NULL;
    }
    if (is("unbounded")) {
        changed.queue_size = UINT32_MAX;
    }
    if (is("opens_seldom") && atomic_fetch_add(&open_count, 1) > 4) {
        return EDA_EIO;
    }
    eda_status status = inner->open(&changed, ret_bus, ret_problem);
    sessions_open += status == EDA_OK;
    if (is("says_nothing")) {
        ret_problem->text[0] = 0;
    }
    return status;
}

static void wrong_close(eda_bus *bus)
{
    sessions_open--;
    if (is("close_leaves")) {
        abandoned[abandoned_len++] = bus;
    } else {
        inner->close(bus);
    }
    while (sessions_open == 0 && abandoned_len > 0) { /* what their callbacks reach ends soon */
        inner->close(abandoned[--abandoned_len]);
    }
}

static void tell_put(hook *h, void *message)
{
    h->put(h->arg, message);
}

/* Sends each pair in the other order, or everything one put later. */
static eda_status put_withheld(eda_bus *bus, const eda_bus_message *message)
{
    edai_parcel *before = withheld;
    eda_status status = EDA_OK;

    withheld = edai_parcel_new(message);
    if (before != NULL && is("swaps")) {
        status = inner->put(bus, message);
        edai_parcel_free(withheld);
        withheld = NULL;
    }
    if (before != NULL) {
        (void)inner->put(bus, &before->message);
        edai_parcel_free(before);
    }
    return status;
}

static bool is_lost(const eda_bus_message *message)
{
    static const void *_Atomic first_thread;
    unsigned n = atomic_fetch_add(&put_count, 1);

    if (n == 0) {
        atomic_store(&first_thread, edai_thread_self());
    }
    return (is("loses") && n % 5 == 4) || (is("loses_urgent") && message->is_urgent) ||
           (is("loses_crowded") && message->payload.len == 16384 && n == 2) ||
           (is("loses_threads") && n % 50 == 49 &&
               atomic_load(&first_thread) != edai_thread_self());
}

static eda_status wrong_put(eda_bus *bus, const eda_bus_message *message)
{
    eda_bus_message changed = *message;

    if (is("swaps") || is("delays")) {
        return put_withheld(bus, message);
    }
    if (is_lost(message)) {
        return EDA_OK;
    }
    changed.encoding.len = is("no_encoding") ? 0 : changed.encoding.len;
    changed.attachment.len = is("no_attachment") ? 0 : changed.attachment.len;
    if (is("cuts") && changed.payload.len > 4u << 20) {
        changed.payload.len = 4u << 20;
    }
    eda_status status = inner->put(bus, &changed);
    if (is("doubles")) {
        (void)inner->put(bus, &changed);
    }
    if (is("echoes")) {
        each_own(HOOK_PUT, bus, message->key, tell_put, &changed);
    }
    bool is_hidden =
        (is("any_key") && status == EDA_EKEY) || (is("any_size") && status == EDA_ERANGE) ||
        (is("full_is_ok") && status == EDA_EFULL) || (is("forks_on") && status == EDA_ECLOSED);
    return is_hidden ? EDA_OK : status;
}

static uint8_t again[2u << 20]; /* what "keeps_nothing" uses for every put */

static void release_all(const eda_bus_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pieces[i].release(pieces[i].arg);
    }
}

static void forget(void *arg)
{
    (void)arg;
}

static eda_status wrong_put_pieces(
    eda_bus *bus, const eda_bus_message *message, const eda_bus_piece *pieces, size_t count)
{
    eda_bus_piece changed[8];

    for (size_t i = 0; i < count; i++) {
        changed[i] = pieces[i];
        if (is("never_releases")) {
            changed[i].release = forget;
        }
    }
    if (is("releases_early")) {
        release_all(pieces, count);
    }
    if (is("cuts_pieces") && count > 1) {
        count--;
        pieces[count].release(pieces[count].arg);
    }
    eda_status status = inner->put_pieces(bus, message, changed, count);
    if (is("releases_twice") || (is("releases_refused") && status != EDA_OK)) {
        release_all(pieces, count);
    }
    return status;
}

static void *wrong_keep(eda_bus *bus, const eda_bus_message *message)
{
    return is("keeps_nothing") ? again : inner->keep(bus, message);
}

static void wrong_release(void *kept)
{
    if (kept != again) {
        inner->release(kept);
    }
}

static void *put_beside(void *arg)
{
    hook *h = arg;
    h->put(h->arg, &h->kept->message);
    return NULL;
}

static void on_put(void *arg, const eda_bus_message *message)
{
    hook *h = arg;

    h->count++;
    if (is("keeps_nothing") && message->payload.len > 0) {
        eda_bus_message changed = *message;

        memcpy(again, message->payload.ptr, message->payload.len);
        changed.payload.ptr = again;
        h->put(h->arg, &changed);
        return;
    }
    if (!is("overlaps") || h->count % 2 == 0) {
        h->put(h->arg, message);
        return;
    }
    finish_thread(h);
    edai_parcel_free(h->kept);
    h->kept = edai_parcel_new(message);
    h->is_running = edai_thread_start(&h->thread, put_beside, h, "beside") == EDA_OK;
}

static void tell_heard(hook *h, void *arg)
{
    (void)arg;
    h->heard(h->arg, true);
}

static eda_status wrong_subscribe(
    eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id)
{
    hook *h = add_hook(HOOK_PUT, bus, pattern, arg);
    char verbatim[300];
    uint64_t ignored;

    h->put = fn;
    if (is("at_is_wild") && strstr(h->pattern, "p/**") != NULL) {
        (void)snprintf(
            verbatim, sizeof(verbatim), "%.*s@v", (int)(strlen(h->pattern) - 2), h->pattern);
        (void)inner->subscribe(bus, eda_str_from(verbatim), on_put, h, &ignored);
    }
    if (is("hears_itself")) {
        each_own(HOOK_HEARD, bus, pattern, tell_heard, NULL);
    }
    return inner->subscribe(bus, pattern, on_put, h, ret_id);
}

/* --- gets --- */

static void on_get(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    hook *h = arg;
    eda_bus_message changed = *request;

    changed.attachment.len = is("no_request_attachment") ? 0 : changed.attachment.len;
    is_in_callback = true;
    h->get(h->arg, &changed, query);
    is_in_callback = false;
}

static eda_status wrong_serve(
    eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id)
{
    hook *h = add_hook(HOOK_GET, bus, pattern, arg);

    h->get = fn;
    return inner->serve(bus, pattern, on_get, h, ret_id);
}

static void wrong_answer(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error)
{
    eda_bus_message empty = {.key = EDA_STR_INIT("empty")};

    if (is("silence_hangs") && answer == NULL) {
        return;
    }
    if (is("loses_later") && !is_in_callback) {
        inner->answer(bus, query, NULL, false);
        return;
    }
    if (is("silence_speaks") && answer == NULL) {
        answer = &empty;
    }
    inner->answer(bus, query, answer, is_error && !is("no_errors"));
}

static void on_end(hook *h, eda_status end)
{
    if (is("never_ends") || (is("nobody_hangs") && h->count == 0) ||
        (is("no_timeout") && end == EDA_ETIMEOUT) || (is("no_closed") && end == EDA_ECLOSED)) {
        return;
    }
    h->answer(h->arg, NULL, false, is("ends_well") ? EDA_OK : end);
    if (is("ends_twice")) {
        h->answer(h->arg, NULL, false, end);
    }
    if (h->kept != NULL) {
        h->answer(h->arg, &h->kept->message, false, EDA_OK);
    }
    if (is("answers_late") && end == EDA_ETIMEOUT) {
        eda_bus_message late = {.key = EDA_STR_INIT("late")};
        h->answer(h->arg, &late, false, EDA_OK);
    }
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    hook *h = arg;

    if (answer == NULL) {
        on_end(h, end);
        return;
    }
    h->count++;
    if (is("ends_first")) {
        h->kept = edai_parcel_new(answer);
        return;
    }
    h->answer(h->arg, answer, is_error, end);
    if (is("answers_twice")) {
        h->answer(h->arg, answer, is_error, end);
    }
}

static void own_server(hook *h, void *arg)
{
    (*(unsigned *)arg)++;
    (void)h;
}

static eda_status wrong_get(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg)
{
    hook *h = add_hook(HOOK_ANSWER, bus, EDA_STR("get"), arg);
    unsigned own = 0;

    h->answer = fn;
    if (is("asks_itself") && eda_topic_check_key(request->key) == EDA_OK) {
        each_own(HOOK_GET, bus, request->key, own_server, &own);
        if (own > 0) { /* as if the own server had answered */
            fn(arg, request, false, EDA_OK);
        }
    }
    is_for_all = is("asks_all") || (is_for_all && !is("asks_one"));
    timeout_ms = is("no_deadline") ? 600000 : timeout_ms;
    if (is("no_get_pattern") && eda_topic_check_key(request->key) != EDA_OK) {
        return EDA_EKEY;
    }
    eda_status status = inner->get(bus, request, is_for_all, timeout_ms, on_answer, h);
    return status == EDA_EFULL && is("any_gets") ? EDA_OK : status;
}

/* --- tokens --- */

static bool was_before(const hook *h, eda_str key)
{
    for (unsigned i = 0; i < h->count; i++) {
        if (eda_str_equal(eda_str_from(token_keys[i]), key)) {
            return true;
        }
    }
    return false;
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    hook *h = arg;

    if (is("no_history") && was_before(h, key)) {
        return;
    }
    h->token(h->arg, key, is_alive);
    if (is("comes_twice")) {
        h->token(h->arg, key, is_alive);
    }
}

static void tell_token(hook *h, void *arg)
{
    h->token(h->arg, *(eda_str *)arg, true);
}

static eda_status wrong_token(eda_bus *bus, eda_str key, uint64_t *ret_id)
{
    eda_status status = inner->token(bus, key, ret_id);

    if (is("sees_itself")) {
        each_own(HOOK_TOKEN, bus, key, tell_token, &key);
    }
    if (is("no_history") && key.len < sizeof(token_keys[0])) {
        memset(token_keys[token_keys_len], 0, sizeof(token_keys[0]));
        memcpy(token_keys[token_keys_len++], key.ptr, key.len);
    }
    if (is("token_stays")) {
        *ret_id = UINT64_MAX; /* so that drop does nothing */
    }
    return status;
}

static eda_status wrong_watch(
    eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id)
{
    hook *h = add_hook(HOOK_TOKEN, bus, pattern, arg);

    h->token = fn;
    h->count = token_keys_len;
    return inner->watch(bus, is("watches_all") ? EDA_STR("**") : pattern, on_token, h, ret_id);
}

static void on_heard(void *arg, bool is_heard)
{
    hook *h = arg;

    if (is("never_heard") || (is("heard_stays") && !is_heard)) {
        return;
    }
    h->heard(h->arg, is_heard);
}

static eda_status wrong_heard(
    eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id)
{
    hook *h = add_hook(HOOK_HEARD, bus, pattern, arg);

    h->heard = fn;
    return inner->heard(bus, pattern, on_heard, h, ret_id);
}

static void wrong_drop(eda_bus *bus, uint64_t id)
{
    if (!is("never_drops")) {
        inner->drop(bus, id);
    }
    for (hook *h = is("overlaps") ? hooks : NULL; h != NULL; h = h->next) {
        finish_thread(h); /* one of them has them, and it is dropped last */
    }
}

/* --- the faults --- */

/* Each with the case that must find it. */
static const struct {
    const char *fault;
    const char *found_by;
} faults[] = {
    {"nameless", "table"},
    {"opens_anything", "open_refuses"},
    {"says_nothing", "open_refuses"},
    {"doubles", "put_reaches_each"},
    {"loses", "put_reaches_each"},
    {"echoes", "put_not_own"},
    {"no_encoding", "put_content"},
    {"no_attachment", "put_content"},
    {"cuts", "put_large"},
    {"loses", "put_order"},
    {"swaps", "put_order"},
    {"loses_threads", "put_threads"},
    {"doubles", "put_threads"},
    {"at_is_wild", "put_patterns"},
    {"loses_urgent", "put_urgent"},
    {"releases_early", "pieces_content"},
    {"cuts_pieces", "pieces_content"},
    {"never_releases", "pieces_content"},
    {"releases_twice", "pieces_content"},
    {"delays", "pieces_order"},
    {"releases_refused", "pieces_refused"},
    {"never_releases", "pieces_closed"},
    {"keeps_nothing", "keep_stays"},
    {"any_key", "keys_refused"},
    {"any_size", "size_refused"},
    {"unbounded", "queue_full"},
    {"full_is_ok", "queue_full"},
    {"loses_crowded", "queue_full"},
    {"no_request_attachment", "get_content"},
    {"never_ends", "get_content"},
    {"ends_twice", "get_content"},
    {"ends_first", "get_content"},
    {"answers_twice", "get_content"},
    {"asks_one", "get_all"},
    {"asks_all", "get_one"},
    {"asks_itself", "get_not_own"},
    {"no_get_pattern", "get_pattern"},
    {"no_errors", "get_error"},
    {"nobody_hangs", "get_nobody"},
    {"silence_hangs", "get_silent"},
    {"silence_speaks", "get_silent"},
    {"no_deadline", "get_timeout"},
    {"ends_well", "get_timeout"},
    {"answers_late", "get_timeout"},
    {"loses_later", "get_later"},
    {"any_gets", "get_limit"},
    {"token_stays", "token_seen"},
    {"comes_twice", "token_seen"},
    {"watches_all", "token_seen"},
    {"no_history", "token_before"},
    {"sees_itself", "token_not_own"},
    {"close_leaves", "token_closed"},
    {"never_heard", "heard_changes"},
    {"heard_stays", "heard_changes"},
    {"never_heard", "heard_before"},
    {"hears_itself", "heard_not_own"},
    {"never_drops", "drop_flow"},
    {"never_drops", "drop_ends"},
    {"overlaps", "callback_alone"},
    {"delays", "close_sends"},
    {"no_closed", "close_asker"},
    {"no_timeout", "close_server"},
    {"close_leaves", "close_open"},
    {"close_leaves", "close_peer"},
    {"opens_seldom", "open_again"},
    {"forks_on", "forked"},
};
#define FAULTS_LEN (sizeof(faults) / sizeof(faults[0]))

static eda_status run_wrong(const char *name, const char *only, eda_bus_problem *ret_problem)
{
    eda_bus_driver driver = {
        .struct_size = sizeof(eda_bus_driver),
        .version = EDA_BUS_VERSION,
        .name = strcmp(name, "nameless") == 0 ? NULL : "wrong",
        .about = "the in-process driver with a fault",
        .open = wrong_open,
        .close = wrong_close,
        .put = wrong_put,
        .subscribe = wrong_subscribe,
        .serve = wrong_serve,
        .token = wrong_token,
        .watch = wrong_watch,
        .heard = wrong_heard,
        .drop = wrong_drop,
        .get = wrong_get,
        .answer = wrong_answer,
        .put_pieces = wrong_put_pieces,
        .keep = wrong_keep,
        .release = wrong_release,
    };
    edai_conform_options options = {.driver = &driver,
        .config_a = NETWORK,
        .config_b = NETWORK,
        .only = only,
        .patience_ms = only == NULL ? 20000 : PATIENCE_MS};

    fault = name;
    eda_status status = edai_conform_run(&options, ret_problem);
    clear_all();
    return status;
}

/* --- tests --- */

static void conform_inproc_passes(void **state)
{
    (void)state;
    eda_bus_problem problem = {.text = {0}};
    eda_status status = eda_bus_conform(&eda_bus_inproc, NETWORK, NETWORK, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
}

static void conform_without_a_fault_passes(void **state)
{
    (void)state;
    eda_bus_problem problem = {.text = {0}};
    eda_status status = run_wrong("", NULL, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
}

static void conform_case_finds_its_fault(void **state)
{
    (void)state;
    unsigned unfound = 0;

    for (size_t i = 0; i < FAULTS_LEN; i++) {
        eda_bus_problem problem = {.text = {0}};
        eda_status status = run_wrong(faults[i].fault, faults[i].found_by, &problem);
        print_message("%s: %s\n", faults[i].fault, problem.text);
        if (status != EDA_EFAILED || problem.text[0] == 0) {
            print_error("%s found nothing wrong with a driver that %s\n", faults[i].found_by,
                faults[i].fault);
            unfound++;
        }
    }
    assert_int_equal(unfound, 0);
}

static void conform_each_case_has_a_fault(void **state)
{
    (void)state;
#define NAME(name_) #name_,
    static const char *const names[] = {EDAI_CASES(NAME)};
#undef NAME
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t at = 0;
        while (at < FAULTS_LEN && strcmp(faults[at].found_by, names[i]) != 0) {
            at++;
        }
        if (at == FAULTS_LEN) {
            fail_msg("no fault shows that the case %s can fail", names[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conform_inproc_passes),
        cmocka_unit_test(conform_without_a_fault_passes),
        cmocka_unit_test(conform_case_finds_its_fault),
        cmocka_unit_test(conform_each_case_has_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
