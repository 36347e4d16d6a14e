/* session.c - see session.h. */
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "cli/target.h"

#define TIMEOUT_MS 5000u
#define CLUSTER "edacious"

edai_exit edai_session_fail(edai_session *session, const char *what, eda_status status)
{
    switch (status) {
    case EDA_EKEY:
        return edai_cli_fail(session->cli, EDAI_EXIT_USAGE,
            "%s: no key expression; chunks between '/', none empty, no '#' or '?'", what);
    case EDA_ERANGE:
        return edai_cli_fail(session->cli, EDAI_EXIT_USAGE,
            "%s: too large; a payload has at most %u bytes, a key %d", what, EDA_BUS_PAYLOAD_MAX,
            EDA_TOPIC_LEN_MAX);
    case EDA_ETIMEOUT:
        return edai_cli_fail(session->cli, EDAI_EXIT_TIMEOUT,
            "%s: no answer from %s within %u ms; a longer --timeout may help", what, session->where,
            session->timeout_ms);
    case EDA_ECLOSED:
    case EDA_EIO:
        return edai_cli_fail(session->cli, EDAI_EXIT_UNREACHABLE,
            "%s: the connection to %s broke; if that is up again, try again", what, session->where);
    default:
        return edai_cli_fail(
            session->cli, EDAI_EXIT_FAILED, "%s: %s", what, eda_status_text(status));
    }
}

/* --- opening --- */

/* Zenoh tells no more than that it could not connect, and logs before what came of each attempt:
 * "... Unable to connect to ENDPOINT! WHY". The first of these is kept. */
static void keep_why(edai_cli *cli, eda_str line)
{
    char text[sizeof cli->bus_why];
    unsigned before = 0;

    (void)snprintf(text, sizeof text, "%.*s", EDA_STR_ARG(line));
    const char *end = strstr(text, "Unable to connect to ");
    const char *why = end != NULL ? strstr(end, "! ") : NULL;
    if (why != NULL && atomic_compare_exchange_strong_explicit(&cli->bus_said, &before, 1,
                           memory_order_relaxed, memory_order_relaxed)) {
        (void)snprintf(cli->bus_why, sizeof cli->bus_why, "%s", why + 2);
        /* Pairs with the load of why_not, which then sees the text whole. */
        atomic_store_explicit(&cli->bus_said, 2, memory_order_release);
    }
}

/* Any thread of the driver's. */
static void on_log(void *arg, eda_str line)
{
    edai_cli *cli = arg;

    keep_why(cli, line);
    if (!edai_args_has(&cli->args, "--verbose")) {
        return;
    }
    (void)fprintf(cli->err, "edacious %s: bus: %.*s\n", cli->verb->name, EDA_STR_ARG(line));
}

static void on_replaced(void *arg, eda_str text)
{
    edai_cli *cli = arg;

    atomic_fetch_add(&cli->bus_replaced, 1);
    (void)fprintf(cli->err, "edacious %s: connected anew, what was on its way may be lost: %.*s\n",
        cli->verb->name, EDA_STR_ARG(text));
}

static bool is_chunk(const char *text)
{
    return text[0] != '\0' && strchr(text, '/') == NULL && strchr(text, '*') == NULL &&
           strlen(text) <= 255 && eda_topic_check_key(eda_str_from(text)) == EDA_OK;
}

static edai_exit read_options(edai_cli *cli, edai_session *session)
{
    const char *timeout = edai_args_value(&cli->args, "--timeout");
    const char *cluster = edai_args_value(&cli->args, "--cluster");

    session->timeout_ms = TIMEOUT_MS;
    session->cluster = cluster != NULL ? cluster : CLUSTER;
    if (timeout != NULL && edai_args_duration(timeout, &session->timeout_ms) != EDA_OK) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--timeout takes a time such as 2s or 500ms, from 1ms to 24h, not %s", timeout);
    }
    if (!is_chunk(session->cluster)) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            "--cluster takes a name without '/' and wildcards, not '%s'", session->cluster);
    }
    return EDAI_EXIT_OK;
}

/* What whoever reads of no connection may look at. */
static const char *hint_of(const edai_session *session, eda_status status)
{
    const edai_args *args = &session->cli->args;

    if (status != EDA_EIO) {
        return "";
    }
    if (session->driver == &eda_bus_local) {
        return "; is a node up whose bus is \"local\", and is that its socket?";
    }
    if (!session->is_dialled) {
        return "; is a node up that it reaches? --verbose tells more";
    }
    if (edai_args_has(args, "--user") || strncmp(session->where, "tls/", 4) == 0) {
        return "; is a node or a router up that listens there, and does each side take what the "
               "other shows: certificate, user, password? --verbose tells more";
    }
    return "; is a node or a router up that listens there? --connect goes elsewhere, --verbose "
           "tells more";
}

