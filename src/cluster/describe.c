/* describe.c - see describe.h: fills the records of catalogue.h and ps.h, which the codec writes.
 */
#include "cluster/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message/problem.h"
#include "message/scalar.h"

/* Bytes of a field's type in words; longer ones are cut. */
#define TYPE_SIZE_MAX 1024

/* What is made while a record is filled: freed together. */
typedef struct scrap {
    struct scrap *next;
    max_align_t data[];
} scrap;

typedef struct scraps {
    scrap *first;
} scraps;

static void *scraps_take(scraps *self, size_t count, size_t size)
{
    if (count > (SIZE_MAX - sizeof(scrap)) / size) {
        return NULL;
    }
    scrap *one = edai_calloc(1, sizeof(scrap) + count * size);

    if (one == NULL) {
        return NULL;
    }
    one->next = self->first;
    self->first = one;
    return one->data;
}

static void scraps_free(scraps *self)
{
    while (self->first != NULL) {
        scrap *next = self->first->next;

        edai_free(self->first);
        self->first = next;
    }
}

static eda_status keep_text(scraps *self, const char *text, size_t len, eda_str *ret_text)
{
    char *copy = scraps_take(self, len + 1, 1);

    if (copy == NULL) {
        return EDA_ENOMEM;
    }
    memcpy(copy, text, len);
    *ret_text = (eda_str){.ptr = copy, .len = len};
    return EDA_OK;
}

static eda_opt_eda_str some(const char *text)
{
    return (eda_opt_eda_str){.is_set = text != NULL, .value = eda_str_from(text)};
}

/* --- messages --- */

static eda_status say_range(scraps *self, const eda_field *field, eda_opt_eda_str *ret_range)
{
    char low[EDAI_PROBLEM_NUMBER_SIZE];
    char high[EDAI_PROBLEM_NUMBER_SIZE];
    char text[2 * EDAI_PROBLEM_NUMBER_SIZE + 8];

    if (edai_range_is_open(field->range)) {
        return EDA_OK;
    }
    edai_problem_number(field->range[0], low);
    edai_problem_number(field->range[1], high);
    int len = snprintf(text, sizeof text, "%s to %s", low, high);
    ret_range->is_set = true;
    return keep_text(self, text, (size_t)len, &ret_range->value);
}

/* A reply has all of its fields: what a message may lack says nothing of it. */
static eda_status describe_field(
    scraps *self, const eda_field *field, bool is_reply, edai_catalogue_field *ret_field)
{
    char text[TYPE_SIZE_MAX];
    char missing[EDAI_DESCRIBE_MISSING_SIZE];
    size_t len = edai_describe_type(field->type, text, sizeof text);

    ret_field->name = eda_str_from(field->name);
    ret_field->doc = eda_str_from(field->doc);
    ret_field->unit = some(field->unit);
    ret_field->len_max = (eda_opt_uint32_t){.is_set = field->len_max > 0, .value = field->len_max};
    EDA_TRY(say_range(self, field, &ret_field->range));
    EDA_TRY(keep_text(self, text, len, &ret_field->type));
    len = is_reply ? 0 : edai_describe_missing(field, missing);
    ret_field->if_missing.is_set = len > 0;
    return len == 0 ? EDA_OK : keep_text(self, missing, len, &ret_field->if_missing.value);
}

static eda_status describe_fields(
    scraps *self, const eda_type *type, bool is_reply, eda_list_edai_catalogue_field *ret_fields)
{
    const eda_field *fields = type->fields;
    size_t count = 0;

    while (fields != NULL && fields[count].name != NULL) {
        count++;
    }
    edai_catalogue_field *items = scraps_take(self, count, sizeof *items);
    if (items == NULL) {
        return EDA_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        EDA_TRY(describe_field(self, &fields[i], is_reply, &items[i]));
    }
    *ret_fields = (eda_list_edai_catalogue_field){.items = items, .len = count};
    return EDA_OK;
}

