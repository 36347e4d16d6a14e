/* pub.c - `edacious pub`: puts, one or a line each, and the certainty that they have left. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "cli/payload.h"
#include "cli/presence.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/words.h"
#include "message/json.h"

#define RETRY_NS 1000000 /* between two looks at a full queue */
#define PROVE_EVERY 1024 /* puts, before the other end is asked for a sign of life */

static const edai_args_option options[] = {{.name = "--cbor", .help = "send CBOR instead of JSON"},
    {.name = "--raw",
        .value = "MIME",
        .help = "send FILE (-: the input) untouched, with that encoding"},
    {.name = "--type", .value = "NAME", .help = "the message type, where two share a topic"},
    {.name = NULL}};

typedef struct pub {
    edai_cli *cli;
    edai_session session;
    edai_presence presence;
    edai_buffer attachment;
    bool is_cbor;
    uint64_t sent;
    uint64_t proven; /* of these, what the connection stood for */
} pub;

/* What is known of what was sent, if the connection is not what it was. */
static edai_exit doubt(const pub *self, edai_exit code)
{
    unsigned long long doubtful = self->sent - self->proven;

    if (code == EDAI_EXIT_UNREACHABLE) {
        return edai_cli_fail(self->cli, code,
            "the connection to %s is lost, or the last node there has gone: of %llu sent, the last "
            "%llu "
            "may not have arrived",
            self->session.where, (unsigned long long)self->sent, doubtful);
    }
    if (code == EDAI_EXIT_TIMEOUT) {
        return edai_cli_fail(self->cli, code,
            "%s gives no sign of life within %u ms: of %llu sent, the last %llu may not have "
            "arrived; a longer --timeout may help",
            self->session.where, self->session.timeout_ms, (unsigned long long)self->sent,
            doubtful);
    }
    return code;
}

static edai_exit prove(pub *self)
{
    edai_exit code = edai_presence_prove(&self->presence);

    if (code == EDAI_EXIT_OK) {
        self->proven = self->sent;
    }
    return doubt(self, code);
}

/* A full queue empties as fast as the network takes it. */
static edai_exit put_waiting(pub *self, const eda_bus_message *message)
{
    int64_t deadline = edai_clock_monotonic_ns() + EDA_MS(self->session.timeout_ms);
    edai_parker parker;
    eda_status status;

    edai_parker_init(&parker);
    for (;;) {
        status = self->session.driver->put(self->session.bus, message);
        int64_t now = edai_clock_monotonic_ns();
        if (status != EDA_EFULL || now >= deadline) {
            break;
        }
        (void)edai_parker_park(&parker, now + RETRY_NS);
    }
    edai_parker_fini(&parker);
    if (status == EDA_EFULL) {
        return edai_cli_fail(self->cli, EDAI_EXIT_TIMEOUT,
            "nothing leaves: the queue was full for %u ms", self->session.timeout_ms);
    }
    if (status != EDA_OK) {
        return edai_session_fail(&self->session, "sending", status);
    }
    self->sent++;
    return EDAI_EXIT_OK;
}

static edai_exit put_bytes(pub *self, eda_str topic, eda_str encoding, eda_bytes payload)
{
    const eda_bus_message message = {.key = topic,
        .encoding = encoding,
        .payload = payload,
        .attachment = {.ptr = self->attachment.bytes, .len = self->attachment.size}};
    edai_exit code = edai_words_check_topic(self->cli, topic);

    return code != EDAI_EXIT_OK ? code : put_waiting(self, &message);
}

static edai_exit put_json(pub *self, eda_str topic, eda_str json)
{
    edai_buffer payload = {.size = 0};
    eda_problem problem = {.text = ""};
    eda_status status = self->is_cbor ? edai_payload_to_cbor(&payload, json, &problem)
                                      : edai_payload_put_json(&payload, json, &problem);
    edai_exit code;

    if (status != EDA_OK || payload.is_broken) {
        code = edai_words_refuse_json(self->cli, status != EDA_OK ? status : EDA_ENOMEM, &problem);
    } else {
        code = put_bytes(self, topic,
            self->is_cbor ? EDA_STR("application/cbor") : EDA_STR("application/json"),
            (eda_bytes){.ptr = payload.bytes, .len = payload.size});
    }
    edai_buffer_fini(&payload);
    return code;
}

/* --- lines --- */

/* One line, without its end. False: there is none. */
static bool read_line(FILE *in, edai_buffer *line)
{
    int c = getc(in);

    edai_buffer_clear(line);
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc(in)) {
        char one = (char)c;

        if (line->size > EDA_BUS_PAYLOAD_MAX) {
            line->is_broken = true;
            return true;
        }
        edai_text_put(line, &one, 1);
    }
    return true;
}

