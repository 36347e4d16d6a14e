/* acl.c - `edacious acl`: access control for Zenoh out of the actors' contracts. */
#include <jansson.h>
#include <string.h>

#include "cli/grants.h"
#include "cli/nodes.h"
#include "cli/text.h"

static const edai_args_option options[] = {
    {.name = "--subject",
        .value = "WHO[=ACTOR,...]",
        .help = "a node, and which actors it hosts; none named: all",
        .may_repeat = true},
    {.name = "--outsider",
        .value = "WHO=MAY,...",
        .help = "publishes:TYPE, receives:TYPE, asks:TYPE, answers:TYPE, operates",
        .may_repeat = true},
    {.name = "--catalogue",
        .value = "FILE",
        .help = "what ask printed of @edacious/v1/CLUSTER/catalogue/**, instead of asking",
        .may_repeat = true},
    {.name = "--into",
        .value = "FILE",
        .help = "print that configuration, JSON, with the access control in it"},
    {.name = NULL}};

typedef struct acl {
    edai_cli *cli;
    edai_nodes nodes;
    edai_grants grants;
    json_t *config; /* of --into; NULL: none */
} acl;

static edai_exit refuse(acl *self, eda_status status)
{
    return edai_cli_fail(self->cli, EDAI_EXIT_FAILED, "%s", eda_status_text(status));
}

/* --- what an actor's contract allows --- */

/* What stands under @edacious/, or travels between nodes alone, has no topic of its own outside. */
static bool is_outside(const edai_catalogue_message *message)
{
    return message != NULL && !message->is_inside && message->topic.ptr[0] != '@';
}

static eda_status allow_message(
    acl *self, size_t role, edai_act act, const edai_catalogue_message *message)
{
    char buffer[EDA_TOPIC_LEN_MAX];

    if (!is_outside(message)) {
        return EDA_OK;
    }
    return edai_grants_allow(
        &self->grants, role, act, edai_catalogue_pattern(message->topic, buffer));
}

static eda_status allow_emitted(acl *self, size_t role, const edai_catalogue_message *message)
{
    bool is_request = message != NULL && message->kind == EDAI_CATALOGUE_REQUEST;

    return allow_message(self, role, is_request ? EDAI_ACT_ASKS : EDAI_ACT_PUBLISHES, message);
}

static eda_status allow_handle(acl *self, size_t role, const edai_catalogue_handle *handle)
{
    if (handle->pattern.is_set) {
        return handle->pattern.value.ptr[0] == '@' ? EDA_OK
                                                   : edai_grants_allow(&self->grants, role,
                                                         EDAI_ACT_RECEIVES, handle->pattern.value);
    }
    const edai_catalogue_message *message =
        edai_nodes_find_message(&self->nodes, handle->message.value);
    if (message != NULL && message->is_outgoing) {
        return EDA_OK; /* it comes from other nodes, to an inbox; nobody listens on its topic */
    }
    return allow_message(
        self, role, handle->answers ? EDAI_ACT_ANSWERS : EDAI_ACT_RECEIVES, message);
}

/* emits(any): every message that somebody declares. */
static eda_status allow_any(acl *self, size_t role)
{
    for (size_t i = 0; i < self->nodes.count; i++) {
        const eda_list_edai_catalogue_message *messages = &self->nodes.items[i]->messages;

        for (size_t j = 0; j < messages->len; j++) {
            EDA_TRY(allow_emitted(self, role, &messages->items[j]));
        }
    }
    return EDA_OK;
}

static eda_status allow_actor(acl *self, const edai_catalogue_actor *actor, size_t *ret_role)
{
    size_t role;

    EDA_TRY(edai_grants_role(&self->grants, actor->name, &role));
    for (size_t i = 0; i < actor->handles.len; i++) {
        EDA_TRY(allow_handle(self, role, &actor->handles.items[i]));
    }
    for (size_t i = 0; i < actor->emits.len; i++) {
        EDA_TRY(allow_emitted(
            self, role, edai_nodes_find_message(&self->nodes, actor->emits.items[i])));
    }
    if (actor->emits_any) {
        EDA_TRY(allow_any(self, role));
    }
    *ret_role = role;
    return EDA_OK;
}

/* --- WHO --- */

typedef struct who {
    eda_str name;
    bool is_user;
    eda_str rest; /* behind the '=' */
    bool has_rest;
} who;

