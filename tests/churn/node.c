/* node.c - one node of a cluster that is disturbed: does as churn.py tells it on its standard
 * input.
 *
 * Usage: churn_node NAME BUS CONFIG KEYS hosts|asks
 *
 * A line in            a line out
 * ask KEY MS           ask KEY STATUS NODE WHY  which node answered
 * load on|off          load on|off              a thread that asks and publishes, all keys in turn
 * nodes COUNT MS       nodes STATUS             waits until so many are there
 * idle MS              idle STATUS              waits until all of them are idle
 * counts               counts NAME=N...         what became of its deliveries
 * end, or SIGTERM      end NAME=N...            and it is gone; the last counts
 *
 * By itself it prints "ready", "log TEXT", and while there is load "moved KEY NODE NS": from now on
 * that node answers for the key, by the clock of the machine. */
#define _GNU_SOURCE 1

#include <edacious/edacious.h>

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define KEYS_MAX 256u
#define NAME_MAX_LEN 31u
#define ASK_MS 100u /* of the load's asks: one without an answer holds up the others */
#define PACE_MS 2   /* between two of them, so that a disturbed cluster is not a busy one, too */
#define DRAIN_MS 5000u
#define LINE_MAX_LEN 255u

/* --- the actors ------------------------------------------------------------------------------ */

EDA_MESSAGE(tally_add, "tally/{id}/add", (uint64_t, id));
EDA_MESSAGE(tally_added, "tally/{id}/added", .overflow = EDA_WAIT, (uint64_t, id));
EDA_RECORD(tally_state, (eda_str, node), (uint64_t, count));
EDA_REQUEST(tally_get, tally_state, "tally/{id}/get", (uint64_t, id));

static const char *node_name;

typedef struct tally {
    uint64_t count;
} tally;

static eda_status tally_on_add(tally *self, const tally_add *cmd, eda_ctx *ctx)
{
    self->count++;
    return eda_publish(ctx, EDA_MSG(tally_added, .id = cmd->id), NULL);
}

static void tally_on_get(tally *self, const tally_get *request, tally_state *reply)
{
    (void)request;
    *reply = (tally_state){.node = eda_str_from(node_name), .count = self->count};
}

EDA_ACTOR(tally, eda_none, key(id), emits(tally_added), on(tally_add, tally_on_add),
    answers(tally_get, tally_on_get));

typedef struct ledger {
    uint64_t count;
} ledger;

static void ledger_on_added(ledger *self, const tally_added *event)
{
    (void)event;
    self->count++;
}

EDA_ACTOR(ledger, eda_none, on(tally_added, ledger_on_added));

/* --- what it prints -------------------------------------------------------------------------- */

static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

/* One line at a time. Its arguments must not wait for anything: what is waited for may log. */
#define SAY(...)                                                                                   \
    do {                                                                                           \
        (void)pthread_mutex_lock(&printing);                                                       \
        (void)printf(__VA_ARGS__);                                                                 \
        (void)fflush(stdout);                                                                      \
        (void)pthread_mutex_unlock(&printing);                                                     \
    } while (0)

static void on_log(void *arg, eda_str line)
{
    (void)arg;
    SAY("log %.*s\n", EDA_STR_ARG(line));
}

/* --- the load -------------------------------------------------------------------------------- */

typedef struct load {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ends;
    bool is_running; /* belongs to the main thread */
    bool is_ending;  /* under the mutex */
    uint64_t key_count;
    eda_ctx *client;
    char owners[KEYS_MAX][NAME_MAX_LEN + 1]; /* who answered last */
    _Atomic uint64_t replies;
    _Atomic uint64_t refusals; /* asks that ended by another status */
    _Atomic uint64_t late;     /* asks that ended much later than their deadline */
} load;

static load the_load = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void note_owner(load *self, uint64_t key, eda_str node)
{
    char *owner = self->owners[key];

    if (!eda_str_equal(eda_str_from(owner), node)) {
        (void)snprintf(owner, sizeof(self->owners[key]), "%.*s", EDA_STR_ARG(node));
        SAY("moved %" PRIu64 " %s %" PRId64 "\n", key, owner, now_ns());
    }
}

