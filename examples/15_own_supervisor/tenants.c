/* tenants.c - see tenants.h. Written against edacious/supervisor.h alone, as the stock ones are.
 *
 * Threads: identify runs on any publisher's thread, several at a time. It reads the message and
 * constant descriptors and remembers nothing, so the same message always finds the same activation.
 * A supervisor that kept a table of who was assigned where would need a lock, would grow with every
 * key, and could not be asked on another machine. */
#include "tenants.h"
#include <string.h>

/* Activations on one worker beyond which idle ones go eight times sooner. */
#define LIVE_MAX 1000

static const eda_field *field_of(const eda_type *type, const char *name)
{
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static eda_status tenants_identify(const eda_incoming *incoming, eda_identity *ret_identity)
{
    const uint64_t len = incoming->actor->pool_len;
    const eda_field *field = field_of(incoming->type, "tenant"); /* there: see check */
    eda_identity key;
    uint32_t tenant;

    EDA_TRY(eda_identity_of_field(incoming->key, incoming->message, &key));
    memcpy(&tenant, (const char *)incoming->message + field->offset, sizeof(tenant));
    /* A tenant has 32 bits and the index fewer than 17: no two tenants ever share a number. */
    *ret_identity = (eda_identity){.number = tenant * len + eda_identity_hash(&key) % len};
    return EDA_OK;
}

/* As declared, but not beyond one restart within the declared time: of a tenant's few activations
 * one that keeps failing is given up early, and the next message makes a new one. */
static eda_verdict tenants_on_failure(const eda_failure *failure)
{
    eda_verdict verdict = eda_supervise_failure(failure);

    if (verdict.decision == EDA_RESTART && failure->restart_count >= 1) {
        verdict = (eda_verdict){.decision = EDA_STOP};
    }
    return verdict;
}

static bool tenants_on_idle(const eda_idleness *idleness)
{
    const eda_duration limit =
        idleness->live_count > LIVE_MAX ? idleness->idle_limit / 8 : idleness->idle_limit;

    return idleness->idle >= limit;
}

static eda_status tenants_check(const eda_actor *actor, const char **ret_problem)
{
    if (actor->pool_len == 0 || actor->pool_len > 65536 || actor->pool_key == NULL) {
        *ret_problem = "tenants takes pool(n, field): at most n, of 65,536, for each tenant";
        return EDA_EINVAL;
    }
    for (const eda_handler *handler = actor->handlers; handler->fn != NULL; handler++) {
        const eda_field *field;

        if (handler->is_self) {
            continue; /* goes to its sender, whoever that is */
        }
        field = handler->type != NULL ? field_of(handler->type, "tenant") : NULL;
        if (field == NULL || field->type->kind != EDA_KIND_U32) {
            *ret_problem = "tenants needs a field tenant, a uint32_t, in every message handled";
            return EDA_EINVAL;
        }
    }
    return EDA_OK;
}

const eda_supervisor tenants = {.struct_size = sizeof(eda_supervisor),
    .name = "tenants",
    .identify = tenants_identify,
    .on_failure = tenants_on_failure,
    .on_idle = tenants_on_idle,
    .check = tenants_check,
    .has_keys = true}; /* tenants come from messages: the limits on new keys protect us */
