/* link.h - one end of a connection: frames in, and a queue of frames out.
 *
 * Nothing here blocks. Order: urgent puts go before all that has not begun to be sent, the rest in
 * the order of edai_link_add. Threads: the owner's lock. Memory: a node per frame that waits. */
#ifndef EDAI_LINK_H
#define EDAI_LINK_H

#include "bus/local/frame.h"

/* A frame that waits to be sent. */
typedef struct edai_node {
    struct edai_node *next;
    uint8_t type;
    bool is_urgent;
    uint8_t header[EDAI_FRAME_HEADER_SIZE];
    edai_block *body; /* a share of it; NULL: empty */
} edai_node;

typedef struct edai_nodes {
    edai_node *first;
    edai_node **end;
} edai_nodes;

typedef struct edai_link {
    int fd; /* -1: none */
    edai_reader reader;
    edai_nodes sending; /* in this order, whatever comes */
    size_t sent;        /* bytes of the first of them */
    edai_nodes urgent;
    edai_nodes queue;
    size_t waiting_size; /* bytes in the three */
} edai_link;

/* Without a connection. */
void edai_link_init(edai_link *link, bool is_hub);
/* Closes, and frees what waits. */
void edai_link_fini(edai_link *link);

/* A node with a share of the frame's body. NULL: no memory. */
EDA_CHECK edai_node *edai_node_new(const edai_frame *frame);
void edai_node_free(edai_node *node);
/* Bytes it takes on its way. */
size_t edai_node_size(const edai_node *node);
/* Takes the node. */
void edai_link_add(edai_link *link, edai_node *node);
/* A frame's node, made and added. EDA_ENOMEM. */
EDA_CHECK eda_status edai_link_tell(edai_link *link, const edai_frame *frame);
bool edai_link_is_empty(const edai_link *link);

/* Sends what the connection takes now. EDA_EIO: it is gone. */
EDA_CHECK eda_status edai_link_send(edai_link *link);

/* Gets each frame that arrived; the body stays the link's. Another status than EDA_OK ends it. */
typedef eda_status edai_link_fn(void *arg, const edai_frame *frame);
/* Reads once. EDA_EIO: the connection is gone; EDA_ESYNTAX: what came is no frame; EDA_ENOMEM; or
 * what fn returned. */
EDA_CHECK eda_status edai_link_receive(edai_link *link, edai_link_fn *fn, void *arg);

/* Closes the connection, forgets what had arrived of a frame, and returns all that waits, as a list
 * of the caller's. What was being sent is among it, as nobody can have got it whole. */
edai_node *edai_link_cut(edai_link *link);
/* Frees what waits: nobody takes it any more. */
void edai_link_mute(edai_link *link);

#endif
