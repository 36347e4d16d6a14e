/* meter.c - saved state: an actor goes and comes back as it was.
 *
 * saves(...) names the fields that outlive the activation. They are committed with the turn that
 * changed them, before anything else of that turn is visible. The other fields are memory: gone
 * with the activation. Here at most one meter stays awake, so each message to another one puts the
 * last one to sleep; in a real program it is idleness that does (options(.idle_ms = ...)). */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

EDA_MESSAGE(meter_add, "meter/{meter_id}/add", (eda_str, meter_id), (uint64_t, watts));

typedef struct meter {
    uint64_t total;       /* saved */
    eda_text last_reader; /* saved */
    uint32_t awake_count; /* not saved: messages since it woke up */
} meter;

static eda_status meter_start(meter *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    if (eda_ctx_is_new(ctx)) {
        printf("%.*s is new\n", EDA_STR_ARG(eda_key(ctx)));
    } else {
        printf("%.*s is back with %" PRIu64 "\n", EDA_STR_ARG(eda_key(ctx)), self->total);
    }
    return EDA_OK;
}

static void meter_stop(meter *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    printf("%.*s goes%s\n", EDA_STR_ARG(eda_key(ctx)),
        reason == EDA_STOP_SYSTEM ? ": the system stops" : " to sleep");
}

static eda_status meter_on_add(meter *self, const meter_add *add, eda_ctx *ctx)
{
    self->total += add->watts;
    self->awake_count++;
    printf("%.*s: %" PRIu64 ", awake for %" PRIu32 "\n", EDA_STR_ARG(eda_key(ctx)), self->total,
        self->awake_count);
    return eda_text_set(ctx, &self->last_reader, eda_envelope_of(ctx)->publisher);
}

EDA_ACTOR(meter, eda_none,
    options(.activations_max = 1),
    key(meter_id),
    saves(total, last_reader),
    start(meter_start),
    stop(meter_stop),
    on(meter_add, meter_on_add));

static eda_status add(eda_ctx *client, const char *meter_id, uint64_t watts)
{
    return eda_publish_wait(
        client, EDA_MSG(meter_add, .meter_id = eda_str_from(meter_id), .watts = watts), 1000);
}

static eda_status run(eda_store *store, eda_system **ret_sys)
{
    /* .store = EDA_STORE_MEMORY would do for one system; a store object outlives it. */
    const eda_options options = {.workers = 1, .store_object = store};

    EDA_TRY(eda_system_new(&options, ret_sys));
    EDA_TRY(eda_add_linked(*ret_sys));
    EDA_TRY(eda_system_start(*ret_sys));
    EDA_TRY(add(eda_system_client(*ret_sys), "attic", 5));
    EDA_TRY(add(eda_system_client(*ret_sys), "attic", 5));
    EDA_TRY(add(eda_system_client(*ret_sys), "cellar", 1)); /* attic has to go */
    return add(eda_system_client(*ret_sys), "attic", 30);   /* and comes back */
}

int main(void)
{
    eda_store *store = eda_store_memory_new();
    eda_status status = store == NULL ? EDA_ENOMEM : EDA_OK;

    for (int i = 1; i <= 2 && status == EDA_OK; i++) {
        eda_system *sys = NULL;

        printf("-- system %d\n", i);
        status = run(store, &sys);
        if (status != EDA_OK) {
            fprintf(stderr, "meter: %s\n", eda_status_text(status));
        }
        eda_system_free(sys);
    }
    eda_store_free(store); /* after the systems that use it */
    return status == EDA_OK ? 0 : 1;
}