static void ask_and_add(load *self, uint64_t key)
{
    const tally_state *reply = NULL;
    int64_t start = now_ns();
    eda_status status = eda_ask(self->client, EDA_ASK(tally_get, &reply, .id = key), ASK_MS);

    if (now_ns() - start > (int64_t)(ASK_MS + 4000) * 1000000) {
        atomic_fetch_add(&self->late, 1);
    }
    if (status == EDA_OK) {
        atomic_fetch_add(&self->replies, 1);
        note_owner(self, key, reply->node);
    } else {
        atomic_fetch_add(&self->refusals, 1);
    }
    if (eda_publish(self->client, EDA_MSG(tally_add, .id = key), NULL) != EDA_OK) {
        atomic_fetch_add(&self->refusals, 1);
    }
}

/* False: it is to end. */
static bool pace(load *self)
{
    struct timespec until;
    bool is_ending;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PACE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&self->mutex);
    if (!self->is_ending) {
        (void)pthread_cond_timedwait(&self->ends, &self->mutex, &until);
    }
    is_ending = self->is_ending;
    (void)pthread_mutex_unlock(&self->mutex);
    return !is_ending;
}

static void *run_load(void *arg)
{
    load *self = arg;
    uint64_t key = 0;

    do {
        ask_and_add(self, key);
        key = (key + 1) % self->key_count;
    } while (pace(self));
    return NULL;
}

static void load_on(load *self, eda_system *sys)
{
    if (self->is_running) {
        return;
    }
    self->is_ending = false;
    if (eda_client_new(sys, &self->client) != EDA_OK) {
        (void)fprintf(stderr, "no client: %s\n", eda_system_error(sys));
        return;
    }
    self->is_running = pthread_create(&self->thread, NULL, run_load, self) == 0;
}

static void load_off(load *self)
{
    if (!self->is_running) {
        return;
    }
    (void)pthread_mutex_lock(&self->mutex);
    self->is_ending = true;
    (void)pthread_cond_signal(&self->ends);
    (void)pthread_mutex_unlock(&self->mutex);
    (void)pthread_join(self->thread, NULL);
    eda_client_free(self->client);
    self->is_running = false;
}

/* --- commands -------------------------------------------------------------------------------- */

static void say_counts(eda_system *sys, const char *word)
{
    const eda_counts counts = eda_system_counts(sys, NULL, NULL);
    const eda_cluster_counts cluster = eda_system_cluster(sys);

    SAY("%s balance=%" PRId64 " accepted=%" PRIu64 " handled=%" PRIu64 " failed=%" PRIu64
        " expired=%" PRIu64 " shed=%" PRIu64 " dead=%" PRIu64 " stopped=%" PRIu64
        " forwarded=%" PRIu64 " lost=%" PRIu64 " unknown=%" PRIu64 " unheard=%" PRIu64
        " nodes=%u view=%" PRIu64 " missed=%" PRIu64 " replies=%" PRIu64 " refusals=%" PRIu64
        " late=%" PRIu64 "\n",
        word, eda_counts_balance(&counts), counts.accepted, counts.handled, counts.failed,
        counts.expired, counts.shed, counts.dead, counts.stopped, counts.forwarded, counts.lost,
        counts.unknown, counts.unheard, cluster.nodes, cluster.view, cluster.missed,
        atomic_load(&the_load.replies), atomic_load(&the_load.refusals),
        atomic_load(&the_load.late));
}

static void do_ask(eda_system *sys, uint64_t key, uint32_t timeout_ms)
{
    const tally_state *reply = NULL;
    eda_status status =
        eda_ask(eda_system_client(sys), EDA_ASK(tally_get, &reply, .id = key), timeout_ms);
    eda_str node = status == EDA_OK ? reply->node : EDA_STR("-");

    SAY("ask %" PRIu64 " %s %.*s %.*s\n", key, eda_status_name(status), EDA_STR_ARG(node),
        EDA_STR_ARG(eda_error(eda_system_client(sys))));
}

