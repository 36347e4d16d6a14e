/* messages.c - `edacious messages`: the message types of a cluster, and who handles and emits them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/nodes.h"
#include "cli/text.h"

static const edai_args_option options[] = {
    {.name = "--json", .help = "one object: {\"messages\": [...]}"},
    {.name = "--catalogue",
        .value = "FILE",
        .help = "what ask printed of @edacious/v1/CLUSTER/catalogue/**, instead of asking",
        .may_repeat = true},
    {.name = NULL}};

/* What an actor has to do with a message. */
typedef enum role {
    ROLE_HANDLES,
    ROLE_ANSWERS,
    ROLE_EMITS,
    ROLE_MAX
} role;

static const char *const role_names[ROLE_MAX] = {"handled_by", "answered_by", "emitted_by"};
static const char *const role_words[ROLE_MAX] = {"handled by", "answered by", "emitted by"};

static bool hears(const edai_catalogue_handle *handle, const edai_catalogue_message *message)
{
    char buffer[EDA_TOPIC_LEN_MAX];

    if (handle->message.is_set) {
        return eda_str_equal(handle->message.value, message->name);
    }
    return message->kind != EDAI_CATALOGUE_REQUEST &&
           eda_topic_intersects(
               handle->pattern.value, edai_catalogue_pattern(message->topic, buffer));
}

static bool emits(const edai_catalogue_actor *actor, eda_str message)
{
    for (size_t i = 0; i < actor->emits.len; i++) {
        if (eda_str_equal(actor->emits.items[i], message)) {
            return true;
        }
    }
    return actor->emits_any;
}

static bool has_role(
    const edai_catalogue_actor *actor, const edai_catalogue_message *message, role which)
{
    if (which == ROLE_EMITS) {
        return emits(actor, message->name);
    }
    for (size_t i = 0; i < actor->handles.len; i++) {
        const edai_catalogue_handle *handle = &actor->handles.items[i];

        if (handle->answers == (which == ROLE_ANSWERS) && hears(handle, message)) {
            return true;
        }
    }
    return false;
}

/* The actor was seen on a node before this one. */
static bool was_seen(const edai_nodes *nodes, size_t before, eda_str actor)
{
    for (size_t i = 0; i < before; i++) {
        for (size_t j = 0; j < nodes->items[i]->actors.len; j++) {
            if (eda_str_equal(nodes->items[i]->actors.items[j].name, actor)) {
                return true;
            }
        }
    }
    return false;
}

typedef void each_fn(void *arg, eda_str actor);

static void for_each(const edai_nodes *nodes, const edai_catalogue_message *message, role which,
    each_fn *fn, void *arg)
{
    for (size_t i = 0; i < nodes->count; i++) {
        for (size_t j = 0; j < nodes->items[i]->actors.len; j++) {
            const edai_catalogue_actor *actor = &nodes->items[i]->actors.items[j];

            if (has_role(actor, message, which) && !was_seen(nodes, i, actor->name)) {
                fn(arg, actor->name);
            }
        }
    }
}

/* --- which --- */

static bool contains(eda_str text, const char *word)
{
    size_t len = strlen(word);

    for (size_t at = 0; at + len <= text.len; at++) {
        size_t same = 0;

        while (same < len &&
               tolower((unsigned char)text.ptr[at + same]) == tolower((unsigned char)word[same])) {
            same++;
        }
        if (same == len) {
            return true;
        }
    }
    return false;
}

typedef struct search {
    const char *word;
    bool is_found;
} search;

static void look_at_actor(void *arg, eda_str actor)
{
    search *self = arg;

    self->is_found = self->is_found || contains(actor, self->word);
}

static bool is_wanted(
    const edai_nodes *nodes, const edai_catalogue_message *message, const char *word)
{
    search self = {.word = word};

    if (word == NULL || contains(message->name, word) || contains(message->topic, word) ||
        contains(message->doc, word)) {
        return true;
    }
    for (role which = ROLE_HANDLES; which < ROLE_MAX; which++) {
        for_each(nodes, message, which, look_at_actor, &self);
    }
    return self.is_found;
}

/* --- for people --- */