static eda_status describe_message(
    scraps *self, const eda_type *type, edai_catalogue_message *ret_message)
{
    uint64_t fingerprint = 0;
    char text[17];

    EDA_TRY(edai_describe_fingerprint(type, &fingerprint));
    (void)snprintf(text, sizeof text, "%016" PRIx64, fingerprint);
    EDA_TRY(keep_text(self, text, 16, &ret_message->fingerprint));
    ret_message->name = eda_str_from(type->name);
    ret_message->topic = eda_str_from(type->topic);
    ret_message->kind = type->is_raw          ? EDAI_CATALOGUE_RAW
                        : type->reply != NULL ? EDAI_CATALOGUE_REQUEST
                                              : EDAI_CATALOGUE_MESSAGE;
    if (type->reply != NULL) {
        ret_message->reply = some(type->reply->name);
        EDA_TRY(describe_fields(self, type->reply, true, &ret_message->reply_fields));
    }
    ret_message->is_inside = type->is_inside;
    ret_message->is_outgoing = type->is_outgoing;
    ret_message->doc = eda_str_from(type->doc);
    return type->is_raw ? EDA_OK : describe_fields(self, type, false, &ret_message->fields);
}

static int compare_messages(const void *a, const void *b)
{
    const edai_catalogue_message *first = a;
    const edai_catalogue_message *second = b;

    return eda_str_compare(first->name, second->name);
}

static eda_status describe_messages(
    scraps *self, const eda_system *sys, eda_list_edai_catalogue_message *ret_messages)
{
    size_t count = 0;
    size_t at = 0;

    for (const edai_msg *msg = sys->first_msg; msg != NULL; msg = msg->next) {
        count++;
    }
    edai_catalogue_message *items = scraps_take(self, count, sizeof *items);
    if (items == NULL) {
        return EDA_ENOMEM;
    }
    for (const edai_msg *msg = sys->first_msg; msg != NULL; msg = msg->next) {
        EDA_TRY(describe_message(self, msg->type, &items[at++]));
    }
    qsort(items, count, sizeof *items, compare_messages);
    *ret_messages = (eda_list_edai_catalogue_message){.items = items, .len = count};
    return EDA_OK;
}

/* --- actors --- */

/* A request is answered, whether its handler gets the reply to fill in or calls eda_reply. */
static edai_catalogue_handle describe_handle(
    const edai_actor_type *type, const eda_handler *handler)
{
    const char *key = handler->key != NULL ? handler->key : type->actor->key;

    if (key == NULL) {
        key = type->actor->pool_key;
    }
    return (edai_catalogue_handle){
        .message = some(handler->type != NULL ? handler->type->name : NULL),
        .pattern = some(handler->pattern),
        .key = some(key),
        .answers = handler->type != NULL && handler->type->reply != NULL};
}

/* on_self is nobody else's concern. */
static eda_status describe_handles(
    scraps *self, const edai_actor_type *type, eda_list_edai_catalogue_handle *ret_handles)
{
    edai_catalogue_handle *items = scraps_take(self, type->route_count, sizeof *items);
    size_t count = 0;

    if (items == NULL) {
        return EDA_ENOMEM;
    }
    for (uint32_t i = 0; i < type->route_count; i++) {
        if (!type->actor->handlers[i].is_self) {
            items[count++] = describe_handle(type, &type->actor->handlers[i]);
        }
    }
    *ret_handles = (eda_list_edai_catalogue_handle){.items = items, .len = count};
    return EDA_OK;
}

static eda_status describe_emits(
    scraps *self, const eda_type *const *emits, eda_list_eda_str *ret_emits)
{
    size_t count = 0;

    while (emits != NULL && emits[count] != NULL) {
        count++;
    }
    eda_str *items = scraps_take(self, count, sizeof *items);
    if (items == NULL) {
        return EDA_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = eda_str_from(emits[i]->name);
    }
    *ret_emits = (eda_list_eda_str){.items = items, .len = count};
    return EDA_OK;
}

static eda_status describe_actor(
    scraps *self, const edai_actor_type *type, edai_catalogue_actor *ret_actor)
{
    const eda_actor *actor = type->actor;

    ret_actor->name = eda_str_from(actor->name);
    ret_actor->supervisor =
        eda_str_from(type->supervisor->name != NULL ? type->supervisor->name : "custom");
    ret_actor->scope =
        actor->options.scope == EDA_SCOPE_NODE ? EDAI_CATALOGUE_NODE : EDAI_CATALOGUE_CLUSTER;
    ret_actor->key.is_set = type->has_number_keys || type->has_text_keys;
    ret_actor->key.value = type->has_number_keys ? EDAI_CATALOGUE_NUMBER : EDAI_CATALOGUE_TEXT;
    ret_actor->pool_len = actor->pool_len;
    ret_actor->saves = type->has_saves;
    ret_actor->spawns_for_outside = actor->options.spawns_for_outside;
    ret_actor->emits_any = actor->emits_any;
    EDA_TRY(describe_emits(self, actor->emits, &ret_actor->emits));
    return describe_handles(self, type, &ret_actor->handles);
}

