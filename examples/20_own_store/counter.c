/* counter.c - an actor whose state outlives the program, in a store of one's own.
 *
 * The store first passes the conformance suite. Then one system counts, ends, and a second one goes
 * on counting from what the files hold. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */

#include <edacious/edacious.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "file_store.h"

EDA_MESSAGE(count_up, "counter/{name}/up", (eda_str, name));

typedef struct counter {
    uint64_t count;
} counter;

static eda_status counter_on_up(counter *self, const count_up *up, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    printf("%.*s: %" PRIu64 "\n", EDA_STR_ARG(up->name), self->count);
    return EDA_OK;
}

EDA_ACTOR(counter, eda_none,
    key(name),
    saves(count),
    on(count_up, counter_on_up));

static eda_status talk(eda_system *sys)
{
    EDA_TRY(eda_add_linked(sys));
    EDA_TRY(eda_system_start(sys));
    for (int i = 0; i < 2; i++) {
        EDA_TRY(eda_publish_wait(
            eda_system_client(sys), EDA_MSG(count_up, .name = EDA_STR("visitors")), 1000));
    }
    return EDA_OK;
}

/* A system, from its first to its last breath. */
static eda_status run(const char *directory)
{
    eda_store *store = file_store_new(directory, FILE_SYNC_EACH);
    const eda_options options = {.store_object = store};
    eda_system *sys = NULL;
    eda_status status = store == NULL ? EDA_ENOMEM : eda_system_new(&options, &sys);

    if (status == EDA_OK) {
        status = talk(sys);
        eda_system_free(sys);
    }
    if (store != NULL) {
        eda_store_free(store); /* after the system that uses it */
    }
    return status;
}

static eda_status conform(const char *directory)
{
    /* The suite makes 30,000 writes: not each needs to reach the disk. */
    eda_store *store = file_store_new(directory, FILE_SYNC_NEVER);
    const char *problem = "out of memory";
    eda_status status = store == NULL ? EDA_ENOMEM : eda_store_conform(store, &problem);

    printf("the store %s%s\n",
        status == EDA_OK ? "conforms" : "does not conform: ", status == EDA_OK ? "" : problem);
    if (store != NULL) {
        eda_store_free(store);
    }
    return status;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

int main(void)
{
    char directory[] = "/tmp/own_store_XXXXXX";
    eda_status status;

    if (mkdtemp(directory) == NULL) {
        return 1;
    }
    status = conform(directory);
    for (int i = 1; i <= 2 && status == EDA_OK; i++) {
        printf("-- system %d\n", i);
        status = run(directory);
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the systems and their threads are gone */
    (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (status != EDA_OK) {
        fprintf(stderr, "counter: %s\n", eda_status_text(status));
    }
    return status == EDA_OK ? 0 : 1;
}
