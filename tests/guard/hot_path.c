/* hot_path.c - the paths every message takes, alone in a process, for tools/guard.py to count the
 * instructions of: hot_path NAME SIZE [EXTRA].
 *
 * One pumped worker, so nothing spins, waits or crosses threads. Two sizes of a path differ in the
 * worker's turns alone, so that the difference of their counts has no start, stop or client in it.
 * Each handler goes round a loop EXTRA times more: a slowdown that the guard must find. Ends with 0
 * only if every message was handled. "hot_path version" prints the name of its baseline. */
#define _POSIX_C_SOURCE 200809L

#include <edacious/edacious.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- what must not differ from run to run ------------------------------------------------- */

#define NS_PER_S 1000000000
#define NS_PER_LOOK 100

/* Takes the place of the C library's: how often a worker looks at the clock depends on how long its
 * rounds took, and here they take as long on any machine. */
int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    static int64_t now = NS_PER_S;

    (void)clock;
    now += NS_PER_LOOK;
    *ret_now = (struct timespec){.tv_sec = now / NS_PER_S, .tv_nsec = now % NS_PER_S};
    return 0;
}

static void print_version(void)
{
#if defined(__clang__)
    printf("clang-%d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    printf("gcc-%d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
#if defined(__x86_64__)
    printf("-x86_64");
#elif defined(__aarch64__)
    printf("-aarch64");
#else
    printf("-other");
#endif
    /* Builds that no baseline is kept of, so that they are skipped and not taken for slow. */
#if !defined(__OPTIMIZE__)
    printf("-unoptimised");
#endif
#if defined(__AVX__)
    printf("-native");
#endif
    printf("\n");
}

/* --- a planted slowdown ------------------------------------------------------------------- */

static uint64_t extra;

static inline void handler_begins(void)
{
    uint64_t i;

    for (i = 0; i < extra; i++) {
        __asm__ volatile("" ::: "memory"); /* else the loop would be left out */
    }
}

/* --- pingpong: two actors and one message ------------------------------------------------- */

EDA_MESSAGE(ball, "guard/player/{to}/ball", (uint32_t, tag), (uint64_t, to), (uint64_t, left));

typedef struct player {
    uint64_t seen;
} player;

static eda_status player_on_ball(player *self, const ball *m, eda_ctx *ctx)
{
    handler_begins();
    self->seen++;
    if (m->left == 0) {
        return EDA_OK;
    }
    return eda_publish(
        ctx, EDA_MSG(ball, .tag = m->tag, .to = m->to ^ 1, .left = m->left - 1), NULL);
}

EDA_ACTOR(player, eda_none, key(to), emits(ball), on(ball, player_on_ball));

/* --- count: a producer and a counter ------------------------------------------------------ */

#define WINDOW_LEN 384u /* a mailbox holds 1,024 */

EDA_MESSAGE(increment, "guard/counter/increment", (uint32_t, tag), (uint64_t, by), (uint64_t, from));
EDA_MESSAGE(window_end, "guard/counter/window_end", (uint32_t, tag), (uint64_t, left), (uint64_t, at));
EDA_MESSAGE(produce, "guard/producer/produce", (uint32_t, tag), (uint64_t, left), (uint64_t, at));

typedef struct counter {
    uint64_t total;
} counter;

static void counter_on_increment(counter *self, const increment *m)
{
    handler_begins();
    self->total += m->by;
}

static eda_status counter_on_window_end(counter *self, const window_end *m, eda_ctx *ctx)
{
    (void)self;
    return eda_publish(ctx, EDA_MSG(produce, .tag = m->tag, .left = m->left, .at = m->at), NULL);
}

EDA_ACTOR(counter, eda_none, emits(produce), on(increment, counter_on_increment),
    on(window_end, counter_on_window_end));

typedef struct producer {
    uint64_t sent;
} producer;

static eda_status producer_on_produce(producer *self, const produce *m, eda_ctx *ctx)
{
    uint64_t count = m->left < WINDOW_LEN ? m->left : WINDOW_LEN;
    uint64_t i;

    for (i = 0; i < count; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(increment, .tag = m->tag, .by = 1, .from = m->at), NULL));
    }
    self->sent += count;
    return m->left == count
               ? EDA_OK
               : eda_publish(
                     ctx, EDA_MSG(window_end, .tag = m->tag, .left = m->left - count), NULL);
}

EDA_ACTOR(producer, eda_none, emits(increment, window_end), on(produce, producer_on_produce));

/* --- ask: an actor asks another ----------------------------------------------------------- */

#define ASKS_LEN 500u /* of a turn: what it is answered is kept until its end */
#define ASK_MS 1000u

EDA_RECORD(answer, (uint32_t, tag), (uint64_t, a), (uint64_t, b));
EDA_REQUEST(question, answer, "guard/responder/{to}/question",
    (uint32_t, tag), (uint64_t, to), (uint64_t, value));
EDA_MESSAGE(interview, "guard/asker/{to}/interview", (uint32_t, tag), (uint64_t, to), (uint64_t, left));

typedef struct responder {
    uint64_t seen;
} responder;

static void responder_on_question(responder *self, const question *m, answer *ret_answer)
{
    handler_begins();
    self->seen++;
    *ret_answer = (answer){.tag = m->tag, .a = m->value, .b = self->seen};
}

EDA_ACTOR(responder, eda_none, key(to), answers(question, responder_on_question));

typedef struct asker {
    uint64_t sum;
} asker;