typedef struct names {
    FILE *to;
    const char *before;
} names;

static void print_name(void *arg, eda_str actor)
{
    names *self = arg;

    (void)fprintf(self->to, "%s%.*s", self->before, EDA_STR_ARG(actor));
    self->before = ", ";
}

static bool is_list(eda_str type)
{
    static const char list[] = "list of ";
    static const char optional[] = "optional ";

    if (type.len > strlen(optional) && memcmp(type.ptr, optional, strlen(optional)) == 0) {
        type.ptr += strlen(optional);
        type.len -= strlen(optional);
    }
    return type.len > strlen(list) && memcmp(type.ptr, list, strlen(list)) == 0;
}

/* before: "    ", or an arrow of a reply. */
static void print_field(FILE *to, const char *before, const edai_catalogue_field *field)
{
    (void)fprintf(to, "%s%.*s: %.*s", before, EDA_STR_ARG(field->name), EDA_STR_ARG(field->type));
    if (field->range.is_set) {
        (void)fprintf(to, ", %.*s", EDA_STR_ARG(field->range.value));
    }
    if (field->unit.is_set) { /* behind a type alone it would look like a part of it */
        (void)fprintf(
            to, "%s %.*s", field->range.is_set ? "" : ", in", EDA_STR_ARG(field->unit.value));
    }
    if (field->len_max.is_set) {
        (void)fprintf(to, ", at most %u %s", (unsigned)field->len_max.value,
            is_list(field->type) ? "elements" : "bytes");
    }
    if (field->if_missing.is_set) {
        (void)fprintf(to, ", %.*s if missing", EDA_STR_ARG(field->if_missing.value));
    }
    if (field->doc.len > 0) {
        (void)fprintf(to, " - %.*s", EDA_STR_ARG(field->doc));
    }
    (void)fputc('\n', to);
}

static void print_message(FILE *to, const edai_nodes *nodes, const edai_catalogue_message *message)
{
    (void)fprintf(to, "%.*s  %.*s  %s", EDA_STR_ARG(message->name), EDA_STR_ARG(message->topic),
        eda_type_edai_catalogue_kind.enumerators[message->kind].name);
    if (message->reply.is_set) {
        (void)fprintf(to, " -> %.*s", EDA_STR_ARG(message->reply.value));
    }
    (void)fprintf(to, "%s\n",
        message->is_inside     ? ", between nodes only"
        : message->is_outgoing ? ", from nodes only"
                               : "");
    if (message->doc.len > 0) {
        (void)fprintf(to, "    %.*s\n", EDA_STR_ARG(message->doc));
    }
    for (size_t i = 0; i < message->fields.len; i++) {
        print_field(to, "    ", &message->fields.items[i]);
    }
    for (size_t i = 0; i < message->reply_fields.len; i++) {
        print_field(to, "    -> ", &message->reply_fields.items[i]);
    }
    for (role which = ROLE_HANDLES; which < ROLE_MAX; which++) {
        char before[32];
        names self = {.to = to, .before = before};

        (void)snprintf(before, sizeof before, "    %s ", role_words[which]);
        for_each(nodes, message, which, print_name, &self);
        if (self.before != before) {
            (void)fputc('\n', to);
        }
    }
}

/* --- for programs --- */

typedef struct list {
    edai_buffer *text;
    bool is_first;
} list;

static void add_name(void *arg, eda_str actor)
{
    list *self = arg;

    edai_text_add(self->text, self->is_first ? "" : ",");
    edai_text_string(self->text, actor);
    self->is_first = false;
}

/* The record as the codec writes it, and the names of actors behind it. */
static void add_message(
    edai_buffer *text, const edai_nodes *nodes, const edai_catalogue_message *message)
{
    char *json = NULL;
    size_t len = 0;

    if (eda_json_encode((eda_value){.type = &eda_type_edai_catalogue_message, .data = message},
            &json, &len) != EDA_OK) {
        text->is_broken = true;
        return;
    }
    edai_text_put(text, json, len - 1);
    free(json);
    for (role which = ROLE_HANDLES; which < ROLE_MAX; which++) {
        list self = {.text = text, .is_first = true};

        edai_text_format(text, ",\"%s\":[", role_names[which]);
        for_each(nodes, message, which, add_name, &self);
        edai_text_add(text, "]");
    }
    edai_text_add(text, "}");
}

