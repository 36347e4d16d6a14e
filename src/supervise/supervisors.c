/* supervisors.c - singleton, pool and keyed, written against the public SPI alone. */
#include <edacious/supervisor.h>

#include <string.h>

static eda_status identify_singleton(const eda_incoming *incoming, eda_identity *ret_identity)
{
    (void)incoming;
    *ret_identity = (eda_identity){.number = 0};
    return EDA_OK;
}

static eda_status identify_pool(const eda_incoming *incoming, eda_identity *ret_identity)
{
    uint32_t len = incoming->actor->pool_len;
    eda_identity key;

    if (incoming->key == NULL) {
        *ret_identity = (eda_identity){.number = incoming->sequence % len};
        return EDA_OK;
    }
    EDA_TRY(eda_identity_of_field(incoming->key, incoming->message, &key));
    *ret_identity = (eda_identity){.number = eda_identity_hash(&key) % len};
    return EDA_OK;
}

static eda_status identify_keyed(const eda_incoming *incoming, eda_identity *ret_identity)
{
    return incoming->key != NULL
               ? eda_identity_of_field(incoming->key, incoming->message, ret_identity)
               : EDA_EKEY;
}

static eda_status check_singleton(const eda_actor *actor, const char **ret_problem)
{
    if (actor->key != NULL || actor->pool_len != 0) {
        *ret_problem = "a singleton has neither key(...) nor pool(...)";
        return EDA_EINVAL;
    }
    return EDA_OK;
}

static eda_status check_pool(const eda_actor *actor, const char **ret_problem)
{
    if (actor->pool_len == 0 || actor->pool_len > 65536) {
        *ret_problem = "pool(n) takes 1 to 65,536 activations";
        return EDA_EINVAL;
    }
    return EDA_OK;
}

static bool is_key_type(const eda_field *field)
{
    return field->type->kind == EDA_KIND_STR ||
           (field->type->kind >= EDA_KIND_I8 && field->type->kind <= EDA_KIND_U64);
}

static const eda_field *find(const eda_type *type, const char *name)
{
    const eda_field *field;

    for (field = type->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static eda_status check_keyed(const eda_actor *actor, const char **ret_problem)
{
    const eda_handler *handler;

    if (actor->key == NULL) {
        *ret_problem = "a keyed actor names its key: key(field)";
        return EDA_EINVAL;
    }
    for (handler = actor->handlers; handler->fn != NULL; handler++) {
        const eda_field *field = NULL;

        if (handler->type != NULL && !handler->is_self) {
            field = find(handler->type, handler->key != NULL ? handler->key : actor->key);
        }
        if (field != NULL && !is_key_type(field)) {
            *ret_problem = "a key is a string or an integer of any size";
            return EDA_EINVAL;
        }
    }
    return EDA_OK;
}

const eda_supervisor eda_supervisor_singleton = {.struct_size = sizeof(eda_supervisor),
    .name = "singleton",
    .identify = identify_singleton,
    .check = check_singleton};

const eda_supervisor eda_supervisor_pool = {.struct_size = sizeof(eda_supervisor),
    .name = "pool",
    .identify = identify_pool,
    .check = check_pool};

const eda_supervisor eda_supervisor_keyed = {.struct_size = sizeof(eda_supervisor),
    .name = "keyed",
    .identify = identify_keyed,
    .check = check_keyed,
    .has_keys = true};