static eda_status asker_on_interview(asker *self, const interview *m, eda_ctx *ctx)
{
    uint64_t count = m->left < ASKS_LEN ? m->left : ASKS_LEN;
    uint64_t i;

    for (i = 0; i < count; i++) {
        const answer *got = NULL;

        EDA_TRY(
            eda_ask(ctx, EDA_ASK(question, &got, .tag = m->tag, .to = m->to, .value = i), ASK_MS));
        self->sum += got->a;
    }
    return m->left == count
               ? EDA_OK
               : eda_publish(ctx,
                     EDA_MSG(interview, .tag = m->tag, .to = m->to, .left = m->left - count), NULL);
}

EDA_ACTOR(asker, eda_none, key(to), emits(question, interview), on(interview, asker_on_interview));

/* --- keyed2: messages to random ones of the actors that are there ------------------------- */

#define KEYS_LEN 4096u /* of two: a bit mask */
#define STEP_LEN 256u

EDA_MESSAGE(drive, "guard/driver/drive", (uint32_t, tag), (uint64_t, at), (uint64_t, left));
EDA_MESSAGE(touch, "guard/idler/{key}/touch", (uint32_t, tag), (uint64_t, key), (uint64_t, value));

typedef struct idler {
    uint64_t count;
    uint64_t value;
} idler;

static void idler_on_touch(idler *self, const touch *m)
{
    handler_begins();
    self->count++;
    self->value = m->value;
}

EDA_ACTOR(idler, eda_none, key(key), on(touch, idler_on_touch));

typedef struct driver {
    uint64_t sent;
} driver;

/* Every key once, in the order of a bijection; after that at random. */
static uint64_t key_at(uint64_t at)
{
    uint64_t number = at * UINT64_C(0x9e3779b97f4a7c15);

    return (at < KEYS_LEN ? number : number >> 32) & (KEYS_LEN - 1);
}

static eda_status driver_on_drive(driver *self, const drive *m, eda_ctx *ctx)
{
    uint64_t count = m->left < STEP_LEN ? m->left : STEP_LEN;
    uint64_t i;

    for (i = m->at; i < m->at + count; i++) {
        EDA_TRY(
            eda_publish(ctx, EDA_MSG(touch, .tag = m->tag, .key = key_at(i), .value = i), NULL));
    }
    self->sent += count;
    return m->left == count
               ? EDA_OK
               : eda_publish(ctx,
                     EDA_MSG(drive, .tag = m->tag, .at = m->at + count, .left = m->left - count),
                     NULL);
}

EDA_ACTOR(driver, eda_none, emits(drive, touch), on(drive, driver_on_drive));

/* --- running one of them ------------------------------------------------------------------ */

static void check(eda_system *sys, eda_status status, const char *what)
{
    if (status != EDA_OK) {
        (void)fprintf(stderr, "hot_path: %s: %s %s\n", what, eda_status_text(status),
            sys != NULL ? eda_system_error(sys) : "");
        exit(1); /* NOLINT(concurrency-mt-unsafe): there is one thread */
    }
}

static eda_system *start(void)
{
    const eda_actor *const actors[] = {&eda_actor_player, &eda_actor_counter, &eda_actor_producer,
        &eda_actor_responder, &eda_actor_asker, &eda_actor_idler, &eda_actor_driver};
    eda_system *sys = NULL;
    size_t i;

    check(NULL, eda_system_new(&(eda_options){.pumped = true, .seed = 1}, &sys), "new");
    for (i = 0; i < sizeof(actors) / sizeof(actors[0]); i++) {
        check(sys, eda_add(sys, (eda_added){.actor = actors[i]}), "add");
    }
    check(sys, eda_system_start(sys), "start");
    return sys;
}

/* Publishes the path's first message; returns of which type `size` must be handled by `ret_actor`.
 */
static const char *begin(
    eda_system *sys, const char *name, uint64_t size, const char **ret_actor, uint64_t *ret_count)
{
    eda_ctx *client = eda_system_client(sys);

    *ret_count = size;
    if (strcmp(name, "pingpong") == 0) {
        check(sys, eda_publish(client, EDA_MSG(ball, .tag = 1, .left = size - 1), NULL), name);
        *ret_actor = "player";
        return "ball";
    }
    if (strcmp(name, "count") == 0) {
        check(sys, eda_publish(client, EDA_MSG(produce, .tag = 1, .left = size), NULL), name);
        *ret_actor = "counter";
        return "increment";
    }
    if (strcmp(name, "ask") == 0) {
        check(sys, eda_publish(client, EDA_MSG(interview, .tag = 1, .left = size), NULL), name);
        *ret_actor = "responder";
        return "question";
    }
    if (strcmp(name, "keyed2") == 0) {
        *ret_count = KEYS_LEN + size; /* each is there after the first KEYS_LEN */
        check(sys, eda_publish(client, EDA_MSG(drive, .tag = 1, .left = *ret_count), NULL), name);
        *ret_actor = "idler";
        return "touch";
    }
    return NULL;
}

static int run(const char *name, uint64_t size)
{
    eda_system *sys = start();
    const char *actor = NULL;
    uint64_t count = 0;
    const char *message = begin(sys, name, size, &actor, &count);
    uint64_t handled;

    if (message == NULL) {
        (void)fprintf(stderr, "hot_path: there is no path %s\n", name);
        eda_system_free(sys);
        return 2;
    }
    while (eda_system_step(sys, 0, NULL) > 0) {
    }
    handled = eda_system_counts(sys, message, actor).handled;
    eda_system_free(sys);
    if (handled != count) {
        (void)fprintf(stderr, "hot_path: %s: %llu of %llu messages were handled\n", name,
            (unsigned long long)handled, (unsigned long long)count);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t size = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

    if (argc == 2 && strcmp(argv[1], "version") == 0) {
        print_version();
        return 0;
    }
    if (size == 0) {
        (void)fprintf(stderr, "usage: hot_path version, or hot_path NAME SIZE [EXTRA]\n");
        return 2;
    }
    extra = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    return run(argv[1], size);
}
