/* archive.c - code that blocks: eda_blocking for a call, a dedicated thread for an actor.
 *
 * A worker runs many actors; a handler that waits for a disk or for another library holds them all
 * up. eda_blocking runs one function elsewhere and suspends the turn: the worker goes on with
 * others, and the turn comes back to the thread it began on. An actor that does little but wait is
 * better declared dedicated_thread: then no turn of it ever runs on a worker. */
#include <edacious/edacious.h>
#include <pthread.h>
#include <stdio.h>

EDA_RECORD(file_size, (uint64_t, bytes), (bool, was_elsewhere), (bool, came_back));
EDA_REQUEST(file_measure, file_size, "archive/{name}/measure", (eda_str, name));
EDA_RECORD(tape_thread, (bool, is_same));
EDA_REQUEST(tape_wind, tape_thread, "tape/wind");

/* What goes to the other thread and back: on the turn's stack, which stays where it is. */
typedef struct job {
    uint64_t bytes;
    pthread_t thread;
} job;

static void measure(void *arg)
{
    job *self = arg;
    FILE *file = tmpfile();

    self->thread = pthread_self();
    if (file != NULL) {
        if (fputs("as slow as it likes", file) >= 0 && fflush(file) == 0) {
            self->bytes = (uint64_t)ftell(file);
        }
        fclose(file);
    }
}

typedef struct archive {
    uint32_t measured;
} archive;

static eda_status archive_on_measure(
    archive *self, const file_measure *order, file_size *ret_size, eda_ctx *ctx)
{
    pthread_t before = pthread_self();
    job work = {.bytes = 0};

    (void)order;
    EDA_TRY(eda_blocking(ctx, measure, &work));
    self->measured++; /* nobody else touched it meanwhile: one turn at a time */
    ret_size->bytes = work.bytes;
    ret_size->was_elsewhere = pthread_equal(before, work.thread) == 0;
    ret_size->came_back = pthread_equal(before, pthread_self()) != 0;
    return EDA_OK;
}

EDA_ACTOR(archive, eda_none, key(name), answers(file_measure, archive_on_measure));

typedef struct tape {
    pthread_t thread;
    bool is_known;
} tape;

static void tape_on_wind(tape *self, const tape_wind *order, tape_thread *ret_thread)
{
    (void)order;
    ret_thread->is_same = !self->is_known || pthread_equal(self->thread, pthread_self()) != 0;
    self->thread = pthread_self();
    self->is_known = true;
    /* Here a call may block for as long as it takes: it delays the next tape_wind, nothing else. */
}

EDA_ACTOR(tape, eda_none, dedicated_thread, answers(tape_wind, tape_on_wind));

eda_status eda_app(eda_system *sys)
{
    const file_size *size = NULL;
    const tape_thread *at = NULL;

    EDA_TRY(eda_system_start(sys));
    EDA_TRY(
        eda_ask(eda_system_client(sys), EDA_ASK(file_measure, &size, .name = EDA_STR("a")), 10000));
    printf("%d bytes, measured on another thread: %s, turn back on its own: %s\n", (int)size->bytes,
        size->was_elsewhere ? "yes" : "no", size->came_back ? "yes" : "no");
    for (int i = 0; i < 2; i++) {
        EDA_TRY(eda_ask(eda_system_client(sys), EDA_ASK(tape_wind, &at), 10000));
        printf("tape: same thread as before: %s\n", at->is_same ? "yes" : "no");
    }
    return EDA_OK;
}