static bool begins_with(eda_str text, const char *prefix)
{
    return text.len >= strlen(prefix) && memcmp(text.ptr, prefix, strlen(prefix)) == 0;
}

static edai_exit read_who(acl *self, const char *option, const char *text, who *ret_who)
{
    const char *equals = strchr(text, '=');
    eda_str name = {.ptr = text, .len = equals != NULL ? (size_t)(equals - text) : strlen(text)};
    who made = {.has_rest = equals != NULL, .rest = eda_str_from(equals != NULL ? equals + 1 : "")};

    made.is_user = begins_with(name, "user:");
    size_t skip = made.is_user ? 5 : begins_with(name, "cn:") ? 3 : name.len;
    made.name = (eda_str){.ptr = name.ptr + skip, .len = name.len - skip};
    if (made.name.len == 0) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "%s %s: '%.*s' is no WHO: cn:NAME (of a certificate) or user:NAME", option, text,
            EDA_STR_ARG(name));
    }
    *ret_who = made;
    return EDAI_EXIT_OK;
}

/* The next part of "a,b,c". False: no more. */
static bool next_part(eda_str *io_rest, eda_str *ret_part)
{
    const char *comma = io_rest->len > 0 ? memchr(io_rest->ptr, ',', io_rest->len) : NULL;
    size_t len = comma != NULL ? (size_t)(comma - io_rest->ptr) : io_rest->len;

    if (io_rest->len == 0) {
        return false;
    }
    *ret_part = (eda_str){.ptr = io_rest->ptr, .len = len};
    size_t used = comma != NULL ? len + 1 : len;
    *io_rest = (eda_str){.ptr = io_rest->ptr + used, .len = io_rest->len - used};
    return true;
}

/* --- nodes --- */

/* What nodes do among themselves. */
static eda_status give_room(acl *self, const who *subject)
{
    char key[EDA_TOPIC_LEN_MAX];
    eda_str cluster = edai_nodes_cluster(&self->nodes);
    size_t role;

    (void)snprintf(key, sizeof key, "@edacious/v1/%.*s/**",
        cluster.len < 255 ? (int)cluster.len : 255, cluster.ptr);
    EDA_TRY(edai_grants_role(&self->grants, EDA_STR("a node"), &role));
    EDA_TRY(edai_grants_allow(&self->grants, role, EDAI_ACT_LIVES, eda_str_from(key)));
    /* By this the Zenoh driver of a client knows that its router has not forgotten it. */
    EDA_TRY(edai_grants_allow(&self->grants, role, EDAI_ACT_LIVES, EDA_STR("@edacious/ear/*")));
    /* It shows on plain topics only what somebody hears, on however wide a pattern. */
    EDA_TRY(edai_grants_allow(&self->grants, role, EDAI_ACT_WATCHES, EDA_STR("**")));
    return edai_grants_give(&self->grants, subject->name, subject->is_user, role);
}

/* An actor type of that name; NULL name: any. It may differ from node to node: all of it counts. */
static eda_status give_actors(acl *self, const who *subject, const eda_str *name, bool *ret_found)
{
    for (size_t i = 0; i < self->nodes.count; i++) {
        const eda_list_edai_catalogue_actor *actors = &self->nodes.items[i]->actors;

        for (size_t j = 0; j < actors->len; j++) {
            size_t role;

            if (name != NULL && !eda_str_equal(actors->items[j].name, *name)) {
                continue;
            }
            EDA_TRY(allow_actor(self, &actors->items[j], &role));
            if (!edai_grants_is_empty(&self->grants, role)) {
                EDA_TRY(edai_grants_give(&self->grants, subject->name, subject->is_user, role));
            }
            *ret_found = true;
        }
    }
    return EDA_OK;
}

static edai_exit add_subject(acl *self, const char *text)
{
    who subject = {.is_user = false};
    eda_str actor;
    bool is_found = false;
    edai_exit code = read_who(self, "--subject", text, &subject);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    eda_status status = give_room(self, &subject);
    if (status == EDA_OK && !subject.has_rest) {
        status = give_actors(self, &subject, NULL, &is_found);
    }
    while (status == EDA_OK && next_part(&subject.rest, &actor)) {
        is_found = false;
        status = give_actors(self, &subject, &actor, &is_found);
        if (status == EDA_OK && !is_found) {
            return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
                "--subject %s: no node hosts an actor type '%.*s'; edacious ps shows them", text,
                EDA_STR_ARG(actor));
        }
    }
    return status == EDA_OK ? EDAI_EXIT_OK : refuse(self, status);
}

