/* sub.c - `edacious sub`: whatever is put on matching topics, a line of JSON each. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/timetext.h"
#include "cli/inflow.h"
#include "cli/payload.h"
#include "cli/presence.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/words.h"

#define PATTERNS_MAX 64u

static const edai_args_option options[] = {
    {.name = "--count", .value = "N", .help = "end after so many"},
    {.name = "--time", .help = "with the time each came at"}, {.name = NULL}};

typedef struct listener {
    struct sub *sub;
    size_t index;
} listener;

typedef struct sub {
    edai_cli *cli;
    edai_session session;
    edai_presence presence;
    edai_inflow inflow;
    eda_str patterns[PATTERNS_MAX];
    listener listeners[PATTERNS_MAX];
    size_t pattern_count;
    uint64_t count_max; /* 0: no end */
    bool has_time;
} sub;

/* A put that matches several patterns comes once for each: the first takes it. */
static void on_put(void *arg, const eda_bus_message *message)
{
    const listener *self = arg;
    sub *owner = self->sub;

    for (size_t i = 0; i < self->index; i++) {
        if (eda_topic_intersects(owner->patterns[i], message->key)) {
            return;
        }
    }
    edai_inflow_put(&owner->inflow, message);
}

static void on_presence(void *arg, bool is_back)
{
    edai_inflow_note(arg, is_back ? EDAI_INFLOW_BACK : EDAI_INFLOW_LOST);
}

static void add_attachment(edai_buffer *line, eda_bytes bytes)
{
    edai_buffer copies = {.size = 0};
    edai_attachment attachment = {.type = {.len = 0}};

    if (bytes.len > 0 && edai_wire_read_attachment(bytes, &copies, &attachment) == EDA_OK) {
        if (attachment.type.len > 0) {
            edai_text_add(line, ",\"type\":");
            edai_text_string(line, attachment.type);
        }
        if (attachment.source.len > 0) {
            edai_text_add(line, ",\"src\":");
            edai_text_string(line, attachment.source);
        }
    }
    edai_buffer_fini(&copies);
}

static void make_line(const sub *self, const edai_inflow_item *item, edai_buffer *line)
{
    char time[EDAI_TIMETEXT_SIZE];

    edai_text_add(line, "{\"topic\":");
    edai_text_string(line, item->key);
    if (self->has_time) {
        (void)edai_timetext_format(item->at, time);
        edai_text_format(line, ",\"time\":\"%s\"", time);
    }
    edai_text_add(line, ",\"encoding\":");
    edai_text_string(line, item->encoding);
    add_attachment(line, item->attachment);
    edai_text_add(line, ",\"value\":");
    edai_payload_put(line, item->encoding, item->payload);
    edai_text_add(line, "}\n");
}

/* A get travels behind the declarations: once nodes have answered, they know of them; unless the
 * connection breaks meanwhile. */
static edai_exit settle(sub *self, bool *ret_is_settled)
{
    char key[EDA_TOPIC_LEN_MAX];
    int len = snprintf(key, sizeof key, "@edacious/v1/%s/ping/**", self->session.cluster);
    edai_answers answers = {.first = NULL};
    edai_exit code = edai_session_get(&self->session,
        &(eda_bus_message){.key = {.ptr = key, .len = (size_t)len}}, true, 0, &answers);

    *ret_is_settled = code == EDAI_EXIT_OK && answers.status != EDA_ECLOSED;
    edai_answers_free(&answers);
    return code;
}

static void say_listening(const sub *self)
{
    for (size_t i = 0; i < self->pattern_count; i++) {
        (void)fprintf(self->cli->err, "listening on %s\n", self->patterns[i].ptr);
    }
    (void)fflush(self->cli->err);
}

/* Silence for want of anybody is not to look like a quiet bus. */
static void tell(sub *self, edai_inflow_kind kind)
{
    bool is_settled = false;

    if (kind == EDAI_INFLOW_LOST) {
        (void)edai_cli_fail(self->cli, EDAI_EXIT_UNREACHABLE,
            "the connection to %s is lost, or the last node there has gone: what is published "
            "meanwhile "
            "may be missed; waiting",
            self->session.where);
        (void)fflush(self->cli->err);
        return;
    }
    (void)edai_cli_fail(
        self->cli, EDAI_EXIT_OK, "a node is reachable by %s again", self->session.where);
    if (settle(self, &is_settled) == EDAI_EXIT_OK && is_settled) {
        say_listening(self);
    }
}