/* False: it is to end. */
static bool obey(eda_system *sys, char *line)
{
    char *rest = NULL;
    const char *word = strtok_r(line, " ", &rest);
    const char *first = strtok_r(NULL, " ", &rest);
    const char *second = strtok_r(NULL, " ", &rest);
    uint64_t number = first != NULL ? strtoull(first, NULL, 10) : 0;
    uint32_t ms = second != NULL ? (uint32_t)strtoul(second, NULL, 10) : (uint32_t)number;
    eda_status status;

    if (word == NULL || strcmp(word, "end") == 0) {
        return false;
    }
    if (strcmp(word, "ask") == 0) {
        do_ask(sys, number, ms);
    } else if (strcmp(word, "load") == 0) {
        (first != NULL && strcmp(first, "on") == 0) ? load_on(&the_load, sys) : load_off(&the_load);
        SAY("load %s\n", the_load.is_running ? "on" : "off");
    } else if (strcmp(word, "nodes") == 0) {
        status = eda_cluster_wait_nodes(sys, (uint32_t)number, ms);
        SAY("nodes %s\n", eda_status_name(status));
    } else if (strcmp(word, "idle") == 0) {
        status = eda_cluster_wait_idle(sys, ms);
        SAY("idle %s\n", eda_status_name(status));
    } else if (strcmp(word, "counts") == 0) {
        say_counts(sys, word);
    }
    return true;
}

/* Commands that came, each a line. False: it is to end. */
static bool read_commands(eda_system *sys)
{
    static char text[LINE_MAX_LEN + 1];
    static size_t len;
    ssize_t got = read(STDIN_FILENO, text + len, LINE_MAX_LEN - len);
    char *end;

    if (got <= 0) {
        return false;
    }
    len += (size_t)got;
    text[len] = '\0';
    while ((end = strchr(text, '\n')) != NULL) {
        size_t used = (size_t)(end + 1 - text);

        *end = '\0';
        if (!obey(sys, text)) {
            return false;
        }
        memmove(text, text + used, len - used + 1);
        len -= used;
    }
    return true;
}

/* Until there is a command to end, or a signal. */
static void serve(eda_system *sys, int signals)
{
    struct pollfd on[] = {
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};

    do {
        if (poll(on, 2, -1) < 0) {
            continue;
        }
        if (on[1].revents != 0 || (on[0].revents != 0 && !read_commands(sys))) {
            break;
        }
    } while (true);
}

static eda_status start(eda_system *sys, bool is_host)
{
    if (is_host) {
        EDA_TRY(eda_add(sys, EDA_WITH(tally)));
        EDA_TRY(eda_add(sys, EDA_WITH(ledger)));
    } else {
        EDA_TRY(eda_declare(sys, &eda_type_tally_add));
        EDA_TRY(eda_declare(sys, &eda_type_tally_get));
    }
    return eda_system_start(sys);
}

int main(int argc, char **argv)
{
    eda_options options = {.workers = 2, .drain_ms = DRAIN_MS, .log = on_log};
    eda_system *sys = NULL;
    sigset_t signals;

    if (argc != 6) {
        (void)fprintf(stderr, "usage: churn_node NAME BUS CONFIG KEYS hosts|asks\n");
        return 2;
    }
    node_name = options.name = argv[1];
    options.bus = argv[2];
    options.bus_config = argv[3];
    the_load.key_count = strtoull(argv[4], NULL, 10);
    if (strlen(argv[1]) > NAME_MAX_LEN || the_load.key_count - 1 >= KEYS_MAX) {
        (void)fprintf(
            stderr, "a name of at most %u bytes, and 1 to %u keys\n", NAME_MAX_LEN, KEYS_MAX);
        return 2;
    }
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)pthread_cond_init(&the_load.ends, NULL);
    if (eda_system_new(&options, &sys) != EDA_OK || start(sys, argv[5][0] == 'h') != EDA_OK) {
        (void)fprintf(
            stderr, "%s: %s\n", node_name, sys != NULL ? eda_system_error(sys) : "no memory");
        eda_system_free(sys);
        return 1;
    }
    SAY("ready\n");
    serve(sys, signalfd(-1, &signals, SFD_CLOEXEC));
    load_off(&the_load);
    eda_system_stop(sys);
    say_counts(sys, "end");
    eda_system_free(sys);
    return 0;
}
