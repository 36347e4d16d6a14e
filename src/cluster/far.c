/* far.c - see far.h. */
#include "cluster/far.h"

#include "base/hash.h"
#include "base/memory.h"
#include "core/publish.h"
#include <edacious/topic.h>

#include <string.h>

static char *clone(eda_str text)
{
    char *copy = edai_alloc(text.len + 1);

    if (copy != NULL) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

/* --- learning ------------------------------------------------------------------------------ */

static void free_handles(edai_far_handle *handles, uint32_t count)
{
    uint32_t i;

    for (i = 0; handles != NULL && i < count; i++) {
        edai_free(handles[i].message);
        edai_free(handles[i].pattern);
        edai_free(handles[i].key);
    }
    edai_free(handles);
}

/* False: out of memory. */
static bool copy_optional(const eda_opt_eda_str *from, char **ret_copy)
{
    *ret_copy = from->is_set ? clone(from->value) : NULL;
    return !from->is_set || *ret_copy != NULL;
}

static eda_status copy_handles(const edai_catalogue_actor *actor, edai_far_handle **ret_handles)
{
    edai_far_handle *handles = edai_calloc(actor->handles.len + 1, sizeof(*handles));
    size_t i;

    if (handles == NULL) {
        return EDA_ENOMEM;
    }
    for (i = 0; i < actor->handles.len; i++) {
        const edai_catalogue_handle *from = &actor->handles.items[i];

        handles[i].answers = from->answers;
        if (!copy_optional(&from->message, &handles[i].message) ||
            !copy_optional(&from->pattern, &handles[i].pattern) ||
            !copy_optional(&from->key, &handles[i].key)) {
            free_handles(handles, (uint32_t)actor->handles.len);
            return EDA_ENOMEM;
        }
    }
    *ret_handles = handles;
    return EDA_OK;
}

static edai_far *find(const edai_fars *fars, eda_str name)
{
    edai_far *at;

    for (at = fars->first; at != NULL; at = at->next) {
        if (eda_str_equal(eda_str_from(at->name), name)) {
            return at;
        }
    }
    return NULL;
}

static eda_status add(edai_fars *fars, edai_view *view, eda_str name, edai_far **ret_far)
{
    edai_far *far;

    if (fars->count == EDAI_FARS_MAX) {
        return EDA_ELIMIT;
    }
    far = edai_calloc(1, sizeof(*far));
    if (far == NULL) {
        return EDA_ENOMEM;
    }
    far->name = clone(name);
    far->place = edai_view_place(view, name);
    if (far->name == NULL || far->place == NULL) {
        edai_free(far->name);
        edai_free(far);
        return EDA_ENOMEM;
    }
    far->next = fars->first;
    fars->first = far;
    fars->count++;
    *ret_far = far;
    return EDA_OK;
}

eda_status edai_fars_learn(edai_fars *fars, edai_view *view, const edai_catalogue_actor *actor)
{
    edai_far_handle *handles = NULL;
    edai_far *far = find(fars, actor->name);
    eda_status status;

    EDA_TRY(copy_handles(actor, &handles));
    status = far == NULL ? add(fars, view, actor->name, &far) : EDA_OK;
    if (status != EDA_OK) {
        free_handles(handles, (uint32_t)actor->handles.len);
        return status;
    }
    free_handles(far->handles, far->handle_count);
    far->handles = handles;
    far->handle_count = (uint32_t)actor->handles.len;
    far->is_spread = actor->key.is_set;
    return EDA_OK;
}

/* --- who receives what --------------------------------------------------------------------- */

static const eda_field *field_of(const eda_type *type, const char *name)
{
    const eda_field *field;

    for (field = type->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static bool is_hosted_here(const eda_system *sys, const edai_far *far)
{
    return edai_contract_find(sys, far->name) != NULL;
}

/* The receiver that a handler makes of its actor type for a message type. False: none. */
static bool receives(const edai_far *far, const edai_far_handle *handle, const edai_msg *msg,
    edai_far_receiver *ret_receiver)
{
    eda_str topic;
    bool needs_match = false;

    if (handle->message != NULL) {
        if (msg->template == NULL || strcmp(handle->message, msg->type->name) != 0 ||
            handle->answers != msg->is_request) {
            return false;
        }
    } else if (msg->is_request) {
        return false;
    } else if (msg->template == NULL) {
        needs_match = true;
    } else {
        topic = edai_template_pattern(msg->template);
        needs_match = !eda_topic_includes(eda_str_from(handle->pattern), topic);
        if (!eda_topic_intersects(eda_str_from(handle->pattern), topic)) {
            return false;
        }
    }
    *ret_receiver = (edai_far_receiver){.far = far,
        .handle = handle,
        .key = handle->key != NULL ? field_of(msg->type, handle->key) : NULL,
        .needs_match = needs_match};
    return !far->is_spread || ret_receiver->key != NULL;
}

static eda_status append(edai_far_list *list, const edai_far_receiver *receiver)
{
    edai_far_receiver *grown;

    /* One item per actor type: it runs all its handlers there. */
    if (list->count > 0 && list->items[list->count - 1].far == receiver->far) {
        list->items[list->count - 1].needs_match &= receiver->needs_match;
        return EDA_OK;
    }
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count == 0 ? 1 : 2 * (size_t)list->count;

        grown = edai_realloc(list->items, capacity * sizeof(*grown));
        if (grown == NULL) {
            return EDA_ENOMEM;
        }
        list->items = grown;
    }
    list->items[list->count++] = *receiver;
    return EDA_OK;
}

static eda_status resolve_one(
    const edai_fars *fars, const eda_system *sys, const edai_msg *msg, edai_far_list *list)
{
    const edai_far *far;
    uint32_t i;

    list->count = 0;
    for (far = fars->first; far != NULL; far = far->next) {
        for (i = 0; i < far->handle_count && !is_hosted_here(sys, far); i++) {
            edai_far_receiver receiver;

            if (receives(far, &far->handles[i], msg, &receiver)) {
                EDA_TRY(append(list, &receiver));
            }
        }
    }
    return EDA_OK;
}

eda_status edai_fars_resolve(edai_fars *fars, const eda_system *sys)
{
    const edai_msg *msg;

    if (fars->lists == NULL) {
        fars->list_count = sys->msg_count + 1;
        fars->lists = edai_calloc(fars->list_count, sizeof(*fars->lists));
        if (fars->lists == NULL) {
            return EDA_ENOMEM;
        }
    }
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        EDA_TRY(resolve_one(fars, sys, msg, &fars->lists[msg->id]));
    }
    return resolve_one(fars, sys, sys->undeclared, &fars->lists[fars->list_count - 1]);
}

const edai_far_list *edai_fars_of(const edai_fars *fars, const eda_system *sys, const edai_msg *msg)
{
    static const edai_far_list none = {.count = 0};

    if (fars->lists == NULL) {
        return &none;
    }
    return &fars->lists[msg == sys->undeclared ? fars->list_count - 1 : msg->id];
}

void edai_fars_fini(edai_fars *fars)
{
    uint32_t i;

    while (fars->first != NULL) {
        edai_far *far = fars->first;

        fars->first = far->next;
        free_handles(far->handles, far->handle_count);
        edai_free(far->name);
        edai_free(far);
    }
    for (i = 0; fars->lists != NULL && i < fars->list_count; i++) {
        edai_free(fars->lists[i].items);
    }
    edai_free(fars->lists);
}

uint16_t edai_far_owner(const edai_far_receiver *receiver, const void *message)
{
    eda_identity identity;
    uint64_t hash;

    if (!receiver->far->is_spread) {
        return edai_place_owner(receiver->far->place, 0);
    }
    if (eda_identity_of_field(receiver->key, message, &identity) != EDA_OK) {
        return EDAI_NOBODY;
    }
    hash = identity.is_text ? edai_hash_bytes(identity.text.ptr, identity.text.len)
                            : edai_hash_u64(identity.number);
    return edai_place_owner(
        receiver->far->place, (uint32_t)((hash ^ receiver->far->place->hash) % EDAI_PARTITIONS));
}