static const char *why_not(edai_session *session, eda_status status, const char *problem)
{
    edai_cli *cli = session->cli;

    if (status == EDA_EIO && atomic_load_explicit(&cli->bus_said, memory_order_acquire) == 2) {
        return cli->bus_why;
    }
    return problem[0] != '\0' ? problem : eda_status_text(status);
}

/* Without what the sentence before it says. */
static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 && strncmp(text + len, ": ", 2) == 0 ? text + len + 2
                                                                                : text;
}

/* Of a file some drivers name the place, behind its name. */
static edai_exit refuse_config(edai_session *session, const char *text)
{
    size_t len = strlen(session->where);
    bool is_named = strncmp(text, session->where, len) == 0 && strchr(":, ", text[len]) != NULL;

    return edai_cli_fail(session->cli, EDAI_EXIT_USAGE, "--config %s%s%s", session->where,
        is_named ? "" : ": ", is_named ? text + len : after(text, "configuration"));
}

static edai_exit open_failed(edai_session *session, eda_status status, const char *problem)
{
    const char *text = after(why_not(session, status, problem), session->driver->name);
    edai_exit code = status == EDA_ETIMEOUT ? EDAI_EXIT_TIMEOUT
                     : status == EDA_EIO    ? EDAI_EXIT_UNREACHABLE
                                            : EDAI_EXIT_FAILED;

    if (status != EDA_EINVAL) {
        return edai_cli_fail(session->cli, code, "no connection to %s: %s%s", session->where, text,
            hint_of(session, status));
    }
    if (edai_args_has(&session->cli->args, "--config")) {
        return refuse_config(session, text);
    }
    text = after(after(text, "configuration"), "connect/endpoints");
    return edai_cli_fail(session->cli, EDAI_EXIT_USAGE, "--connect %s: %s", session->where,
        after(text, session->where));
}

edai_exit edai_session_open(edai_cli *cli, edai_session *ret_session)
{
    edai_session session = {.cli = cli};
    edai_target target = {.config = NULL};
    eda_bus_problem problem = {.text = ""};
    edai_exit code = read_options(cli, &session);

    if (code == EDAI_EXIT_OK) {
        code = edai_target_read(cli, &target);
    }
    if (code != EDAI_EXIT_OK) {
        return code;
    }
    session.where = target.where;
    session.is_dialled = target.is_dialled;
    eda_status status = eda_bus_find(target.driver, &session.driver, &problem);
    if (status != EDA_OK) {
        bool is_default = !edai_args_has(&cli->args, "--bus") && status == EDA_ENOENT;
        code = edai_cli_fail(cli, EDAI_EXIT_USAGE, "%s%s", problem.text,
            is_default ? "; nodes of this host whose bus is \"local\" need none: --connect local:"
                       : "");
        goto fini;
    }
    const eda_bus_options options = {.config = target.config,
        .call_ms = session.timeout_ms,
        .log = on_log,
        .replaced = on_replaced,
        .arg = cli};
    status = session.driver->open(&options, &session.bus, &problem);
    if (status != EDA_OK) {
        code = open_failed(&session, status, problem.text);
        goto fini;
    }
    *ret_session = session;
fini:
    edai_target_fini(&target);
    return code;
}

void edai_session_close(edai_session *session)
{
    session->driver->close(session->bus);
    session->bus = NULL;
}

/* --- asking --- */

typedef struct asking {
    edai_mutex mutex;
    edai_cond cond;
    edai_answers answers;
    bool has_ended;
} asking;

static edai_answer *copy_answer(const eda_bus_message *message, bool is_error)
{
    size_t size = message->key.len + message->encoding.len + message->payload.len;
    edai_answer *copy = edai_calloc(1, sizeof *copy + size);

    if (copy == NULL) {
        return NULL;
    }
    char *at = (char *)(copy + 1);
    copy->is_error = is_error;
    copy->key = (eda_str){.ptr = at, .len = message->key.len};
    copy->encoding = (eda_str){.ptr = at + message->key.len, .len = message->encoding.len};
    char *payload = at + message->key.len + message->encoding.len;
    copy->payload = (eda_bytes){.ptr = (const uint8_t *)payload, .len = message->payload.len};
    if (message->key.len > 0) {
        memcpy(at, message->key.ptr, message->key.len);
    }
    if (message->encoding.len > 0) {
        memcpy(at + message->key.len, message->encoding.ptr, message->encoding.len);
    }
    if (message->payload.len > 0) {
        memcpy(payload, message->payload.ptr, message->payload.len);
    }
    return copy;
}