static int compare_actors(const void *a, const void *b)
{
    const edai_catalogue_actor *first = a;
    const edai_catalogue_actor *second = b;

    return eda_str_compare(first->name, second->name);
}

static eda_status describe_actors(
    scraps *self, const eda_system *sys, eda_list_edai_catalogue_actor *ret_actors)
{
    edai_catalogue_actor *items = scraps_take(self, sys->actor_count, sizeof *items);

    if (items == NULL) {
        return EDA_ENOMEM;
    }
    for (uint32_t i = 0; i < sys->actor_count; i++) {
        EDA_TRY(describe_actor(self, sys->actors[i], &items[i]));
    }
    qsort(items, sys->actor_count, sizeof *items, compare_actors);
    *ret_actors = (eda_list_edai_catalogue_actor){.items = items, .len = sys->actor_count};
    return EDA_OK;
}

eda_status edai_describe_catalogue(eda_system *sys, const edai_describe_self *self, char **ret_json,
    size_t *ret_len, uint64_t *ret_hash)
{
    edai_catalogue catalogue = {.node = self->node, .inc = self->inc, .cluster = self->cluster};
    scraps made = {.first = NULL};
    eda_status status = describe_messages(&made, sys, &catalogue.messages);

    if (status == EDA_OK) {
        status = describe_actors(&made, sys, &catalogue.actors);
    }
    if (status == EDA_OK) {
        status = eda_json_encode(
            (eda_value){.type = &eda_type_edai_catalogue, .data = &catalogue}, ret_json, ret_len);
    }
    if (status == EDA_OK && ret_hash != NULL) {
        *ret_hash = edai_catalogue_hash(&catalogue);
    }
    scraps_free(&made);
    return status;
}

/* --- what runs --- */

static edai_ps_actor count_actor(eda_system *sys, const char *name)
{
    eda_activations activations = eda_system_activations(sys, name);
    eda_counts counts = eda_system_counts(sys, NULL, name);

    return (edai_ps_actor){.name = eda_str_from(name),
        .live = activations.live,
        .keys_ever = activations.keys_ever,
        .starts = activations.starts,
        .passivations = activations.passivations,
        .restarts = activations.restarts,
        .state_errors = activations.state_errors,
        .handled = counts.handled,
        .failed = counts.failed};
}

static edai_ps_counts count_all(eda_system *sys, const eda_cluster_counts *cluster)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);

    return (edai_ps_counts){.accepted = counts.accepted,
        .handled = counts.handled,
        .failed = counts.failed,
        .expired = counts.expired,
        .shed = counts.shed,
        .dead = counts.dead,
        .stopped = counts.stopped,
        .forwarded = counts.forwarded,
        .lost = counts.lost,
        .unknown = counts.unknown,
        .unheard = counts.unheard,
        .moved = cluster->moved,
        .seen = cluster->seen,
        .refused = cluster->refused,
        .shown = cluster->shown};
}

static int compare_ps_actors(const void *a, const void *b)
{
    const edai_ps_actor *first = a;
    const edai_ps_actor *second = b;

    return eda_str_compare(first->name, second->name);
}

eda_status edai_describe_ps(eda_system *sys, const edai_describe_self *self,
    const edai_describe_around *around, char **ret_json, size_t *ret_len)
{
    static const eda_cluster_counts none = {.nodes = 0};
    const eda_cluster_counts *counts = around->counts != NULL ? around->counts : &none;
    size_t count = sys->actor_count;
    edai_ps_actor *actors = edai_calloc(count, sizeof *actors);

    if (actors == NULL) {
        return EDA_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        actors[i] = count_actor(sys, sys->actors[i]->actor->name);
    }
    qsort(actors, count, sizeof *actors, compare_ps_actors);
    edai_ps ps = {.node = self->node,
        .inc = self->inc,
        .cluster = self->cluster,
        .uptime_s = around->uptime_s,
        .view = counts->view,
        .nodes = {.items = around->nodes, .len = around->node_count},
        .actors = {.items = actors, .len = count},
        .counts = count_all(sys, counts),
        .links = {.items = around->links, .len = around->link_count}};
    eda_status status =
        eda_json_encode((eda_value){.type = &eda_type_edai_ps, .data = &ps}, ret_json, ret_len);
    edai_free(actors);
    return status;
}
