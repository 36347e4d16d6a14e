/* reader.c - reads a recorded log and publishes its lines, in their order.
 *
 * Some lines a turn, and then it sends itself a note where to go on. Between two turns it holds
 * neither a file nor a line, only its counts, and those are saved. As a turn's publishes wait for
 * full receivers before the next turn begins, a log of any length passes through little memory. */
#define _POSIX_C_SOURCE 200809L /* strerror_r */

#include "badge.h"
#include "door.h"
#include "line.h"
#include "log.h"
#include <edacious/edacious.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TURN_LINES_MAX 64
#define TURN_SIZE_MAX (1u << 18) /* bytes of lines; the one that reaches it is the turn's last */

EDA_RECORD(reader_go_on,
    (eda_str, path),
    (uint64_t, offset, .unit = "bytes"));

typedef struct reader {
    char *buffer; /* LINE_SIZE_MAX bytes */
    uint64_t accepted;
    uint64_t bad_line;
    uint64_t bad_topic;
    uint64_t unknown_topic;
    uint64_t bad_payload;
} reader;

static eda_status reader_start(reader *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    (void)ctx;
    self->buffer = malloc(LINE_SIZE_MAX);
    return self->buffer == NULL ? EDA_ENOMEM : EDA_OK;
}

static void reader_stop(reader *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)reason;
    (void)ctx;
    free(self->buffer);
}

/* Counts a line by what became of it. Any status that is no verdict on the line fails the turn. */
static eda_status count(reader *self, eda_status status)
{
    switch (status) {
    case EDA_OK:
        self->accepted++;
        return EDA_OK;
    case EDA_EKEY:
        self->bad_topic++;
        return EDA_OK;
    case EDA_ENOTYPE:
    case EDA_EPERM: /* not in our emits: a log cannot forge an entry or an alarm */
        self->unknown_topic++;
        return EDA_OK;
    case EDA_ESYNTAX:
    case EDA_EINVAL:
    case EDA_ERANGE:
        self->bad_payload++;
        return EDA_OK;
    default:
        return status;
    }
}

static eda_status publish_line(reader *self, size_t len, eda_ctx *ctx)
{
    line parsed;
    eda_status status = len > LINE_SIZE_MAX ? EDA_ESYNTAX : line_parse(self->buffer, len, &parsed);

    if (status == EDA_ESYNTAX) {
        self->bad_line++;
        return EDA_OK;
    }
    EDA_TRY(status);
    status = eda_publish_json(ctx, parsed.topic, eda_str_from(parsed.payload), NULL);
    line_free(&parsed);
    return count(self, status);
}

/* Publishes a turn's worth of lines. `ret_is_end`: there are no more. */
static eda_status publish_lines(reader *self, FILE *file, bool *ret_is_end, eda_ctx *ctx)
{
    size_t size = 0;

    *ret_is_end = false;
    for (int i = 0; i < TURN_LINES_MAX && size < TURN_SIZE_MAX; i++) {
        size_t len = 0;

        if (!line_read(file, self->buffer, &len)) {
            *ret_is_end = true;
            break;
        }
        EDA_TRY(publish_line(self, len, ctx));
        size += len;
    }
    return ferror(file) ? EDA_EIO : EDA_OK;
}

/* What the last failed call on the file was about. */
static void log_error(const char *name, eda_ctx *ctx)
{
    char text[128] = "unknown error";

    (void)strerror_r(errno, text, sizeof(text)); /* on failure it leaves some text, which will do */
    eda_log(ctx, "cannot read %s: %s", name, text);
}

static eda_status read_some(reader *self, eda_str path, uint64_t offset, eda_ctx *ctx)
{
    char *name = eda_scratch(ctx, path.len + 1); /* zeroed, so it is terminated */
    FILE *file;
    bool is_end = false;
    long end = 0;
    eda_status status = EDA_EIO;

    if (name == NULL) {
        return EDA_ENOMEM;
    }
    memcpy(name, path.ptr, path.len);
    file = fopen(name, "rb");
    if (file != NULL && fseek(file, (long)offset, SEEK_SET) == 0) {
        status = publish_lines(self, file, &is_end, ctx);
        end = ftell(file);
    }
    if (status == EDA_EIO) {
        log_error(name, ctx);
    }
    if (file != NULL) {
        fclose(file);
    }
    if (status != EDA_OK || is_end) {
        return status;
    }
    return eda_after(
        ctx, EDA_MSG(reader_go_on, .path = path, .offset = (uint64_t)end), EDA_MS(0), NULL);
}

static eda_status reader_on_file(reader *self, const read_file *order, eda_ctx *ctx)
{
    return read_some(self, order->path, 0, ctx);
}

static eda_status reader_on_go_on(reader *self, const reader_go_on *note, eda_ctx *ctx)
{
    return read_some(self, note->path, note->offset, ctx);
}

static void reader_on_get(reader *self, const reading_get *get, reading_totals *ret_totals)
{
    (void)get;
    *ret_totals = (reading_totals){.accepted = self->accepted,
        .bad_line = self->bad_line,
        .bad_topic = self->bad_topic,
        .unknown_topic = self->unknown_topic,
        .bad_payload = self->bad_payload};
}

EDA_ACTOR(reader, eda_none,
    options(.doc = "Publishes recorded logs, line by line."),
    saves(accepted, bad_line, bad_topic, unknown_topic, bad_payload),
    emits(door_policy, badge_grant, badge_revoke, badge_swipe), /* all that a log may hold */
    start(reader_start),
    stop(reader_stop),
    on(read_file, reader_on_file),
    on_self(reader_go_on, reader_on_go_on),
    answers(reading_get, reader_on_get));