/* --- outsiders --- */

static bool is_pattern(eda_str text)
{
    return memchr(text.ptr, '/', text.len) != NULL || memchr(text.ptr, '*', text.len) != NULL;
}

static const char *const act_names[] = {[EDAI_ACT_PUBLISHES] = "publishes",
    [EDAI_ACT_RECEIVES] = "receives",
    [EDAI_ACT_ASKS] = "asks",
    [EDAI_ACT_ANSWERS] = "answers"};
#define ACT_NAMES_LEN (sizeof act_names / sizeof act_names[0])

static bool find_act(eda_str name, edai_act *ret_act)
{
    for (size_t i = 0; i < ACT_NAMES_LEN; i++) {
        if (eda_str_equal(name, eda_str_from(act_names[i]))) {
            *ret_act = (edai_act)i;
            return true;
        }
    }
    return false;
}

static edai_exit check_type(
    acl *self, edai_act act, eda_str name, const edai_catalogue_message *message)
{
    bool is_asking = act == EDAI_ACT_ASKS || act == EDAI_ACT_ANSWERS;
    bool is_request = message != NULL && message->kind == EDAI_CATALOGUE_REQUEST;

    if (message == NULL) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--outsider: no message type '%.*s'; edacious messages lists them; a topic has a '/'",
            EDA_STR_ARG(name));
    }
    if (!is_outside(message)) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--outsider: '%.*s' travels between nodes alone; nobody else may have it",
            EDA_STR_ARG(name));
    }
    if (is_request != is_asking) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE, "--outsider: '%.*s' is a %s; use %s",
            EDA_STR_ARG(name), is_request ? "request" : "message",
            is_request ? "asks:... or answers:..." : "publishes:... or receives:...");
    }
    if (act == EDAI_ACT_PUBLISHES && message->is_outgoing) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--outsider: '%.*s' is outgoing: nodes publish it, and hear nobody there; use "
            "receives:...",
            EDA_STR_ARG(name));
    }
    return EDAI_EXIT_OK;
}

/* Nodes do not hear what is put there, but whoever subscribes takes it for a node's. */
static void warn_of_outgoing(acl *self, size_t role, eda_str key)
{
    for (size_t i = 0; i < self->nodes.count; i++) {
        const eda_list_edai_catalogue_message *messages = &self->nodes.items[i]->messages;

        for (size_t j = 0; j < messages->len; j++) {
            const edai_catalogue_message *message = &messages->items[j];
            char buffer[EDA_TOPIC_LEN_MAX];

            if (message->is_outgoing &&
                message == edai_nodes_find_message(&self->nodes, message->name) &&
                eda_topic_intersects(edai_catalogue_pattern(message->topic, buffer), key)) {
                (void)edai_cli_fail(self->cli, EDAI_EXIT_OK,
                    "warning: %s may publish on %.*s, which reaches %.*s of the outgoing type "
                    "%.*s: "
                    "who subscribes there cannot tell it from a node",
                    self->grants.roles[role].name, EDA_STR_ARG(key), EDA_STR_ARG(message->topic),
                    EDA_STR_ARG(message->name));
            }
        }
    }
}

/* ps, messages, and sub's look whether nodes are there. */
static eda_status allow_operating(acl *self, size_t role)
{
    static const char *const whats[] = {"ps", "catalogue", "ping"};
    eda_str cluster = edai_nodes_cluster(&self->nodes);

    for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++) {
        char key[EDA_TOPIC_LEN_MAX];

        (void)snprintf(key, sizeof key, "@edacious/v1/%.*s/%s/**",
            cluster.len < 255 ? (int)cluster.len : 255, cluster.ptr, whats[i]);
        EDA_TRY(edai_grants_allow(&self->grants, role, EDAI_ACT_ASKS, eda_str_from(key)));
    }
    return EDA_OK;
}

