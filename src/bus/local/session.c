/* session.c - a session of the bus between processes: open and close, put, and its thread. */
#define _GNU_SOURCE 1

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/memory.h"
#include "bus/driver/config.h"
#include "bus/driver/parcel.h"
#include "bus/local/local.h"

bool edai_local_is_forked(const eda_bus *bus)
{
    return bus->fork_count != edai_fork_count();
}

void edai_local_say(const eda_bus *bus, const char *line)
{
    if (bus->log != NULL) {
        bus->log(bus->arg, eda_str_from(line));
    }
}

void edai_local_wake(const eda_bus *bus)
{
    uint64_t one = 1;
    ssize_t written = write(bus->wake_fd, &one, sizeof(one));

    EDA_ASSERT(written == (ssize_t)sizeof(one), "a counter takes one more");
}

void edai_local_send(eda_bus *bus, edai_node *node)
{
    edai_link_add(&bus->link, node);
    /* What is left, and a connection that is gone, the thread sees. */
    if (edai_link_send(&bus->link) != EDA_OK || !edai_link_is_empty(&bus->link)) {
        edai_local_wake(bus);
    }
}

static eda_status put(eda_bus *bus, const eda_bus_message *message)
{
    EDA_TRY(edai_parcel_check(message, false));
    if (edai_local_is_forked(bus)) {
        return EDA_ECLOSED;
    }
    edai_frame frame = {.type = EDAI_FRAME_PUT,
        .flags = message->is_urgent ? EDAI_FRAME_URGENT : 0,
        .body = edai_block_of_message(message)};
    edai_node *node = frame.body != NULL ? edai_node_new(&frame) : NULL;
    edai_block_free(frame.body);
    if (node == NULL) {
        return EDA_ENOMEM;
    }
    edai_mutex_lock(&bus->mutex);
    size_t waiting = bus->link.waiting_size;
    eda_status status = EDA_OK;
    if (bus->is_closing) {
        status = EDA_ECLOSED;
    } else if (waiting > 0 && waiting + edai_node_size(node) > bus->queue_size) {
        status = EDA_EFULL; /* one put always fits an empty queue */
    } else {
        edai_local_send(bus, node);
        node = NULL;
    }
    edai_mutex_unlock(&bus->mutex);
    edai_node_free(node);
    return status;
}

/* --- the connection --- */

/* Says who it is and declares everything; then goes on with what waited. */
static eda_status greet(eda_bus *bus)
{
    edai_frame frame = {.type = EDAI_FRAME_HELLO, .id = bus->session, .other = EDAI_FRAME_VERSION};

    EDA_TRY(edai_link_tell(&bus->link, &frame));
    for (const edai_local_declaration *d = bus->declarations; d != NULL; d = d->next) {
        frame = (edai_frame){.type = (uint8_t)d->type, .id = d->id, .body = d->key};
        EDA_TRY(edai_link_tell(&bus->link, &frame));
    }
    frame = (edai_frame){.type = EDAI_FRAME_SETTLE};
    return edai_link_tell(&bus->link, &frame);
}

/* Adds again what waited; frees what the greeting has said, or what is of the connection before. */
static void go_on(eda_bus *bus, edai_node *nodes, bool with_gets)
{
    while (nodes != NULL) {
        edai_node *next = nodes->next;
        if (nodes->type == EDAI_FRAME_PUT || (with_gets && nodes->type == EDAI_FRAME_GET)) {
            edai_link_add(&bus->link, nodes);
        } else {
            edai_node_free(nodes);
        }
        nodes = next;
    }
}

/* Takes the hub's place if it is free. EDA_ESTATE: it is not. */
static eda_status become_hub(eda_bus *bus, eda_bus_problem *problem)
{
    edai_hub_options options = {
        .path = bus->at.path, .session = bus->session, .log = bus->log, .arg = bus->arg};

    EDA_TRY(edai_endpoint_lock(bus->at.path, &options.lock_fd, problem));
    eda_status status = edai_hub_start(&options, &bus->hub, problem);
    if (status != EDA_OK) {
        (void)close(options.lock_fd);
    }
    return status;
}

