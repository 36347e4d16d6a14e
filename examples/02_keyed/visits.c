/* visits.c - one counter per page: a keyed actor.
 *
 * Nobody creates a counter. The first message with a page_id of its own brings one to life; every
 * other message with that page_id goes to the same one, in order, one at a time. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

EDA_MESSAGE(page_visited, "page/{page_id}/visited", (eda_str, page_id));

typedef struct visits {
    uint64_t count; /* zero at first, as the whole state is */
} visits;

static eda_status visits_on_visited(visits *self, const page_visited *visited, eda_ctx *ctx)
{
    (void)visited; /* its page_id is our key, which eda_key tells too */
    self->count++;
    printf("%.*s: visit %" PRIu64 "\n", EDA_STR_ARG(eda_key(ctx)), self->count);
    return EDA_OK;
}

EDA_ACTOR(visits, eda_none, key(page_id), on(page_visited, visits_on_visited));

eda_status eda_app(eda_system *sys)
{
    static const char *const pages[] = {"home", "news", "home", "home", "news"};
    eda_ctx *client;

    EDA_TRY(eda_system_start(sys));
    client = eda_system_client(sys);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        /* Waiting keeps the output in order: two counters may run at the same time. */
        EDA_TRY(eda_publish_wait(
            client, EDA_MSG(page_visited, .page_id = eda_str_from(pages[i])), 1000));
    }
    printf("%" PRIu64 " counters live\n", eda_system_activations(sys, "visits").live);

    /* A key must fit into its place in the topic. */
    printf("\"a/b\": %s\n", eda_status_name(eda_publish(
                                client, EDA_MSG(page_visited, .page_id = EDA_STR("a/b")), NULL)));
    return EDA_OK;
}