static edai_exit print_line(sub *self, const edai_inflow_item *item, edai_buffer *line)
{
    edai_buffer_clear(line);
    make_line(self, item, line);
    if (line->is_broken) {
        return edai_cli_fail(self->cli, EDAI_EXIT_FAILED, "out of memory");
    }
    (void)fwrite(line->bytes, 1, line->size, self->cli->out);
    return edai_cli_flush(self->cli);
}

static edai_exit print_lines(sub *self)
{
    edai_buffer line = {.size = 0};
    edai_exit code = EDAI_EXIT_OK;
    uint64_t count = 0;

    while (code == EDAI_EXIT_OK && (self->count_max == 0 || count < self->count_max)) {
        edai_inflow_item *item = edai_inflow_take(&self->inflow);
        if (item == NULL) {
            break;
        }
        if (item->kind == EDAI_INFLOW_PUT) {
            code = print_line(self, item, &line);
            count++;
        } else {
            tell(self, item->kind);
        }
        edai_free(item);
    }
    edai_buffer_fini(&line);
    return code;
}

static edai_exit subscribe(sub *self)
{
    for (size_t i = 0; i < self->pattern_count; i++) {
        uint64_t id = 0;

        self->listeners[i] = (listener){.sub = self, .index = i};
        eda_status status = self->session.driver->subscribe(
            self->session.bus, self->patterns[i], on_put, &self->listeners[i], &id);
        if (status != EDA_OK) {
            return edai_session_fail(&self->session, self->patterns[i].ptr, status);
        }
    }
    return EDAI_EXIT_OK;
}

static edai_exit listen(sub *self)
{
    bool ignored = false;
    edai_exit code =
        edai_presence_watch(&self->presence, &self->session, on_presence, &self->inflow);

    if (code == EDAI_EXIT_OK) {
        code = subscribe(self);
    }
    if (code == EDAI_EXIT_OK) {
        code = settle(self, &ignored);
    }
    if (code != EDAI_EXIT_OK) {
        return code;
    }
    say_listening(self);
    code = print_lines(self);
    if (self->inflow.dropped > 0) {
        code = edai_cli_fail(self->cli, EDAI_EXIT_FAILED,
            "%" PRIu64 " were dropped: the output is read too slowly", self->inflow.dropped);
    }
    return code;
}

static edai_exit read_words(edai_cli *cli, sub *self)
{
    const char *count = edai_args_value(&cli->args, "--count");

    if (count != NULL && edai_args_count(count, &self->count_max) != EDA_OK) {
        return edai_cli_fail(
            cli, EDAI_EXIT_USAGE, "--count takes a number from 1 on, not %s", count);
    }
    for (size_t i = 0; i < cli->args.word_count; i++) {
        self->patterns[i] = eda_str_from(cli->args.words[i]);
        edai_exit code = edai_words_check_pattern(cli, self->patterns[i]);
        if (code != EDAI_EXIT_OK) {
            return code;
        }
    }
    self->pattern_count = cli->args.word_count;
    self->has_time = edai_args_has(&cli->args, "--time");
    return EDAI_EXIT_OK;
}

static edai_exit run(edai_cli *cli)
{
    sub self = {.cli = cli};
    edai_exit code = read_words(cli, &self);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    if (edai_inflow_init(&self.inflow) != EDA_OK) {
        return edai_cli_fail(cli, EDAI_EXIT_FAILED, "no file descriptors left");
    }
    code = edai_session_open(cli, &self.session);
    if (code == EDAI_EXIT_OK) {
        edai_inflow_catch_signals(&self.inflow);
        code = listen(&self);
        edai_session_close(&self.session);
        edai_inflow_catch_signals(NULL);
    }
    edai_inflow_fini(&self.inflow);
    return code;
}

const edai_verb edai_verb_sub = {.name = "sub",
    .usage = "PATTERN...",
    .about = "print what is published, as lines of JSON",
    .more =
        "Anything on the bus, of edacious or not: {\"topic\", \"encoding\", \"type\"?, \"src\"?, "
        "\"value\"}.\n"
        "A value is JSON, CBOR as JSON, else {\"text\": ...} or {\"base64\": ...}. When it can be\n"
        "reached, it says \"listening on PATTERN\" on standard error; when the connection or the "
        "last "
        "node\n"
        "is lost, that; and \"listening on PATTERN\" again once one is back. Interrupt ends it.",
    .examples = "  edacious sub 'door/**'\n"
                "  edacious sub --count 1 'door/*/opened' 'alarm/**'\n"
                "  edacious sub '**' | grep -v '^{\"topic\":\"clock/'\n",
    .options = options,
    .words_min = 1,
    .words_max = PATTERNS_MAX,
    .run = run};
