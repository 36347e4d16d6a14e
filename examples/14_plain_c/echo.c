/* echo.c - the same library without a single macro of it.
 *
 * Every macro is short for constants and calls that one may write: descriptors of messages, a
 * descriptor of the actor, values made of a type and a pointer. Nothing is gained by writing them
 * but the knowledge that nothing is hidden. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* EDA_MESSAGE(word_said, "echo/{place}/word", (eda_str, place), (eda_str, text)); */
typedef struct word_said {
    eda_str place;
    eda_str text;
} word_said;

static const eda_field word_said_fields[] = {
    {.name = "place", .type = &eda_type_eda_str, .offset = offsetof(word_said, place)},
    {.name = "text", .type = &eda_type_eda_str, .offset = offsetof(word_said, text)},
    {.name = NULL}};
static eda_type_slot word_said_slot; /* the library's: where it keeps the type's number */
static const eda_type word_said_type = {.name = "word_said",
    .topic = "echo/{place}/word",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(word_said),
    .slot = &word_said_slot,
    .fields = word_said_fields};

/* EDA_RECORD(echo_total, (uint64_t, words), (uint64_t, bytes)); */
typedef struct echo_total {
    uint64_t words;
    uint64_t bytes;
} echo_total;

static const eda_field echo_total_fields[] = {
    {.name = "words", .type = &eda_type_uint64_t, .offset = offsetof(echo_total, words)},
    {.name = "bytes", .type = &eda_type_uint64_t, .offset = offsetof(echo_total, bytes)},
    {.name = NULL}};
static const eda_type echo_total_type = {.name = "echo_total",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(echo_total),
    .fields = echo_total_fields};

/* EDA_REQUEST(echo_get, echo_total, "echo/{place}/get", (eda_str, place)); */
typedef struct echo_get {
    eda_str place;
} echo_get;

static const eda_field echo_get_fields[] = {
    {.name = "place", .type = &eda_type_eda_str, .offset = offsetof(echo_get, place)},
    {.name = NULL}};
static eda_type_slot echo_get_slot;
static const eda_type echo_get_type = {.name = "echo_get",
    .topic = "echo/{place}/get",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(echo_get),
    .slot = &echo_get_slot,
    .fields = echo_get_fields,
    .reply = &echo_total_type};

/* The actor's state, and its handlers as the runtime calls them: with pointers to anything. */
typedef struct echo {
    echo_total total;
} echo;

static eda_status echo_on_word(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    echo *self = state;
    const word_said *word = message;

    (void)ret_reply;
    (void)ctx;
    self->total.words++;
    self->total.bytes += word->text.len;
    printf(
        "%.*s! %.*s!\n", (int)word->text.len, word->text.ptr, (int)word->text.len, word->text.ptr);
    return EDA_OK;
}

static eda_status echo_on_get(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    const echo *self = state;
    echo_total *ret_total = ret_reply;

    (void)message;
    (void)ctx;
    *ret_total = self->total;
    return EDA_OK;
}

/* EDA_ACTOR(echo, eda_none, key(place), on(word_said, ...), answers(echo_get, ...)); but for the
 * list that eda_add_linked reads: this one is added by hand. */
static const eda_handler echo_handlers[] = {{.type = &word_said_type, .fn = echo_on_word},
    {.type = &echo_get_type, .fn = echo_on_get, .answers = true}, {.fn = NULL}};
static const eda_actor echo_actor = {.name = "echo",
    .size = sizeof(echo),
    .deps = &eda_type_eda_none,
    .key = "place",
    .handlers = echo_handlers};

static eda_status say(eda_ctx *client, const char *text)
{
    const word_said word = {.place = eda_str_from("canyon"), .text = eda_str_from(text)};
    const eda_value value = {.type = &word_said_type, .data = &word};

    return eda_publish_wait(client, value, 1000);
}

static eda_status show_total(eda_ctx *client)
{
    const echo_get get = {.place = eda_str_from("canyon")};
    const void *reply = NULL;
    const eda_request request = {
        .value = {.type = &echo_get_type, .data = &get}, .ret_reply = &reply};
    eda_status status = eda_ask(client, request, 1000);

    if (status == EDA_OK) {
        const echo_total *total = reply;

        printf("%" PRIu64 " words, %" PRIu64 " bytes\n", total->words, total->bytes);
    }
    return status;
}

static eda_status run(eda_system *sys)
{
    const eda_added added = {.actor = &echo_actor};
    eda_status status = eda_add(sys, added);

    if (status == EDA_OK) {
        status = eda_system_start(sys);
    }
    if (status == EDA_OK) {
        status = say(eda_system_client(sys), "hello");
    }
    if (status == EDA_OK) {
        status = say(eda_system_client(sys), "who is there");
    }
    if (status == EDA_OK) {
        status = show_total(eda_system_client(sys));
    }
    return status;
}

int main(void)
{
    eda_system *sys = NULL;
    eda_status status = eda_system_new(NULL, &sys);

    if (status == EDA_OK) {
        status = run(sys);
        if (status != EDA_OK) {
            fprintf(stderr, "echo: %s: %s\n", eda_status_text(status), eda_system_error(sys));
        }
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