/* --- all of them --- */

/* The same declaration was on a node before this one; another of its name was: says so. */
static bool was_shown(
    edai_cli *cli, const edai_nodes *nodes, size_t before, const edai_catalogue_message *message)
{
    for (size_t i = 0; i < before; i++) {
        const edai_catalogue_message *other = edai_catalogue_find(nodes->items[i], message->name);

        if (other != NULL && eda_str_equal(other->fingerprint, message->fingerprint)) {
            return true;
        }
        if (other != NULL) {
            (void)edai_cli_fail(cli, EDAI_EXIT_OK,
                "%.*s is declared differently on the nodes %.*s and %.*s",
                EDA_STR_ARG(message->name), EDA_STR_ARG(nodes->items[i]->node),
                EDA_STR_ARG(nodes->items[before]->node));
        }
    }
    return false;
}

static void print_or_add(edai_cli *cli, const edai_nodes *nodes,
    const edai_catalogue_message *message, edai_buffer *json)
{
    if (json == NULL) {
        print_message(cli->out, nodes, message);
        return;
    }
    edai_text_add(json, json->bytes[json->size - 1] == '[' ? "" : ",");
    add_message(json, nodes, message);
}

/* json NULL: for people. Returns how many were wanted. */
static size_t show_all(edai_cli *cli, const edai_nodes *nodes, edai_buffer *json)
{
    const char *word = cli->args.word_count > 0 ? cli->args.words[0] : NULL;
    size_t count = 0;

    for (size_t i = 0; i < nodes->count; i++) {
        for (size_t j = 0; j < nodes->items[i]->messages.len; j++) {
            const edai_catalogue_message *message = &nodes->items[i]->messages.items[j];

            if (is_wanted(nodes, message, word) && !was_shown(cli, nodes, i, message)) {
                print_or_add(cli, nodes, message, json);
                count++;
            }
        }
    }
    return count;
}

static edai_exit show_json(edai_cli *cli, const edai_nodes *nodes, size_t *ret_count)
{
    edai_buffer json = {.size = 0};

    edai_text_add(&json, "{\"messages\":[");
    if (!json.is_broken) {
        *ret_count = show_all(cli, nodes, &json);
    }
    edai_text_add(&json, "]}\n");
    bool is_broken = json.is_broken;
    if (!is_broken) {
        (void)fwrite(json.bytes, 1, json.size, cli->out);
    }
    edai_buffer_fini(&json);
    return is_broken ? edai_cli_fail(cli, EDAI_EXIT_FAILED, "out of memory") : edai_cli_flush(cli);
}

static edai_exit run(edai_cli *cli)
{
    edai_nodes nodes = {.count = 0};
    edai_exit code = edai_nodes_read(cli, &nodes);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    size_t count = 0;
    if (edai_args_has(&cli->args, "--json")) {
        code = show_json(cli, &nodes, &count);
    } else {
        count = show_all(cli, &nodes, NULL);
        code = edai_cli_flush(cli);
    }
    if (code == EDAI_EXIT_OK && count == 0) {
        code = edai_cli_fail(cli, EDAI_EXIT_FAILED,
            cli->args.word_count > 0
                ? "no message type has to do with '%s'; without a word all are listed"
                : "%s",
            cli->args.word_count > 0 ? cli->args.words[0] : "these nodes declare no message type");
    }
    if (code == EDAI_EXIT_OK) {
        code = nodes.code;
    }
    edai_nodes_free(&nodes);
    return code;
}

const edai_verb edai_verb_messages = {.name = "messages",
    .usage = "[WORD]",
    .about = "list message types: topic, fields, who handles and emits them",
    .more = "WORD is looked for in names, topics, descriptions and the names of actors.",
    .examples = "  edacious messages\n"
                "  edacious messages door\n"
                "  edacious messages --json | python3 -m json.tool\n",
    .options = options,
    .words_max = 1,
    .run = run};
