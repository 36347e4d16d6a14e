/* dead.c - dead letters: published under @edacious/dead for whoever wants to look at them. */
#include "base/memory.h"
#include "core/publish.h"

#include <edacious/codec.h>

#include <stdio.h>

#define PAYLOAD_MAX 4096u

eda_str edai_dead_describe(edai_envelope *envelope, char *buffer, size_t size)
{
    const edai_actor_type *type = envelope->route->actor;
    eda_str key = {.ptr = "", .len = 0};
    int len;

    if ((envelope->flags & EDAI_IS_TEXT) != 0) {
        key = edai_publish_key(envelope);
    }
    if ((envelope->flags & EDAI_IS_TEXT) == 0 && type->supervisor != &eda_supervisor_singleton &&
        !envelope->route->handler->is_self) {
        len = snprintf(buffer, size, type->is_signed_key ? "%s[%lld]" : "%s[%llu]",
            type->actor->name, (unsigned long long)envelope->identity);
    } else if (key.len > 0) {
        len = snprintf(buffer, size, "%s[%.*s]", type->actor->name, EDA_STR_ARG(key));
    } else {
        len = snprintf(buffer, size, "%s", type->actor->name);
    }
    return (eda_str){.ptr = buffer, .len = (size_t)len};
}

static eda_str topic_of(const edai_msg *msg, const void *data, char *buffer)
{
    size_t len = 0;

    if (msg->type->is_raw) {
        return ((const eda_raw *)data)->topic;
    }
    if (msg->template == NULL ||
        edai_template_format(msg->template, data, buffer, EDA_TOPIC_LEN_MAX, &len) != EDA_OK) {
        return (eda_str){.ptr = "", .len = 0};
    }
    return (eda_str){.ptr = buffer, .len = len};
}

void edai_dead_report(edai_worker *worker, edai_envelope *envelope, const char *reason)
{
    const edai_msg *report = worker->sys->dead_letter;
    const edai_msg *msg = envelope->route->msg;
    const void *data = edai_envelope_data(envelope);
    char topic[EDA_TOPIC_LEN_MAX];
    char name[330];
    char *json = NULL;
    size_t len = 0;
    eda_dead_letter letter;

    /* No dead letter for a dead letter, nor for anything else that the system says about itself. */
    if (report == NULL || report->route_count == 0 || msg->is_system) {
        return;
    }
    if (eda_json_encode((eda_value){.type = msg->type, .data = data}, &json, &len) != EDA_OK ||
        len > PAYLOAD_MAX) {
        edai_free(json);
        json = NULL;
    }
    letter = (eda_dead_letter){.topic = topic_of(msg, data, topic),
        .message = eda_str_from(msg->type->name),
        .actor = edai_dead_describe(envelope, name, sizeof(name)),
        .reason = eda_str_from(reason != NULL ? reason : "unknown"),
        .payload = {.ptr = json, .len = json != NULL ? len : 0}};
    edai_publish_system(worker, report, &letter);
    edai_free(json);
}
