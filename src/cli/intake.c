/* intake.c - see intake.h. A pipe wakes the taker, since a signal's handler may write to one. */
#define _GNU_SOURCE 1 /* pipe2 */

#include "cli/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

/* For the handler, which may run on any thread: who takes the intake away waits until it is out. */
static _Atomic(edai_intake *) caught;
static _Atomic unsigned in_handler;
static struct sigaction before_int;
static struct sigaction before_term;

eda_status edai_intake_init(edai_intake *intake)
{
    *intake = (edai_intake){.size = 0};
    if (pipe2(intake->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return EDA_ELIMIT;
    }
    intake->end = &intake->first;
    edai_mutex_init(&intake->mutex);
    return EDA_OK;
}

void edai_intake_fini(edai_intake *intake)
{
    while (intake->first != NULL) {
        edai_intake_item *next = intake->first->next;

        edai_free(intake->first);
        intake->first = next;
    }
    (void)close(intake->pipe[0]);
    (void)close(intake->pipe[1]);
    edai_mutex_fini(&intake->mutex);
}

/* One byte in the pipe is enough. */
static void ring(edai_intake *intake)
{
    if (!atomic_exchange_explicit(&intake->is_rung, true, memory_order_seq_cst)) {
        ssize_t written = write(intake->pipe[1], "", 1);
        (void)written; /* the pipe is empty, so there is room */
    }
}

static void unring(edai_intake *intake)
{
    struct pollfd poll_for = {.fd = intake->pipe[0], .events = POLLIN};
    char byte;

    if (poll(&poll_for, 1, -1) == 1) {
        ssize_t got = read(intake->pipe[0], &byte, 1);
        (void)got;
        /* Cleared before the list is looked at: who appends later rings again. */
        atomic_store_explicit(&intake->is_rung, false, memory_order_seq_cst);
    }
}

static uint8_t *append(uint8_t *at, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(at, bytes, len);
    }
    return at + len;
}

static size_t size_of(const eda_bus_message *message)
{
    return sizeof(edai_intake_item) + message->key.len + message->encoding.len +
           message->payload.len + message->attachment.len;
}

static edai_intake_item *copy_message(const eda_bus_message *message)
{
    edai_intake_item *item = edai_calloc(1, size_of(message));

    if (item == NULL) {
        return NULL;
    }
    uint8_t *at = (uint8_t *)(item + 1);
    item->at = edai_clock_wall_ns();
    item->key = (eda_str){.ptr = (const char *)at, .len = message->key.len};
    at = append(at, message->key.ptr, message->key.len);
    item->encoding = (eda_str){.ptr = (const char *)at, .len = message->encoding.len};
    at = append(at, message->encoding.ptr, message->encoding.len);
    item->payload = (eda_bytes){.ptr = at, .len = message->payload.len};
    at = append(at, message->payload.ptr, message->payload.len);
    item->attachment = (eda_bytes){.ptr = at, .len = message->attachment.len};
    (void)append(at, message->attachment.ptr, message->attachment.len);
    return item;
}

static size_t size_of_item(const edai_intake_item *item)
{
    return sizeof *item + item->key.len + item->encoding.len + item->payload.len +
           item->attachment.len;
}

void edai_intake_put(edai_intake *intake, const eda_bus_message *message)
{
    edai_intake_item *item = copy_message(message);

    edai_mutex_lock(&intake->mutex);
    if (item == NULL || intake->size + size_of_item(item) > EDAI_INTAKE_SIZE_MAX) {
        intake->dropped++;
        edai_mutex_unlock(&intake->mutex);
        edai_free(item);
        return;
    }
    intake->size += size_of_item(item);
    *intake->end = item;
    intake->end = &item->next;
    edai_mutex_unlock(&intake->mutex);
    ring(intake);
}

void edai_intake_stop(edai_intake *intake)
{
    atomic_store_explicit(&intake->is_stopped, true, memory_order_seq_cst);
    ring(intake);
}

static edai_intake_item *try_take(edai_intake *intake)
{
    edai_mutex_lock(&intake->mutex);
    edai_intake_item *item = intake->first;
    if (item != NULL) {
        intake->first = item->next;
        if (item->next == NULL) {
            intake->end = &intake->first;
        }
        intake->size -= size_of_item(item);
    }
    edai_mutex_unlock(&intake->mutex);
    return item;
}

edai_intake_item *edai_intake_take(edai_intake *intake)
{
    for (;;) {
        bool is_stopped = atomic_load_explicit(&intake->is_stopped, memory_order_seq_cst);
        edai_intake_item *item = try_take(intake);

        if (item != NULL || is_stopped) {
            return item;
        }
        unring(intake);
    }
}

/* --- signals --- */

static void on_signal(int number)
{
    int error = errno;

    atomic_fetch_add_explicit(&in_handler, 1, memory_order_seq_cst);
    edai_intake *intake = atomic_load_explicit(&caught, memory_order_seq_cst);

    (void)number;
    if (intake != NULL) {
        edai_intake_stop(intake);
    }
    atomic_fetch_sub_explicit(&in_handler, 1, memory_order_seq_cst);
    errno = error;
}

void edai_intake_catch_signals(edai_intake *intake)
{
    struct sigaction action;

    if (intake == NULL) {
        (void)sigaction(SIGINT, &before_int, NULL);
        (void)sigaction(SIGTERM, &before_term, NULL);
        atomic_store_explicit(&caught, NULL, memory_order_seq_cst);
        while (atomic_load_explicit(&in_handler, memory_order_seq_cst) > 0) {
            edai_thread_yield();
        }
        return;
    }
    atomic_store_explicit(&caught, intake, memory_order_seq_cst);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &before_int);
    (void)sigaction(SIGTERM, &action, &before_term);
}