static edai_exit allow_named(acl *self, size_t role, edai_act act, eda_str name)
{
    char buffer[EDA_TOPIC_LEN_MAX];
    const edai_catalogue_message *message = NULL;
    eda_str key = name;
    eda_status status;

    if (is_pattern(name)) {
        if (eda_topic_check(name) != EDA_OK) {
            return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
                "--outsider: '%.*s' is no key expression", EDA_STR_ARG(name));
        }
        status = edai_grants_allow(&self->grants, role, act, name);
    } else {
        message = edai_nodes_find_message(&self->nodes, name);
        edai_exit code = check_type(self, act, name, message);
        if (code != EDAI_EXIT_OK) {
            return code;
        }
        status = allow_message(self, role, act, message);
        key = edai_catalogue_pattern(message->topic, buffer);
    }
    if (act == EDAI_ACT_PUBLISHES) {
        warn_of_outgoing(self, role, key);
    }
    return status == EDA_OK ? EDAI_EXIT_OK : refuse(self, status);
}

static edai_exit allow_part(acl *self, size_t role, eda_str part)
{
    const char *colon = memchr(part.ptr, ':', part.len);
    size_t len = colon != NULL ? (size_t)(colon - part.ptr) : part.len;
    eda_str verb = {.ptr = part.ptr, .len = len};
    edai_act act;

    if (eda_str_equal(part, EDA_STR("operates"))) {
        eda_status status = allow_operating(self, role);
        return status == EDA_OK ? EDAI_EXIT_OK : refuse(self, status);
    }
    if (colon == NULL || !find_act(verb, &act) || len + 1 == part.len) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--outsider: '%.*s' is not publishes:TYPE, receives:TYPE, asks:TYPE, answers:TYPE or "
            "operates",
            EDA_STR_ARG(part));
    }
    return allow_named(self, role, act, (eda_str){.ptr = colon + 1, .len = part.len - len - 1});
}

static edai_exit add_outsider(acl *self, const char *text)
{
    char name[300];
    who subject = {.is_user = false};
    eda_str part;
    size_t role;
    edai_exit code = read_who(self, "--outsider", text, &subject);

    if (code == EDAI_EXIT_OK && (subject.rest.len == 0 || subject.name.len > 255)) {
        code = edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--outsider %s: what may it do? WHO=publishes:TYPE,receives:TYPE", text);
    }
    if (code != EDAI_EXIT_OK) {
        return code;
    }
    (void)snprintf(name, sizeof name, "outsider %s%.*s",
        subject.is_user ? "user:" : "cn:", EDA_STR_ARG(subject.name));
    eda_status status = edai_grants_role(&self->grants, eda_str_from(name), &role);
    if (status == EDA_OK) {
        status = edai_grants_give(&self->grants, subject.name, subject.is_user, role);
    }
    if (status != EDA_OK) {
        return refuse(self, status);
    }
    while (code == EDAI_EXIT_OK && next_part(&subject.rest, &part)) {
        code = allow_part(self, role, part);
    }
    return code;
}

/* --- all --- */

static edai_exit add_each(
    acl *self, const char *option, edai_exit (*add)(acl *self, const char *text))
{
    size_t at = 0;
    const char *text = edai_args_next(&self->cli->args, option, &at);
    edai_exit code = EDAI_EXIT_OK;

    for (; text != NULL && code == EDAI_EXIT_OK;
         text = edai_args_next(&self->cli->args, option, &at)) {
        code = add(self, text);
    }
    return code;
}

/* What keeps a file from being read as JSON; Zenoh itself reads JSON5, which has more. */
static edai_exit refuse_into(acl *self, const char *path, const json_error_t *error)
{
    if (error->position == 0 && json_error_code(error) == json_error_premature_end_of_input) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--into %s: it is empty. Where the output goes into that very file "
            "(> %s), the shell has emptied it before: write into another one",
            path, path);
    }
    return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
        "--into %s, line %d, column %d: %s. Only JSON is read here: keys between double quotes, "
        "no comments, no comma behind the last. Write it so, or leave --into out and put the "
        "\"access_control\" that is printed then into the file yourself",
        path, error->line, error->column, error->text);
}

static edai_exit read_into(acl *self, const char *path, json_t **ret_config)
{
    json_error_t error = {.line = 0};
    FILE *file = fopen(path, "rbe");
    json_t *config = file != NULL ? json_loadf(file, JSON_REJECT_DUPLICATES, &error) : NULL;
    bool is_broken = file == NULL || ferror(file) != 0;

    if (file != NULL) {
        (void)fclose(file);
    }
    if (is_broken) {
        json_decref(config);
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "--into: %s cannot be read; is there such a file, and may you read it?", path);
    }
    if (config == NULL) {
        return refuse_into(self, path, &error);
    }
    if (!json_is_object(config)) {
        json_decref(config);
        return edai_cli_fail(
            self->cli, EDAI_EXIT_USAGE, "--into %s: a configuration is an object, {...}", path);
    }
    *ret_config = config;
    return EDAI_EXIT_OK;
}