/* EDA_ENOENT: nobody is there yet, to be tried again. */
static eda_status reach_hub(eda_bus *bus, int *ret_fd, eda_bus_problem *problem)
{
    if (bus->hub == NULL && !bus->at.is_guest) {
        eda_status status = become_hub(bus, problem);
        if (status != EDA_OK && status != EDA_ESTATE) {
            return status;
        }
    }
    eda_status status = edai_endpoint_connect(bus->at.path, ret_fd, problem);
    if (status == EDA_ENOENT && bus->at.is_guest && !edai_endpoint_is_held(bus->at.path)) {
        return edai_config_refuse(problem, EDA_EIO, "local: nobody listens at %s", bus->at.path);
    }
    return status;
}

/* EDA_ENOENT as above. */
static eda_status join(eda_bus *bus, eda_bus_problem *problem)
{
    int fd = -1;

    EDA_TRY(reach_hub(bus, &fd, problem));
    edai_mutex_lock(&bus->mutex);
    edai_node *waiting = edai_link_cut(&bus->link);
    eda_status status = greet(bus);
    if (status == EDA_OK) {
        bus->link.fd = fd;
    } else {
        edai_link_mute(&bus->link);
        (void)close(fd);
        (void)edai_config_refuse(problem, status, "local: no memory to declare anew");
    }
    go_on(bus, waiting, true);
    edai_mutex_unlock(&bus->mutex);
    return status;
}

/* Waits until something happens to the session, or so long. */
static void pause_for(eda_bus *bus, int timeout_ms)
{
    struct pollfd polled = {.fd = bus->wake_fd, .events = POLLIN};
    uint64_t ignored;

    (void)poll(&polled, 1, timeout_ms);
    (void)!read(bus->wake_fd, &ignored, sizeof(ignored));
}

static void back_off(eda_bus *bus, int *delay_ms)
{
    pause_for(bus, *delay_ms);
    *delay_ms = *delay_ms < EDAI_LOCAL_RETRY_MAX_MS / 2 ? *delay_ms * 2 : EDAI_LOCAL_RETRY_MAX_MS;
}

/* The connection is gone, and with it what was asked. */
static void lose(eda_bus *bus)
{
    edai_mutex_lock(&bus->mutex);
    go_on(bus, edai_link_cut(&bus->link), false);
    bus->is_welcome = false;
    edai_local_doubt(bus);
    edai_mutex_unlock(&bus->mutex);
    bus->lost_ns = edai_clock_monotonic_ns();
    edai_local_end_all(bus, EDA_ECLOSED);
}

/* By the thread, once; what keeps it from a hub is said when it changes. Where a guest has found
 * nobody for longer than anybody takes to become the hub, nobody is left. */
static void rejoin(eda_bus *bus, int *delay_ms, eda_bus_problem *said)
{
    eda_bus_problem problem = {.text = {0}};
    eda_status status = join(bus, &problem);

    if (status == EDA_OK) {
        said->text[0] = 0;
        return;
    }
    if (status != EDA_ENOENT && strcmp(problem.text, said->text) != 0) {
        edai_local_say(bus, problem.text);
        *said = problem;
    }
    /* By the clock, since whatever is sent meanwhile makes it try sooner. */
    if (status == EDA_EIO && bus->at.is_guest &&
        edai_clock_monotonic_ns() - bus->lost_ns >= EDA_MS(EDAI_LOCAL_GONE_MS)) {
        edai_local_settle(bus);
    }
    back_off(bus, delay_ms);
}

/* --- the thread --- */

static eda_status on_frame(void *arg, const edai_frame *frame)
{
    return edai_local_told(arg, frame);
}

static int timeout_of(int64_t until_ns)
{
    if (until_ns == EDAI_NO_DEADLINE) {
        return -1;
    }
    int64_t ms = (until_ns - edai_clock_monotonic_ns() + 999999) / 1000000;
    return ms <= 0 ? 0 : (int)(ms < 60000 ? ms : 60000);
}

