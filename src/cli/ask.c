/* ask.c - `edacious ask`: a get, and its answer or why it was refused. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/payload.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/words.h"
#include "message/json.h"

static const edai_args_option options[] = {
    {.name = "--cbor", .help = "send CBOR, and get CBOR; printed as JSON"},
    {.name = "--raw", .help = "print the payload of the answer untouched"},
    {.name = "--all", .help = "ask all who answer, a line each"},
    {.name = "--type", .value = "NAME", .help = "the message type, where two share a topic"},
    {.name = NULL}};

/* Where several types share a topic. */
static const char *hint_of(const char *code)
{
    return strcmp(code, "EDA_ECONFLICT") == 0
               ? "; --type NAME says which, edacious messages lists them"
               : "";
}

/* Whether it was handled nobody knows. */
static bool is_unknown(const char *code)
{
    return strcmp(code, eda_status_name(EDA_ETIMEOUT)) == 0 ||
           strcmp(code, eda_status_name(EDA_EUNKNOWN)) == 0;
}

/* Error answers are {"code", "message", "status"} (docs/wire.md), in JSON or CBOR; others are
 * printed as they are. */
static edai_exit print_error(edai_cli *cli, const edai_answer *answer)
{
    json_t *tree = NULL;
    edai_buffer shown = {.size = 0};
    edai_exit ends = EDAI_EXIT_FAILED;

    edai_payload_put(&shown, answer->encoding, answer->payload);
    if (edai_json_parse(edai_text_str(&shown), &tree, NULL) == EDA_OK) {
        const char *code = json_string_value(json_object_get(tree, "code"));
        const json_t *number = json_object_get(tree, "status"); /* of the application's own */
        const char *message = json_string_value(json_object_get(tree, "message"));
        char own[24] = "";

        if (code != NULL) {
            if (json_is_integer(number)) {
                (void)snprintf(own, sizeof own, " %lld", (long long)json_integer_value(number));
            }
            ends = is_unknown(code) ? EDAI_EXIT_TIMEOUT : ends;
            edai_buffer_clear(&shown);
            edai_text_format(&shown, "%s%s: %s%s", code, own, message != NULL ? message : "refused",
                hint_of(code));
        }
        json_decref(tree);
    }
    (void)edai_cli_fail(cli, ends, "%.*s", EDA_STR_ARG(edai_text_str(&shown)));
    edai_buffer_fini(&shown);
    return ends;
}

static void print_answer(edai_cli *cli, const edai_answer *answer, bool is_raw)
{
    edai_buffer text = {.size = 0};

    if (is_raw) {
        (void)fwrite(answer->payload.ptr, 1, answer->payload.len, cli->out);
        return;
    }
    edai_payload_put(&text, answer->encoding, answer->payload);
    (void)fwrite(text.bytes, 1, text.size, cli->out);
    (void)fputc('\n', cli->out);
    edai_buffer_fini(&text);
}

static edai_exit nobody(edai_session *session, const char *topic)
{
    if (edai_words_is_pattern(eda_str_from(topic)) && topic[0] != '@') {
        return edai_cli_fail(session->cli, EDAI_EXIT_UNREACHABLE,
            "nobody answers %s by %s: actors do not answer patterns; ask one topic, with a value "
            "in place of each *",
            topic, session->where);
    }
    return edai_cli_fail(session->cli, EDAI_EXIT_UNREACHABLE,
        "nobody answers %s by %s: no node there serves it (edacious messages shows what is "
        "answered), or this side may not ask",
        topic, session->where);
}

static edai_exit print_all(edai_session *session, const edai_answers *answers, const char *topic)
{
    edai_cli *cli = session->cli;
    bool is_raw = edai_args_has(&cli->args, "--raw");
    edai_exit code = EDAI_EXIT_OK;

    for (const edai_answer *one = answers->first; one != NULL; one = one->next) {
        if (one->is_error) {
            edai_exit ends = print_error(cli, one);
            code = code == EDAI_EXIT_FAILED ? code : ends; /* a refusal says more */
        } else {
            print_answer(cli, one, is_raw);
        }
    }
    edai_exit flushed = edai_cli_flush(cli);
    if (flushed != EDAI_EXIT_OK) {
        return flushed;
    }
    edai_exit ended = edai_session_end(session, topic, answers);
    if (ended != EDAI_EXIT_OK) {
        return ended;
    }
    return answers->first != NULL ? code : nobody(session, topic);
}

/* The payload: nothing, JSON, or the same as CBOR. */
static edai_exit make_payload(edai_cli *cli, edai_buffer *payload)
{
    const char *json = cli->args.word_count > 1 ? cli->args.words[1] : NULL;
    eda_problem problem = {.text = ""};
    eda_status status = EDA_OK;

    if (json != NULL) {
        status = edai_args_has(&cli->args, "--cbor")
                     ? edai_payload_to_cbor(payload, eda_str_from(json), &problem)
                     : edai_payload_put_json(payload, eda_str_from(json), &problem);
    }
    if (status != EDA_OK || payload->is_broken) {
        return edai_words_refuse_json(cli, status != EDA_OK ? status : EDA_ENOMEM, &problem);
    }
    return EDAI_EXIT_OK;
}

static edai_exit ask(edai_session *session, const edai_buffer *payload)
{
    const edai_args *args = &session->cli->args;
    const char *topic = args->words[0];
    const char *type = edai_args_value(args, "--type");
    edai_buffer attachment = {.size = 0};
    edai_answers answers = {.first = NULL};

    if (type != NULL) {
        edai_wire_attachment(&attachment, &(edai_attachment){.type = eda_str_from(type)});
    }
    const eda_bus_message request = {.key = eda_str_from(topic),
        .encoding = edai_args_has(args, "--cbor") ? EDA_STR("application/cbor")
                                                  : EDA_STR("application/json"),
        .payload = {.ptr = payload->bytes, .len = payload->size},
        .attachment = {.ptr = attachment.bytes, .len = attachment.size}};
    edai_exit code = edai_session_get(session, &request, edai_args_has(args, "--all"), 0, &answers);
    if (code == EDAI_EXIT_OK) {
        code = print_all(session, &answers, topic);
    }
    edai_answers_free(&answers);
    edai_buffer_fini(&attachment);
    return code;
}

static edai_exit run(edai_cli *cli)
{
    edai_session session = {.bus = NULL};
    edai_buffer payload = {.size = 0};
    edai_exit code = make_payload(cli, &payload);

    if (code == EDAI_EXIT_OK) {
        eda_str topic = eda_str_from(cli->args.words[0]);

        code = edai_args_has(&cli->args, "--all") ? edai_words_check_pattern(cli, topic)
                                                  : edai_words_check_topic(cli, topic);
    }
    if (code == EDAI_EXIT_OK) {
        code = edai_session_open(cli, &session);
    }
    if (code == EDAI_EXIT_OK) {
        code = ask(&session, &payload);
        edai_session_close(&session);
    }
    edai_buffer_fini(&payload);
    return code;
}

const edai_verb edai_verb_ask = {.name = "ask",
    .usage = "TOPIC [JSON]",
    .about = "ask a request and print the answer",
    .more = "A refusal goes to standard error with its code, and the command ends with 1.",
    .examples = "  edacious ask door/front/status\n"
                "  edacious ask account/7/transfer '{\"to\": 8, \"amount\": 5}'\n"
                "  edacious ask --all '@edacious/v1/edacious/catalogue/**'\n",
    .options = options,
    .words_min = 1,
    .words_max = 2,
    .run = run};
