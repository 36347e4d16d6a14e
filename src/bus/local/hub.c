/* hub.c - the thread that relays between the sessions of a host. */
#define _GNU_SOURCE 1

#include "bus/local/hub.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "bus/driver/config.h"
#include "bus/local/endpoint.h"
#include "bus/local/relay.h"

struct edai_hub {
    edai_hub_options options;
    char path[EDAI_ENDPOINT_SIZE];
    int listen_fd;
    int wake_fd;
    edai_thread thread;
    edai_relay route;
    uint32_t peers_len;
    int64_t accept_ns;  /* from then on */
    int64_t settled_ns; /* when the sessions of the hub before have had their time */
    struct pollfd polled[2 + EDAI_HUB_PEERS_MAX];
    edai_peer *asked[EDAI_HUB_PEERS_MAX]; /* whose descriptor stands in `polled`, two places on */
    _Atomic int64_t drain_until_ns;       /* 0: not stopping */
};

static void say(const edai_hub *hub, const char *line)
{
    if (hub->options.log != NULL) {
        hub->options.log(hub->options.arg, eda_str_from(line));
    }
}

/* --- peers --- */

static void let_go(edai_peer *peer, const char *why)
{
    if (!peer->is_gone) {
        peer->is_gone = true;
        peer->why = why;
    }
}

static void add_peer(edai_hub *hub, int fd)
{
    edai_peer *peer = hub->peers_len < EDAI_HUB_PEERS_MAX ? edai_calloc(1, sizeof(*peer)) : NULL;

    if (peer == NULL) {
        say(hub, hub->peers_len < EDAI_HUB_PEERS_MAX ? "local: no memory for one more session"
                                                     : "local: refused a session: 256 are there");
        (void)close(fd);
        return;
    }
    edai_link_init(&peer->link, true);
    peer->link.fd = fd;
    peer->since_ns = hub->route.now_ns;
    peer->next = hub->route.peers;
    hub->route.peers = peer;
    hub->peers_len++;
}

/* False: nobody could be taken. */
static bool accept_all(edai_hub *hub)
{
    unsigned uid = 0;
    bool is_one = false;
    int fd;

    while ((fd = edai_endpoint_accept(hub->listen_fd, &uid)) >= 0) {
        is_one = true;
        if (uid != edai_endpoint_uid()) {
            char line[80];
            (void)snprintf(line, sizeof(line), "local: refused a process of user %u", uid);
            say(hub, line);
            (void)close(fd);
        } else {
            add_peer(hub, fd);
        }
    }
    return is_one;
}

static void sweep(edai_hub *hub)
{
    edai_peer **place = &hub->route.peers;

    while (*place != NULL) {
        edai_peer *peer = *place;
        if (!peer->is_gone) {
            place = &peer->next;
            continue;
        }
        *place = peer->next;
        hub->peers_len--;
        if (peer->why != NULL) {
            char line[120];
            (void)snprintf(line, sizeof(line), "local: a session was disconnected: %s", peer->why);
            say(hub, line);
        }
        edai_relay_leave(&hub->route, peer);
        edai_link_fini(&peer->link);
        edai_free(peer);
        place = &hub->route.peers; /* whom that concerned may be gone now, too */
    }
}

/* --- frames --- */

typedef struct taking {
    edai_hub *hub;
    edai_peer *peer;
} taking;

/* A session that connects anew may be here before its old connection's end was read. What it
 * declares now is the same again, so what it had declared goes first. */
static void replace(edai_hub *hub, const edai_peer *peer, uint64_t session)
{
    for (edai_peer *old = hub->route.peers; old != NULL; old = old->next) {
        if (old != peer && old->has_greeted && old->session == session) {
            let_go(old, NULL);
            edai_relay_leave(&hub->route, old);
        }
    }
}

static eda_status take(void *arg, const edai_frame *frame)
{
    const taking *self = arg;
    edai_peer *peer = self->peer;

    if (peer->has_greeted) {
        return edai_relay_take(&self->hub->route, peer, frame);
    }
    if (frame->type != EDAI_FRAME_HELLO) {
        return EDA_ESYNTAX;
    }
    replace(self->hub, peer, frame->id);
    peer->has_greeted = true;
    peer->session = frame->id;
    edai_relay_tell(&self->hub->route, peer,
        &(edai_frame){.type = EDAI_FRAME_WELCOME, .other = EDAI_FRAME_VERSION});
    return frame->other == EDAI_FRAME_VERSION ? EDA_OK : EDA_ESTATE;
}

