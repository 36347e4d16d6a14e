/* lines.c - a program that keeps its own loop: a pumped system has no threads.
 *
 * The program polls what it always polled, and the system's descriptor with it. Whenever that is
 * readable, or a timer is due, it lets the system take a step, and every handler runs here, on
 * this thread. */
#define _POSIX_C_SOURCE 200809L /* poll, read */

#include <edacious/edacious.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define TURNS_MAX 64 /* of one step: then the loop looks at its other descriptors again */

EDA_MESSAGE(input_read, "input/read", (eda_str, text));
EDA_RECORD(count, (uint64_t, lines), (uint64_t, bytes));
EDA_REQUEST(count_get, count, "input/count/get");

typedef struct counter {
    count now;
} counter;

static void counter_on_read(counter *self, const input_read *input)
{
    const char *at = input->text.ptr;
    const char *end = at + input->text.len;

    self->now.bytes += input->text.len;
    for (; at < end; at++) {
        self->now.lines += *at == '\n';
    }
}

static void counter_on_get(counter *self, const count_get *get, count *ret_count)
{
    (void)get;
    *ret_count = self->now;
}

EDA_ACTOR(counter, eda_none, on(input_read, counter_on_read), answers(count_get, counter_on_get));

/* Reads some of standard input and publishes it; `ret_is_end`: there is no more. */
static eda_status read_some(eda_ctx *client, bool *ret_is_end)
{
    char buffer[16]; /* small, so that this takes several rounds */
    ssize_t len = read(STDIN_FILENO, buffer, sizeof(buffer));

    if (len < 0) {
        return errno == EINTR || errno == EAGAIN ? EDA_OK : EDA_EIO;
    }
    *ret_is_end = len == 0;
    if (len == 0) {
        return EDA_OK;
    }
    return eda_publish(
        client, EDA_MSG(input_read, .text = {.ptr = buffer, .len = (size_t)len}), NULL);
}

static eda_status loop(eda_system *sys)
{
    struct pollfd polled[] = {
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = eda_system_fd(sys), .events = POLLIN}};
    uint32_t wait_ms = 0;
    bool is_end = false;

    while (!is_end) {
        /* wait_ms: when the next timer is due, 0 if the last step left work. */
        int timeout = wait_ms > 60000 ? -1 : (int)wait_ms;

        if (poll(polled, 2, timeout) < 0 && errno != EINTR) {
            return EDA_EIO;
        }
        if (polled[0].revents != 0) {
            EDA_TRY(read_some(eda_system_client(sys), &is_end));
        }
        (void)eda_system_step(sys, TURNS_MAX, &wait_ms);
    }
    return EDA_OK;
}

static eda_status run(eda_system *sys)
{
    const count *at = NULL;

    EDA_TRY(eda_add_linked(sys));
    EDA_TRY(eda_system_start(sys));
    EDA_TRY(loop(sys));
    /* A client's waiting calls take the steps themselves. */
    EDA_TRY(eda_ask(eda_system_client(sys), EDA_ASK(count_get, &at), 1000));
    printf("%" PRIu64 " lines, %" PRIu64 " bytes\n", at->lines, at->bytes);
    return EDA_OK;
}

int main(void)
{
    const eda_options options = {.pumped = true};
    eda_system *sys = NULL;
    eda_status status = eda_system_new(&options, &sys);

    if (status == EDA_OK) {
        status = run(sys);
    }
    if (status != EDA_OK) {
        fprintf(stderr, "lines: %s\n", eda_status_text(status));
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