/* The configuration of --into, its access control replaced. The file itself stays as it is. */
static edai_exit print_into(acl *self, eda_str section)
{
    json_t *made = json_loadb(section.ptr, section.len, 0, NULL);
    edai_exit code;

    if (made == NULL || json_object_update(self->config, made) != 0 ||
        (json_dumpf(self->config, self->cli->out, JSON_INDENT(2)) != 0 &&
            ferror(self->cli->out) == 0)) {
        code = refuse(self, EDA_ENOMEM);
    } else {
        (void)fputc('\n', self->cli->out);
        code = edai_cli_flush(self->cli);
    }
    json_decref(made);
    return code;
}

static edai_exit write_all(acl *self)
{
    edai_buffer text = {.size = 0};
    edai_exit code;

    edai_grants_write(&self->grants, &text);
    if (text.is_broken) {
        code = refuse(self, EDA_ENOMEM);
    } else if (self->config != NULL) {
        code = print_into(self, edai_text_str(&text));
    } else {
        (void)fwrite(text.bytes, 1, text.size, self->cli->out);
        code = edai_cli_flush(self->cli);
    }
    edai_buffer_fini(&text);
    return code;
}

static edai_exit check_subject(acl *self, const char *text)
{
    who ignored;

    return read_who(self, "--subject", text, &ignored);
}

static edai_exit check_outsider(acl *self, const char *text)
{
    who ignored;

    return read_who(self, "--outsider", text, &ignored);
}

/* What can be told without asking anybody. */
static edai_exit check_options(acl *self)
{
    const edai_args *args = &self->cli->args;
    const char *path = edai_args_value(args, "--into");
    edai_exit code = EDAI_EXIT_OK;

    if (!edai_args_has(args, "--subject") && !edai_args_has(args, "--outsider")) {
        code = edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "who? --subject cn:NAME for a node, --outsider user:NAME=publishes:TYPE for others");
    }
    if (code == EDAI_EXIT_OK) {
        code = add_each(self, "--subject", check_subject);
    }
    if (code == EDAI_EXIT_OK) {
        code = add_each(self, "--outsider", check_outsider);
    }
    if (code == EDAI_EXIT_OK && path != NULL) {
        code = read_into(self, path, &self->config);
    }
    return code;
}

static edai_exit read_nodes(acl *self)
{
    edai_exit code = edai_nodes_read(self->cli, &self->nodes);

    if (code == EDAI_EXIT_OK && self->nodes.code != EDAI_EXIT_OK) {
        code = edai_cli_fail(self->cli, self->nodes.code,
            "nothing is written: it would lock out what the missing nodes host");
    }
    return code;
}

static edai_exit run(edai_cli *cli)
{
    acl self = {.cli = cli};
    edai_exit code = check_options(&self);

    if (code == EDAI_EXIT_OK) {
        code = read_nodes(&self);
    }
    if (code == EDAI_EXIT_OK) {
        code = add_each(&self, "--subject", add_subject);
    }
    if (code == EDAI_EXIT_OK) {
        code = add_each(&self, "--outsider", add_outsider);
    }
    if (code == EDAI_EXIT_OK) {
        code = write_all(&self);
    }
    json_decref(self.config);
    edai_grants_fini(&self.grants);
    edai_nodes_free(&self.nodes);
    return code;
}

const edai_verb edai_verb_acl = {.name = "acl",
    .usage = "--subject WHO[=ACTOR,...]... [--outsider WHO=MAY,...]...",
    .about = "write Zenoh access control, all denied but what actors declare",
    .more =
        "WHO is cn:NAME, the common name of a certificate, or user:NAME. TYPE is a message type "
        "or,\n"
        "with a '/' or '*' in it, a key expression. operates: may ps and messages. What is "
        "printed\n"
        "belongs into the configuration of every node and router.",
    .examples =
        "  edacious acl --subject cn:home --subject cn:attic > acl.json\n"
        "  edacious acl --subject cn:home=door,badge \\\n"
        "      --outsider user:gate=publishes:badge_shown,receives:door_opened \\\n"
        "      --outsider user:ops=operates,receives:'**'\n"
        "  edacious acl --catalogue home.json --subject cn:home --into node.json > plant.json\n",
    .options = options,
    .run = run};