static const char *reason(eda_status status)
{
    switch (status) {
    case EDA_EIO:
        return NULL;
    case EDA_ENOMEM:
        return "no memory for what it sent";
    case EDA_ELIMIT:
        return "too many declarations or gets";
    case EDA_ESTATE:
        return "it speaks another version; use one edacious on a host";
    default:
        return "what it sent is no frame";
    }
}

static void receive(edai_hub *hub, edai_peer *peer)
{
    taking self = {hub, peer};
    eda_status status = edai_link_receive(&peer->link, take, &self);

    if (status == EDA_ESTATE) { /* so that it learns why */
        eda_status told = edai_link_send(&peer->link);
        status = told == EDA_OK ? status : told;
    }
    if (status != EDA_OK) {
        let_go(peer, reason(status));
    }
}

static void send_some(edai_hub *hub, edai_peer *peer)
{
    size_t before = peer->link.waiting_size;

    if (edai_link_send(&peer->link) != EDA_OK) {
        peer->is_deaf = true;
        edai_link_mute(&peer->link);
    }
    if (peer->link.waiting_size < before) {
        peer->since_ns = hub->route.now_ns;
    }
}

/* --- time --- */

static void earlier(int64_t *until_ns, int64_t at_ns)
{
    *until_ns = at_ns < *until_ns ? at_ns : *until_ns;
}

/* Who is over a deadline goes; returns when to look again. */
static int64_t look_at_time(edai_hub *hub)
{
    int64_t now = hub->route.now_ns;
    int64_t until = EDAI_NO_DEADLINE;

    for (edai_peer *p = hub->route.peers; p != NULL; p = p->next) {
        int64_t slow = p->since_ns + EDA_MS(EDAI_HUB_SLOW_MS);
        int64_t greet = p->since_ns + EDA_MS(EDAI_HUB_GREET_MS);
        if (edai_relay_is_full(p)) {
            if (slow <= now) {
                let_go(p, "its queue was full for 2 s and it took nothing; it is stopped or stuck");
            }
            earlier(&until, slow);
        } else if (!p->has_greeted) {
            if (greet <= now) {
                let_go(p, "it did not say who it is");
            }
            earlier(&until, greet);
        } else if (p->wants_settled) {
            if (hub->settled_ns <= now) {
                p->wants_settled = false;
                edai_relay_tell(&hub->route, p, &(edai_frame){.type = EDAI_FRAME_SETTLED});
            } else {
                earlier(&until, hub->settled_ns);
            }
        }
    }
    return until;
}

static int timeout_of(int64_t until_ns, int64_t now_ns)
{
    if (until_ns == EDAI_NO_DEADLINE) {
        return -1;
    }
    int64_t ms = (until_ns - now_ns + 999999) / 1000000;
    return ms <= 0 ? 0 : (int)(ms < 60000 ? ms : 60000);
}

/* --- the thread --- */

/* A peer is read from unless it waits for another's queue; a hub that stops reads its own alone. */
static bool is_read_from(const edai_hub *hub, edai_peer *peer, bool is_draining)
{
    if (peer->held_by != NULL && !edai_relay_is_full(peer->held_by)) {
        peer->held_by = NULL;
    }
    return peer->held_by == NULL &&
           (!is_draining || (peer->has_greeted && peer->session == hub->options.session));
}

static nfds_t prepare(edai_hub *hub, bool is_draining)
{
    nfds_t len = 2;

    hub->polled[0] = (struct pollfd){.fd = hub->wake_fd, .events = is_draining ? 0 : POLLIN};
    bool is_open = !is_draining && hub->route.now_ns >= hub->accept_ns;
    hub->polled[1] = (struct pollfd){.fd = hub->listen_fd, .events = is_open ? POLLIN : 0};
    for (edai_peer *p = hub->route.peers; p != NULL; p = p->next) {
        bool is_read = is_read_from(hub, p, is_draining);
        int events = (is_read ? POLLIN : 0) | (edai_link_is_empty(&p->link) ? 0 : POLLOUT);
        hub->asked[len - 2] = p;
        hub->polled[len++] = (struct pollfd){
            .fd = p->is_deaf && !is_read ? -1 : p->link.fd, .events = (short)events};
    }
    return len;
}

