/* link.c - a connection that never blocks. */
#define _GNU_SOURCE 1

#include "bus/local/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"

#define READ_SIZE ((size_t)64 * 1024)
#define SENDING_MAX 32u /* frames in one call */

/* --- nodes --- */

/* Who connects anew says so before the urgent puts that waited for it. */
static bool goes_before_others(const edai_frame *frame)
{
    return frame->type == EDAI_FRAME_HELLO ||
           (frame->type == EDAI_FRAME_PUT && (frame->flags & EDAI_FRAME_URGENT) != 0);
}

edai_node *edai_node_new(const edai_frame *frame)
{
    edai_node *node = edai_alloc(sizeof(*node));

    if (node != NULL) {
        *node = (edai_node){.type = frame->type, .is_urgent = goes_before_others(frame)};
        edai_frame_write(frame, node->header);
        node->body = edai_block_keep(frame->body);
    }
    return node;
}

void edai_node_free(edai_node *node)
{
    if (node != NULL) {
        edai_block_free(node->body);
        edai_free(node);
    }
}

size_t edai_node_size(const edai_node *node)
{
    return EDAI_FRAME_HEADER_SIZE + (node->body != NULL ? node->body->size : 0);
}

static void nodes_init(edai_nodes *nodes)
{
    nodes->first = NULL;
    nodes->end = &nodes->first;
}

static void nodes_add(edai_nodes *nodes, edai_node *node)
{
    node->next = NULL;
    *nodes->end = node;
    nodes->end = &node->next;
}

static edai_node *nodes_take(edai_nodes *nodes)
{
    edai_node *node = nodes->first;

    if (node != NULL) {
        nodes->first = node->next;
        if (nodes->first == NULL) {
            nodes->end = &nodes->first;
        }
    }
    return node;
}

/* --- link --- */

void edai_link_init(edai_link *link, bool is_hub)
{
    *link = (edai_link){.fd = -1, .reader.is_hub = is_hub};
    nodes_init(&link->sending);
    nodes_init(&link->urgent);
    nodes_init(&link->queue);
}

static edai_node *take_any(edai_link *link)
{
    edai_node *node = nodes_take(&link->sending);

    if (node == NULL) {
        node = nodes_take(&link->urgent);
    }
    return node != NULL ? node : nodes_take(&link->queue);
}

static void hang_up(edai_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
        link->fd = -1;
    }
    edai_reader_reset(&link->reader);
    link->sent = 0;
}

void edai_link_mute(edai_link *link)
{
    edai_node *node;

    while ((node = take_any(link)) != NULL) {
        edai_node_free(node);
    }
    link->waiting_size = 0;
    link->sent = 0;
}

void edai_link_fini(edai_link *link)
{
    hang_up(link);
    edai_link_mute(link);
}

edai_node *edai_link_cut(edai_link *link)
{
    edai_node *all = NULL;
    edai_node **end = &all;
    edai_node *node;

    hang_up(link);
    while ((node = take_any(link)) != NULL) {
        node->next = NULL;
        *end = node;
        end = &node->next;
    }
    link->waiting_size = 0;
    return all;
}

void edai_link_add(edai_link *link, edai_node *node)
{
    link->waiting_size += edai_node_size(node);
    nodes_add(node->is_urgent ? &link->urgent : &link->queue, node);
}

eda_status edai_link_tell(edai_link *link, const edai_frame *frame)
{
    edai_node *node = edai_node_new(frame);

    if (node == NULL) {
        return EDA_ENOMEM;
    }
    edai_link_add(link, node);
    return EDA_OK;
}

bool edai_link_is_empty(const edai_link *link)
{
    return link->waiting_size == 0;
}

/* --- out --- */

/* What is sent next, all together. */
static void choose(edai_link *link)
{
    for (unsigned i = 0; i < SENDING_MAX; i++) {
        edai_node *node = nodes_take(&link->urgent);
        if (node == NULL) {
            node = nodes_take(&link->queue);
        }
        if (node == NULL) {
            return;
        }
        nodes_add(&link->sending, node);
    }
}

/* A piece, but for what was sent of it. */
static void add_piece(struct iovec *pieces, int *len, void *bytes, size_t size, size_t *sent)
{
    size_t skip = *sent < size ? *sent : size;

    *sent -= skip;
    if (skip < size) {
        pieces[*len] = (struct iovec){(uint8_t *)bytes + skip, size - skip};
        (*len)++;
    }
}

static void was_sent(edai_link *link, size_t len)
{
    link->sent += len;
    while (link->sending.first != NULL && link->sent >= edai_node_size(link->sending.first)) {
        edai_node *node = nodes_take(&link->sending);
        link->sent -= edai_node_size(node);
        link->waiting_size -= edai_node_size(node);
        edai_node_free(node);
    }
}

eda_status edai_link_send(edai_link *link)
{
    while (link->fd >= 0 && !edai_link_is_empty(link)) {
        struct iovec pieces[2 * SENDING_MAX];
        int pieces_len = 0;
        size_t sent = link->sent;
        if (link->sending.first == NULL) {
            choose(link);
        }
        for (edai_node *node = link->sending.first; node != NULL; node = node->next) {
            add_piece(pieces, &pieces_len, node->header, EDAI_FRAME_HEADER_SIZE, &sent);
            if (node->body != NULL) {
                add_piece(pieces, &pieces_len, node->body->bytes, node->body->size, &sent);
            }
        }
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)pieces_len};
        ssize_t len = sendmsg(link->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)) {
            return EDA_OK;
        }
        if (len < 0 && errno != EINTR) {
            return EDA_EIO;
        }
        was_sent(link, len > 0 ? (size_t)len : 0);
    }
    return EDA_OK;
}

/* --- in --- */

eda_status edai_link_receive(edai_link *link, edai_link_fn *fn, void *arg)
{
    uint8_t bytes[READ_SIZE];
    ssize_t len = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    eda_status status = EDA_OK;
    edai_frame frame;

    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return EDA_OK;
    }
    if (len <= 0) {
        return EDA_EIO;
    }
    const uint8_t *at = bytes;
    while (edai_reader_take(&link->reader, &at, bytes + len, &frame, &status)) {
        status = fn(arg, &frame);
        edai_block_free(frame.body);
        if (status != EDA_OK) {
            break;
        }
    }
    return status;
}