/* What sub prints for payloads that are neither JSON nor CBOR. */
static edai_exit put_other(pub *self, eda_str topic, eda_str encoding, const json_t *value)
{
    const json_t *text = json_object_get(value, "text");
    eda_str base64 = {.ptr = json_string_value(json_object_get(value, "base64")),
        .len = json_string_length(json_object_get(value, "base64"))};

    if (json_is_string(text)) {
        return put_bytes(self, topic, encoding,
            (eda_bytes){
                .ptr = (const uint8_t *)json_string_value(text), .len = json_string_length(text)});
    }
    size_t size = edai_base64_size_max(base64.len);
    uint8_t *bytes = edai_alloc(size);
    edai_exit code = EDAI_EXIT_USAGE;
    if (bytes != NULL && base64.ptr != NULL && edai_base64_decode(base64, bytes, &size)) {
        code = put_bytes(self, topic, encoding, (eda_bytes){.ptr = bytes, .len = size});
    } else {
        (void)edai_cli_fail(self->cli, code,
            "\"value\" must be {\"text\": ...} or {\"base64\": ...} for the encoding '%.*s'",
            EDA_STR_ARG(encoding));
    }
    edai_free(bytes);
    return code;
}

static edai_exit put_tree(pub *self, const json_t *tree)
{
    const json_t *topic = json_object_get(tree, "topic");
    const json_t *value = json_object_get(tree, "value");
    const json_t *encoding = json_object_get(tree, "encoding");
    eda_str name = {.ptr = json_string_value(topic), .len = json_string_length(topic)};
    eda_str mime = {.ptr = json_string_value(encoding), .len = json_string_length(encoding)};

    if (!json_is_string(topic) || value == NULL) {
        return edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
            "an object needs \"topic\", a text, and \"value\", anything");
    }
    if (!edai_payload_is_json(mime) && !edai_payload_is_cbor(mime)) {
        return put_other(self, name, mime, value);
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    edai_exit code = text != NULL ? put_json(self, name, eda_str_from(text))
                                  : edai_cli_fail(self->cli, EDAI_EXIT_FAILED, "out of memory");
    free(text);
    return code;
}

/* "TOPIC JSON", or an object with "topic" and "value". */
static edai_exit put_line(pub *self, eda_str line)
{
    const char *space = memchr(line.ptr, ' ', line.len);
    eda_problem problem = {.text = ""};
    json_t *tree = NULL;

    if (line.ptr[0] == '{') {
        if (edai_json_parse(line, &tree, &problem) != EDA_OK) {
            return edai_cli_fail(self->cli, EDAI_EXIT_USAGE, "%s", problem.text);
        }
        edai_exit code = put_tree(self, tree);
        json_decref(tree);
        return code;
    }
    if (space == NULL) {
        return edai_cli_fail(
            self->cli, EDAI_EXIT_USAGE, "a line is TOPIC JSON, with a space in between");
    }
    size_t len = (size_t)(space - line.ptr);
    return put_json(self, (eda_str){.ptr = line.ptr, .len = len},
        (eda_str){.ptr = space + 1, .len = line.len - len - 1});
}

/* topic NULL: each line has its own. */
static edai_exit put_lines(pub *self, const char *topic)
{
    edai_buffer line = {.size = 0};
    edai_exit code = EDAI_EXIT_OK;
    uint64_t number = 0;

    while (code == EDAI_EXIT_OK && read_line(self->cli->in, &line)) {
        eda_str text = edai_text_str(&line);

        number++;
        if (edai_presence_is_lost(&self->presence)) {
            code = doubt(self, EDAI_EXIT_UNREACHABLE);
        } else if (line.is_broken) {
            code = edai_cli_fail(self->cli, EDAI_EXIT_USAGE,
                "a line of over %u bytes, or no memory", EDA_BUS_PAYLOAD_MAX);
        } else if (text.len > 0) {
            code = topic != NULL ? put_json(self, eda_str_from(topic), text) : put_line(self, text);
        }
        if (code == EDAI_EXIT_OK && self->sent - self->proven >= PROVE_EVERY) {
            code = prove(self);
        }
    }
    if (code == EDAI_EXIT_OK && ferror(self->cli->in) != 0) {
        number++;
        code =
            edai_cli_fail(self->cli, EDAI_EXIT_USAGE, "the input cannot be read; is it a folder?");
    }
    if (code != EDAI_EXIT_OK) {
        (void)edai_cli_fail(self->cli, code, "stopped at line %llu; sent before: %llu",
            (unsigned long long)number, (unsigned long long)self->sent);
    }
    edai_buffer_fini(&line);
    return code;
}