static void serve(edai_hub *hub, nfds_t len)
{
    for (nfds_t i = 2; i < len; i++) {
        edai_peer *peer = hub->asked[i - 2];
        short events = hub->polled[i].revents;
        if (!peer->is_gone && (events & POLLIN) != 0) {
            receive(hub, peer);
        } else if ((events & (POLLHUP | POLLERR)) != 0) { /* while it is not read from */
            peer->is_deaf = true;
            edai_link_mute(&peer->link);
        }
    }
    if ((hub->polled[1].revents & POLLIN) != 0 && !accept_all(hub)) {
        hub->accept_ns = hub->route.now_ns + EDA_MS(EDAI_HUB_SETTLE_MS); /* no descriptors */
    }
    for (edai_peer *p = hub->route.peers; p != NULL; p = p->next) {
        if (!p->is_gone && !edai_link_is_empty(&p->link)) {
            send_some(hub, p);
        }
    }
    sweep(hub);
}

/* Nothing is left that a stopping hub hands on. */
static bool is_drained(const edai_hub *hub)
{
    for (const edai_peer *p = hub->route.peers; p != NULL; p = p->next) {
        bool is_own = p->has_greeted && p->session == hub->options.session;
        if (is_own || !edai_link_is_empty(&p->link)) {
            return false;
        }
    }
    return true;
}

static void *run(void *arg)
{
    edai_hub *hub = arg;

    for (;;) {
        /* Relaxed: told with it is only that it is time. */
        int64_t drain_until = atomic_load_explicit(&hub->drain_until_ns, memory_order_relaxed);
        hub->route.now_ns = edai_clock_monotonic_ns();
        if (drain_until != 0 && (is_drained(hub) || hub->route.now_ns >= drain_until)) {
            return NULL;
        }
        int64_t until = look_at_time(hub);
        sweep(hub);
        nfds_t len = prepare(hub, drain_until != 0);
        if (drain_until != 0) {
            earlier(&until, drain_until);
        }
        if (hub->accept_ns > hub->route.now_ns) {
            earlier(&until, hub->accept_ns);
        }
        int ready = poll(hub->polled, len, timeout_of(until, hub->route.now_ns));
        if (ready > 0) {
            hub->route.now_ns = edai_clock_monotonic_ns();
            serve(hub, len);
        }
    }
}

/* --- start and stop --- */

static void hub_free(edai_hub *hub)
{
    for (edai_peer *p = hub->route.peers; p != NULL; p = p->next) {
        p->is_gone = true;
    }
    sweep(hub);
    if (hub->wake_fd >= 0) {
        (void)close(hub->wake_fd);
    }
    if (hub->listen_fd >= 0) {
        (void)unlink(hub->path);
        (void)close(hub->listen_fd);
    }
    edai_free(hub);
}

eda_status edai_hub_start(
    const edai_hub_options *options, edai_hub **ret_hub, eda_bus_problem *problem)
{
    edai_hub *hub = edai_calloc(1, sizeof(*hub));

    if (hub == NULL) {
        return edai_config_refuse(problem, EDA_ENOMEM, "local: no memory to relay");
    }
    hub->options = *options;
    (void)snprintf(hub->path, sizeof(hub->path), "%s", options->path);
    hub->settled_ns = edai_clock_monotonic_ns() + EDA_MS(EDAI_HUB_SETTLE_MS);
    hub->listen_fd = -1;
    hub->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    eda_status status = EDA_OK;
    if (hub->wake_fd < 0) {
        status = edai_config_refuse(problem, EDA_EIO, "local: no descriptor to be had");
    }
    if (status == EDA_OK) {
        status = edai_endpoint_listen(hub->path, &hub->listen_fd, problem);
    }
    if (status == EDA_OK) {
        status = edai_thread_start(&hub->thread, run, hub, "eda-bus-hub");
        if (status != EDA_OK) {
            (void)edai_config_refuse(problem, status, "local: no thread to be had");
        }
    }
    if (status != EDA_OK) {
        hub_free(hub);
        return status;
    }
    *ret_hub = hub;
    return EDA_OK;
}

void edai_hub_stop(edai_hub *hub, uint32_t drain_ms)
{
    uint64_t one = 1;

    if (hub == NULL) {
        return;
    }
    int lock_fd = hub->options.lock_fd;
    atomic_store_explicit(&hub->drain_until_ns,
        edai_clock_monotonic_ns() + EDA_MS((int64_t)drain_ms), memory_order_relaxed);
    ssize_t written = write(hub->wake_fd, &one, sizeof(one));
    EDA_ASSERT(written == (ssize_t)sizeof(one), "a counter takes one more");
    (void)edai_thread_join(&hub->thread);
    hub_free(hub);
    (void)close(lock_fd); /* last: from now on another may listen */
}
