/* catalogue.c - see catalogue.h: reading a catalogue, which comes from the network. */
#include "wire/catalogue.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "message/check.h"
#include "message/problem.h"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_name(eda_str text)
{
    if (text.len == 0 || text.len > EDAI_TYPE_NAME_LEN_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_word(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

static eda_status check_name(const edai_path *at, eda_str text, eda_problem *problem)
{
    if (is_name(text)) {
        return EDA_OK;
    }
    return edai_problem_set(problem, at, EDA_EINVAL,
        "is \"%.*s\"; allowed: 1 to %d letters, digits and '_'",
        text.len < EDAI_TYPE_NAME_LEN_MAX ? (int)text.len : EDAI_TYPE_NAME_LEN_MAX, text.ptr,
        EDAI_TYPE_NAME_LEN_MAX);
}

static eda_status check_topic(const edai_path *at, eda_str text, eda_problem *problem)
{
    if (eda_topic_check(text) == EDA_OK) {
        return EDA_OK;
    }
    return edai_problem_set(problem, at, EDA_EINVAL, "is no key expression");
}

static eda_status check_message(
    const edai_path *at, const edai_catalogue_message *message, eda_problem *problem)
{
    const edai_path name = {.up = at, .name = "name"};
    const edai_path topic = {.up = at, .name = "topic"};
    const edai_path reply = {.up = at, .name = "reply"};

    EDA_TRY(check_name(&name, message->name, problem));
    EDA_TRY(check_topic(&topic, message->topic, problem));
    if (message->reply.is_set) {
        EDA_TRY(check_name(&reply, message->reply.value, problem));
    }
    return EDA_OK;
}

static eda_status check_handle(
    const edai_path *at, const edai_catalogue_handle *handle, eda_problem *problem)
{
    const edai_path message = {.up = at, .name = "message"};
    const edai_path pattern = {.up = at, .name = "pattern"};
    const edai_path key = {.up = at, .name = "key"};

    if (handle->message.is_set == handle->pattern.is_set) {
        return edai_problem_set(
            problem, at, EDA_EINVAL, "needs a message or a pattern, one of the two");
    }
    if (handle->message.is_set) {
        EDA_TRY(check_name(&message, handle->message.value, problem));
    } else {
        EDA_TRY(check_topic(&pattern, handle->pattern.value, problem));
    }
    if (handle->key.is_set) {
        EDA_TRY(check_name(&key, handle->key.value, problem));
    }
    return EDA_OK;
}

static eda_status check_actor(
    const edai_path *at, const edai_catalogue_actor *actor, eda_problem *problem)
{
    const edai_path name = {.up = at, .name = "name"};
    const edai_path supervisor = {.up = at, .name = "supervisor"};
    const edai_path handles = {.up = at, .name = "handles"};
    const edai_path emits = {.up = at, .name = "emits"};

    EDA_TRY(check_name(&name, actor->name, problem));
    if (actor->supervisor.len == 0) {
        return edai_problem_set(problem, &supervisor, EDA_EINVAL, "is empty; name it");
    }
    for (size_t i = 0; i < actor->handles.len; i++) {
        const edai_path item = {.up = &handles, .index = i};
        EDA_TRY(check_handle(&item, &actor->handles.items[i], problem));
    }
    for (size_t i = 0; i < actor->emits.len; i++) {
        const edai_path item = {.up = &emits, .index = i};
        EDA_TRY(check_name(&item, actor->emits.items[i], problem));
    }
    return EDA_OK;
}

static eda_status check(const edai_catalogue *catalogue, eda_problem *problem)
{
    const edai_path root = {.name = "catalogue"};
    const edai_path messages = {.up = &root, .name = "messages"};
    const edai_path actors = {.up = &root, .name = "actors"};

    for (size_t i = 0; i < catalogue->messages.len; i++) {
        const edai_path item = {.up = &messages, .index = i};
        EDA_TRY(check_message(&item, &catalogue->messages.items[i], problem));
    }
    for (size_t i = 0; i < catalogue->actors.len; i++) {
        const edai_path item = {.up = &actors, .index = i};
        EDA_TRY(check_actor(&item, &catalogue->actors.items[i], problem));
    }
    return EDA_OK;
}

eda_status edai_catalogue_read(
    eda_bytes json, edai_catalogue **ret_catalogue, eda_problem *ret_problem)
{
    eda_str text = {.ptr = (const char *)json.ptr, .len = json.len};
    void *data = NULL;

    EDA_TRY(eda_json_decode(&eda_type_edai_catalogue, text, &data, ret_problem));
    edai_catalogue *catalogue = data;
    eda_status status = check(catalogue, ret_problem);
    if (status != EDA_OK) {
        edai_free(catalogue);
        return status;
    }
    *ret_catalogue = catalogue;
    return EDA_OK;
}

static uint64_t join_text(uint64_t hash, eda_str text)
{
    return edai_hash_join(hash, edai_hash_bytes(text.ptr, text.len));
}

static uint64_t join_optional(uint64_t hash, const eda_opt_eda_str *text)
{
    return text->is_set ? join_text(hash, text->value) : edai_hash_join(hash, 0);
}

static uint64_t join_actor(uint64_t hash, const edai_catalogue_actor *actor)
{
    uint64_t key = actor->key.is_set ? 1 + (uint64_t)actor->key.value : 0;
    uint64_t flags = (uint64_t)actor->saves | (uint64_t)actor->spawns_for_outside << 1 |
                     (uint64_t)actor->emits_any << 2;

    hash = join_text(hash, actor->name);
    hash = join_text(hash, actor->supervisor);
    hash = edai_hash_join(hash, (uint64_t)actor->scope);
    hash = edai_hash_join(hash, key);
    hash = edai_hash_join(hash, actor->pool_len);
    hash = edai_hash_join(hash, flags);
    for (size_t i = 0; i < actor->handles.len; i++) {
        const edai_catalogue_handle *handle = &actor->handles.items[i];

        hash = join_optional(hash, &handle->message);
        hash = join_optional(hash, &handle->pattern);
        hash = join_optional(hash, &handle->key);
        hash = edai_hash_join(hash, handle->answers);
    }
    for (size_t i = 0; i < actor->emits.len; i++) {
        hash = join_text(hash, actor->emits.items[i]);
    }
    return hash;
}

uint64_t edai_catalogue_hash(const edai_catalogue *catalogue)
{
    uint64_t hash = edai_hash_u64(catalogue->actors.len + 1);

    for (size_t i = 0; i < catalogue->actors.len; i++) {
        hash = join_actor(hash, &catalogue->actors.items[i]);
    }
    return hash != 0 ? hash : 1;
}

const edai_catalogue_message *edai_catalogue_find(const edai_catalogue *catalogue, eda_str name)
{
    for (size_t i = 0; i < catalogue->messages.len; i++) {
        if (eda_str_equal(catalogue->messages.items[i].name, name)) {
            return &catalogue->messages.items[i];
        }
    }
    return NULL;
}

eda_str edai_catalogue_pattern(eda_str topic, char *buffer)
{
    size_t len = 0;

    for (size_t at = 0; at < topic.len;) {
        const char *slash = memchr(topic.ptr + at, '/', topic.len - at);
        size_t chunk = slash != NULL ? (size_t)(slash - topic.ptr) - at : topic.len - at;
        bool is_field = chunk > 1 && topic.ptr[at] == '{' && topic.ptr[at + chunk - 1] == '}';

        if (is_field) {
            buffer[len++] = '*';
        } else {
            memcpy(buffer + len, topic.ptr + at, chunk);
            len += chunk;
        }
        at += chunk;
        if (at < topic.len) {
            buffer[len++] = topic.ptr[at++];
        }
    }
    return (eda_str){.ptr = buffer, .len = len};
}