/* Waits, reads and sends, once. A session that closes reads no more. */
static eda_status work(eda_bus *bus, int64_t until_ns, bool is_closing)
{
    struct pollfd polled[2] = {{.fd = bus->wake_fd, .events = POLLIN}, {.fd = bus->link.fd}};
    uint64_t ignored;

    edai_mutex_lock(&bus->mutex);
    int events = (is_closing ? 0 : POLLIN) | (edai_link_is_empty(&bus->link) ? 0 : POLLOUT);
    edai_mutex_unlock(&bus->mutex);
    polled[1].events = (short)events;
    if (poll(polled, 2, timeout_of(until_ns)) <= 0) {
        return EDA_OK;
    }
    if ((polled[0].revents & POLLIN) != 0) {
        (void)!read(bus->wake_fd, &ignored, sizeof(ignored));
    }
    if (!is_closing && (polled[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        EDA_TRY(edai_link_receive(&bus->link, on_frame, bus));
    }
    edai_mutex_lock(&bus->mutex);
    eda_status status = edai_link_send(&bus->link);
    edai_mutex_unlock(&bus->mutex);
    return status;
}

/* True once nothing is left to be sent, or can be, or the time for it is over. */
static bool is_over(eda_bus *bus, bool *ret_is_closing, int64_t *ret_until_ns)
{
    edai_mutex_lock(&bus->mutex);
    bool is_empty = edai_link_is_empty(&bus->link) || bus->link.fd < 0;
    *ret_is_closing = bus->is_closing;
    *ret_until_ns = bus->close_until_ns;
    edai_mutex_unlock(&bus->mutex);
    return *ret_is_closing && (is_empty || edai_clock_monotonic_ns() >= *ret_until_ns);
}

static void *run(void *arg)
{
    eda_bus *bus = arg;
    eda_bus_problem said = {.text = {0}};
    int delay_ms = EDAI_LOCAL_RETRY_MS;
    bool is_closing;
    int64_t until;

    edai_mutex_lock(&bus->mutex);
    bus->thread_self = edai_thread_self();
    edai_mutex_unlock(&bus->mutex);
    while (!is_over(bus, &is_closing, &until)) {
        int64_t soonest = edai_local_expire(bus);
        if (bus->link.fd < 0) {
            rejoin(bus, &delay_ms, &said);
            continue;
        }
        eda_status status = work(bus, is_closing ? until : soonest, is_closing);
        if (status != EDA_OK) {
            if (status != EDA_EIO) {
                edai_local_say(bus, status == EDA_ENOMEM
                                        ? "local: no memory for what the hub sent; connecting anew"
                                        : "local: what the hub sent is no frame of this version");
            }
            if (!bus->is_welcome) { /* it would be the same again at once */
                back_off(bus, &delay_ms);
            }
            lose(bus);
        } else if (bus->is_welcome) {
            delay_ms = EDAI_LOCAL_RETRY_MS;
        }
    }
    edai_local_end_all(bus, EDA_ECLOSED);
    return NULL;
}

/* --- open and close --- */

static void session_free(eda_bus *bus)
{
    edai_link_fini(&bus->link);
    edai_hub_stop(bus->hub, bus->call_ms);
    edai_local_free_declarations(bus);
    edai_local_free_queries(bus);
    if (bus->wake_fd >= 0) {
        (void)close(bus->wake_fd);
    }
    edai_cond_fini(&bus->welcome);
    edai_cond_fini(&bus->rested);
    edai_mutex_fini(&bus->mutex);
    edai_free(bus);
}

static void stop(eda_bus *bus, uint32_t flush_ms)
{
    edai_mutex_lock(&bus->mutex);
    bus->is_closing = true;
    bus->close_until_ns = edai_clock_monotonic_ns() + EDA_MS((int64_t)flush_ms);
    edai_local_wake(bus);
    edai_mutex_unlock(&bus->mutex);
    (void)edai_thread_join(&bus->thread);
}

/* NULL: none, and why. */
static eda_bus *make(
    const eda_bus_options *options, eda_status *ret_status, eda_bus_problem *problem)
{
    eda_bus *bus = edai_calloc(1, sizeof(*bus));

    if (bus == NULL) {
        *ret_status = edai_config_refuse(problem, EDA_ENOMEM, "local: no memory for a session");
        return NULL;
    }
    bus->call_ms = options->call_ms != 0 ? options->call_ms : EDAI_LOCAL_CALL_MS;
    bus->queue_size = options->queue_size != 0 ? options->queue_size : EDAI_LOCAL_QUEUE_SIZE;
    bus->replaced = options->replaced;
    bus->log = options->log;
    bus->arg = options->arg;
    bus->fork_count = edai_fork_count();
    bus->soonest_ns = EDAI_NO_DEADLINE;
    edai_mutex_init(&bus->mutex);
    edai_cond_init(&bus->welcome);
    edai_cond_init(&bus->rested);
    edai_link_init(&bus->link, false);
    bus->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    eda_status status = edai_endpoint_find(options->config, &bus->at, problem);
    if (status == EDA_OK &&
        (bus->wake_fd < 0 || !edai_entropy(&bus->session, sizeof(bus->session)))) {
        status = edai_config_refuse(problem, EDA_EIO, "local: no descriptor or no entropy");
    }
    if (status != EDA_OK) {
        *ret_status = status;
        session_free(bus);
        return NULL;
    }
    return bus;
}

/* Joins; whoever is about to listen is waited for. */
static eda_status join_until(eda_bus *bus, int64_t until, eda_bus_problem *problem)
{
    eda_status status;

    while ((status = join(bus, problem)) == EDA_ENOENT && edai_clock_monotonic_ns() < until) {
        pause_for(bus, EDAI_LOCAL_RETRY_MS);
    }
    if (status == EDA_ENOENT) {
        return edai_config_refuse(problem, EDA_ETIMEOUT,
            "local: %s.lock is held, and nobody listens at %s; is its process stopped?",
            bus->at.path, bus->at.path);
    }
    return status;
}

static eda_status wait_welcome(eda_bus *bus, int64_t until, eda_bus_problem *problem)
{
    bool is_in_time = true;

    edai_mutex_lock(&bus->mutex);
    while (!bus->is_welcome && !bus->is_refused && is_in_time) {
        is_in_time = edai_cond_wait_until(&bus->welcome, &bus->mutex, until);
    }
    bool is_welcome = bus->is_welcome;
    bool is_refused = bus->is_refused;
    edai_mutex_unlock(&bus->mutex);
    if (is_welcome) {
        return EDA_OK;
    }
    return is_refused
               ? edai_config_refuse(problem, EDA_EIO,
                     "local: the hub at %s speaks another version; use one edacious on a host",
                     bus->at.path)
               : edai_config_refuse(problem, EDA_ETIMEOUT,
                     "local: the hub at %s does not answer; is its process stopped?", bus->at.path);
}

static eda_status open_session(
    const eda_bus_options *options, eda_bus **ret_bus, eda_bus_problem *ret_problem)
{
    eda_status status = EDA_OK;
    eda_bus *bus = make(options, &status, ret_problem);

    if (bus == NULL) {
        return status;
    }
    int64_t until = edai_clock_monotonic_ns() + EDA_MS((int64_t)bus->call_ms);
    status = join_until(bus, until, ret_problem);
    if (status == EDA_OK) {
        status = edai_thread_start(&bus->thread, run, bus, "eda-bus");
        if (status != EDA_OK) {
            (void)edai_config_refuse(ret_problem, status, "local: no thread to be had");
        } else {
            status = wait_welcome(bus, until, ret_problem);
            if (status != EDA_OK) {
                stop(bus, 0);
            }
        }
    }
    if (status != EDA_OK) {
        session_free(bus);
        return status;
    }
    *ret_bus = bus;
    return EDA_OK;
}

static void close_session(eda_bus *bus)
{
    if (edai_local_is_forked(bus)) {
        return; /* its threads and its connection are the parent's */
    }
    stop(bus, bus->call_ms);
    session_free(bus);
}

const eda_bus_driver eda_bus_local = {
    .struct_size = sizeof(eda_bus_driver),
    .version = EDA_BUS_VERSION,
    .name = "local",
    .about = "processes of one host over a Unix socket",
    .open = open_session,
    .close = close_session,
    .put = put,
    .subscribe = edai_local_subscribe,
    .serve = edai_local_serve,
    .token = edai_local_token,
    .watch = edai_local_watch,
    .heard = edai_local_heard,
    .drop = edai_local_drop,
    .get = edai_local_get_start,
    .answer = edai_local_answer,
};