static edai_exit put_file(pub *self, const char *topic, const char *mime, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? self->cli->in : fopen(path, "rbe");
    size_t size = EDA_BUS_PAYLOAD_MAX;
    uint8_t *bytes = edai_alloc(size + 1);
    edai_exit code;

    if (file == NULL || bytes == NULL) {
        code = edai_cli_fail(self->cli, EDAI_EXIT_USAGE, "%s cannot be read", path);
    } else {
        size_t len = fread(bytes, 1, size + 1, file);
        if (ferror(file) != 0 || len > size) {
            code = edai_cli_fail(
                self->cli, EDAI_EXIT_USAGE, "%s cannot be read, or is over %zu bytes", path, size);
        } else {
            code = put_bytes(self, eda_str_from(topic), eda_str_from(mime),
                (eda_bytes){.ptr = bytes, .len = len});
        }
    }
    edai_free(bytes);
    if (file != NULL && file != self->cli->in) {
        (void)fclose(file);
    }
    return code;
}

static edai_exit put_all(pub *self)
{
    const edai_args *args = &self->cli->args;
    const char *mime = edai_args_value(args, "--raw");
    const char *first = args->words[0];
    const char *second = args->word_count > 1 ? args->words[1] : NULL;

    if (second == NULL) {
        return put_lines(self, NULL);
    }
    if (mime != NULL) {
        return put_file(self, first, mime, second);
    }
    if (strcmp(second, "-") == 0) {
        return put_lines(self, first);
    }
    return put_json(self, eda_str_from(first), eda_str_from(second));
}

/* What can be told of the words without anybody being there. */
static edai_exit check_words(edai_cli *cli)
{
    const char *second = cli->args.words[1];
    bool is_raw = edai_args_has(&cli->args, "--raw");
    eda_problem problem = {.text = ""};
    json_t *tree = NULL;
    edai_exit code = edai_words_check_topic(cli, eda_str_from(cli->args.words[0]));

    if (code != EDAI_EXIT_OK || strcmp(second, "-") == 0) {
        return code;
    }
    if (is_raw) {
        return access(second, R_OK) == 0
                   ? EDAI_EXIT_OK
                   : edai_cli_fail(cli, EDAI_EXIT_USAGE, "%s cannot be read", second);
    }
    eda_status status = edai_json_parse(eda_str_from(second), &tree, &problem);
    json_decref(tree);
    return status == EDA_OK ? EDAI_EXIT_OK : edai_words_refuse_json(cli, status, &problem);
}

static edai_exit run(edai_cli *cli)
{
    const char *type = edai_args_value(&cli->args, "--type");
    bool is_raw = edai_args_has(&cli->args, "--raw");
    pub self = {.cli = cli, .is_cbor = edai_args_has(&cli->args, "--cbor")};

    if (cli->args.word_count == 1 && (strcmp(cli->args.words[0], "-") != 0 || is_raw)) {
        return edai_cli_fail(cli, EDAI_EXIT_USAGE,
            is_raw ? "the file is missing: TOPIC --raw MIME FILE, where - is the input"
                   : "the JSON is missing ({} if it has no fields): TOPIC JSON, TOPIC - (a line of "
                     "JSON each) or - (lines of TOPIC JSON)");
    }
    if (is_raw && self.is_cbor) {
        return edai_cli_fail(
            cli, EDAI_EXIT_USAGE, "--raw sends a file untouched; leave --cbor out");
    }
    edai_exit code = EDAI_EXIT_OK;
    if (cli->args.word_count == 2) {
        code = check_words(cli);
    }
    if (code == EDAI_EXIT_OK) {
        code = edai_session_open(cli, &self.session);
    }
    if (code != EDAI_EXIT_OK) {
        return code;
    }
    if (type != NULL) {
        edai_wire_attachment(&self.attachment, &(edai_attachment){.type = eda_str_from(type)});
    }
    code = edai_presence_begin(&self.presence, &self.session);
    if (code == EDAI_EXIT_OK) {
        code = put_all(&self);
    }
    if (code == EDAI_EXIT_OK) {
        code = prove(&self);
    }
    edai_session_close(&self.session); /* only now it has left */
    if (code == EDAI_EXIT_OK && edai_presence_is_lost(&self.presence)) {
        code = doubt(&self, EDAI_EXIT_UNREACHABLE);
    }
    edai_buffer_fini(&self.attachment);
    return code;
}

const edai_verb edai_verb_pub = {.name = "pub",
    .usage = "TOPIC JSON | TOPIC - | - | TOPIC --raw MIME FILE",
    .about = "publish a message, or one per line",
    .more =
        "TOPIC -: each line of the input is the JSON of one message.\n"
        "-: each line is TOPIC JSON, or an object as sub prints it: {\"topic\": ..., \"value\": "
        "...}.\n"
        "It ends when everything has left. A wrong message is not answered: the node that gets "
        "it\n"
        "drops, counts and logs it; ask tells what is wrong.",
    .examples = "  edacious pub door/front/unlock '{\"badge\": \"7\"}'\n"
                "  edacious pub door/front/unlock - < badges.jsonl\n"
                "  edacious sub --count 10 'door/**' > some.jsonl; edacious pub - < some.jsonl\n"
                "  edacious pub camera/1/frame --raw image/png frame.png\n",
    .options = options,
    .words_min = 1,
    .words_max = 2,
    .run = run};
