/* two_nodes.c - two nodes that share the hosting of actors.
 *
 * The bus "inproc" joins systems of one process. With "local" or "zenoh" in its place the nodes are
 * processes, of one host or of many; nothing else changes: docs/cluster.md. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

#define PAGES 64
#define PATIENCE_MS 10000

EDA_MESSAGE(page_visited, "page/{page_id}/visited", (uint32_t, page_id));
EDA_RECORD(page_visits, (uint64_t, count));
EDA_REQUEST(page_visits_get, page_visits, "page/{page_id}/visits/get", (uint32_t, page_id));

typedef struct visits {
    uint64_t count;
} visits;

static void visits_on_visited(visits *self, const page_visited *visited)
{
    (void)visited;
    self->count++;
}

static void visits_on_get(visits *self, const page_visits_get *get, page_visits *reply)
{
    (void)get;
    reply->count = self->count;
}

EDA_ACTOR(visits, eda_none, key(page_id), on(page_visited, visits_on_visited),
    answers(page_visits_get, visits_on_get));

static eda_status start(const char *name, eda_system **ret_node)
{
    const eda_options options = {.name = name, .bus = "inproc"};

    EDA_TRY(eda_system_new(&options, ret_node));
    EDA_TRY(eda_add_linked(*ret_node));
    return eda_system_start(*ret_node);
}

/* Every page, once from each node. */
static eda_status visit_all(eda_system *one, eda_system *two)
{
    for (uint32_t id = 0; id < PAGES; id++) {
        EDA_TRY(eda_publish(eda_system_client(one), EDA_MSG(page_visited, .page_id = id), NULL));
        EDA_TRY(eda_publish(eda_system_client(two), EDA_MSG(page_visited, .page_id = id), NULL));
    }
    return eda_cluster_wait_idle(one, PATIENCE_MS); /* of both */
}

static eda_status show(eda_system *one, eda_system *two)
{
    const page_visits *page = NULL;
    uint64_t on_one = eda_system_activations(one, "visits").live;
    uint64_t on_two = eda_system_activations(two, "visits").live;
    eda_counts first = eda_system_counts(one, NULL, NULL);
    eda_counts second = eda_system_counts(two, NULL, NULL);

    printf("%" PRIu64 " counters live, on both nodes: %s\n", on_one + on_two,
        on_one > 0 && on_two > 0 ? "yes" : "no");
    printf("visits handled: %" PRIu64 "\n", first.handled + second.handled);
    printf("published: %" PRIu64 "\n",
        first.accepted + second.accepted - first.forwarded - second.forwarded);
    EDA_TRY(eda_ask(eda_system_client(two), EDA_ASK(page_visits_get, &page, .page_id = 7), 1000));
    printf("page 7: %" PRIu64 " visits\n", page->count);
    return EDA_OK;
}

static eda_status run(eda_system **ret_one, eda_system **ret_two)
{
    EDA_TRY(start("one", ret_one));
    EDA_TRY(start("two", ret_two));
    EDA_TRY(eda_cluster_wait_nodes(*ret_one, 2, PATIENCE_MS));
    EDA_TRY(eda_cluster_wait_nodes(*ret_two, 2, PATIENCE_MS));
    EDA_TRY(visit_all(*ret_one, *ret_two));
    return show(*ret_one, *ret_two);
}

int main(void)
{
    eda_system *one = NULL;
    eda_system *two = NULL;
    eda_status status = run(&one, &two);

    if (status != EDA_OK) {
        fprintf(stderr, "two_nodes: %s\n", eda_status_text(status));
    }
    eda_system_free(two); /* gives its counters to the other */
    eda_system_free(one);
    return status == EDA_OK ? 0 : 1;
}