static void keep_answer(edai_answers *answers, const eda_bus_message *message, bool is_error)
{
    edai_answer *copy = NULL;

    if (answers->count < EDAI_ANSWERS_MAX &&
        message->payload.len <= EDAI_ANSWERS_SIZE_MAX - answers->size) {
        copy = copy_answer(message, is_error);
    }
    if (copy == NULL) {
        answers->is_cut = true;
        return;
    }
    *answers->end = copy;
    answers->end = &copy->next;
    answers->count++;
    answers->size += message->payload.len;
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    asking *self = arg;

    edai_mutex_lock(&self->mutex);
    if (answer != NULL) {
        keep_answer(&self->answers, answer, is_error);
    } else {
        self->answers.status = end;
        self->has_ended = true;
        edai_cond_signal(&self->cond);
    }
    edai_mutex_unlock(&self->mutex);
}

edai_exit edai_session_get(edai_session *session, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, edai_answers *ret_answers)
{
    asking self = {.has_ended = false};

    self.answers.end = &self.answers.first;
    edai_mutex_init(&self.mutex);
    edai_cond_init(&self.cond);
    eda_status status = session->driver->get(session->bus, request, is_for_all,
        timeout_ms != 0 ? timeout_ms : session->timeout_ms, on_answer, &self);
    edai_mutex_lock(&self.mutex);
    while (status == EDA_OK && !self.has_ended) { /* the driver promises an end */
        edai_cond_wait(&self.cond, &self.mutex);
    }
    edai_mutex_unlock(&self.mutex);
    edai_cond_fini(&self.cond);
    edai_mutex_fini(&self.mutex);
    *ret_answers = self.answers;
    return status == EDA_OK ? EDAI_EXIT_OK : edai_session_fail(session, "asking", status);
}

edai_exit edai_session_end(edai_session *session, const char *what, const edai_answers *answers)
{
    if (answers->status == EDA_ETIMEOUT && answers->first != NULL) {
        return edai_cli_fail(session->cli, EDAI_EXIT_TIMEOUT,
            "%s: not all who were asked answered within %u ms; a longer --timeout may help", what,
            session->timeout_ms);
    }
    if (answers->status == EDA_ETIMEOUT) {
        return edai_cli_fail(session->cli, EDAI_EXIT_TIMEOUT,
            "%s: no answer from %s within %u ms, or who was asked vanished: it may have been "
            "handled; a longer --timeout may help",
            what, session->where, session->timeout_ms);
    }
    if (answers->status != EDA_OK) {
        return edai_session_fail(session, what, answers->status);
    }
    if (answers->is_cut) {
        return edai_cli_fail(session->cli, EDAI_EXIT_FAILED,
            "%s: more answers than are kept (%u, or %u bytes): the rest is missing", what,
            EDAI_ANSWERS_MAX, EDAI_ANSWERS_SIZE_MAX);
    }
    return EDAI_EXIT_OK;
}

void edai_answers_free(edai_answers *answers)
{
    while (answers->first != NULL) {
        edai_answer *next = answers->first->next;

        edai_free(answers->first);
        answers->first = next;
    }
}

/* What is not allowed is dropped without a word: nothing tells it from nobody being there. */
static edai_exit nobody(edai_session *session)
{
    if (session->is_dialled) {
        return edai_cli_fail(session->cli, EDAI_EXIT_UNREACHABLE,
            "%s was reached, but no node of the cluster '%s' answers: another --cluster, no node "
            "behind it, or no right to ask, which `edacious acl --outsider ID=operates` gives: "
            "docs/security.md",
            session->where, session->cluster);
    }
    return edai_cli_fail(session->cli, EDAI_EXIT_UNREACHABLE,
        "no node of the cluster '%s' is reachable by %s; is --cluster right?", session->cluster,
        session->where);
}

edai_exit edai_session_ask_nodes(edai_session *session, const char *what, edai_answers *ret_answers)
{
    char key[EDA_TOPIC_LEN_MAX];
    int len = snprintf(key, sizeof key, "@edacious/v1/%s/%s/**", session->cluster, what);
    const eda_bus_message request = {.key = {.ptr = key, .len = (size_t)len}};
    edai_exit code = edai_session_get(session, &request, true, 0, ret_answers);

    if (code != EDAI_EXIT_OK || ret_answers->first != NULL) {
        return code;
    }
    code = edai_session_end(session, EDAI_ASKING_NODES, ret_answers);
    return code != EDAI_EXIT_OK ? code : nobody(session);
}
