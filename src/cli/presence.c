/* presence.c - see presence.h. */
#include "cli/presence.h"

/* Of nodes, whatever their cluster: the connection is the same. */
#define TOKENS "@edacious/v1/*/live/**"
/* Nobody serves it: a get of it goes to the other end of the connection, which ends it. */
#define ECHO "@edacious/echo"
/* Who has no right to ask for it gets no answer; he sees no token either. */
#define FIRST_MS 300u

/* One at a time, as the driver promises; the counts are atomic for those who ask. */
static void on_token(void *arg, eda_str key, bool is_alive)
{
    edai_presence *self = arg;
    size_t alive = atomic_load(&self->alive);
    bool was_lost = atomic_load(&self->was_lost);

    (void)key;
    if (!is_alive && alive == 0) {
        return;
    }
    bool is_lost = !is_alive && alive == 1;
    bool is_back = is_alive && alive == 0 && was_lost;
    if (is_lost) { /* first: who sees that none is left sees this, too */
        atomic_store(&self->was_lost, true);
    }
    atomic_store(&self->alive, is_alive ? alive + 1 : alive - 1);
    if ((is_lost || is_back) && self->fn != NULL) {
        self->fn(self->arg, is_back);
    }
}

/* There and back. EDAI_EXIT_OK also if nobody is there. */
static edai_exit round_trip(edai_presence *self, uint32_t timeout_ms)
{
    edai_answers answers = {.first = NULL};
    const eda_bus_message request = {.key = EDA_STR(ECHO)};
    edai_exit code = edai_session_get(self->session, &request, true, timeout_ms, &answers);

    if (code == EDAI_EXIT_OK && answers.status != EDA_OK) {
        code = answers.status == EDA_ETIMEOUT ? EDAI_EXIT_TIMEOUT : EDAI_EXIT_UNREACHABLE;
    }
    edai_answers_free(&answers);
    return code;
}

edai_exit edai_presence_watch(
    edai_presence *presence, edai_session *session, edai_presence_fn *fn, void *arg)
{
    uint64_t id = 0;

    *presence = (edai_presence){.session = session, .fn = fn, .arg = arg};
    eda_status status =
        session->driver->watch(session->bus, EDA_STR(TOKENS), on_token, presence, &id);
    return status == EDA_OK ? EDAI_EXIT_OK
                            : edai_session_fail(session, "watching for nodes", status);
}

edai_exit edai_presence_begin(edai_presence *presence, edai_session *session)
{
    edai_exit code = edai_presence_watch(presence, session, NULL, NULL);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    code = round_trip(presence, session->timeout_ms < FIRST_MS ? session->timeout_ms : FIRST_MS);
    return code == EDAI_EXIT_TIMEOUT ? EDAI_EXIT_OK : code;
}

bool edai_presence_is_lost(const edai_presence *presence)
{
    return atomic_load(&presence->was_lost) ||
           atomic_load(&presence->session->cli->bus_replaced) > 0;
}

edai_exit edai_presence_prove(edai_presence *presence)
{
    edai_exit code = EDAI_EXIT_OK;

    /* A connection that breaks ends what was asked first, and only then tells of the tokens; what
     * is asked afterwards ends behind that. */
    for (int i = 0; i < 2 && code == EDAI_EXIT_OK && atomic_load(&presence->alive) > 0; i++) {
        code = round_trip(presence, 0);
    }
    return edai_presence_is_lost(presence) ? EDAI_EXIT_UNREACHABLE : code;
}
