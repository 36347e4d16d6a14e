/* node.h - a system on a bus: what it says to other nodes and to outsiders, and what it hears.
 *
 * Everything here is touched by the gateway alone (core/abroad.h), unless it says otherwise. What
 * the bus's threads hear reaches it through its inbox (intake.h). Order: per link, which keeps that
 * of each publisher. Memory: every table has a bound, named where it is declared. */
#ifndef EDAI_NODE_H
#define EDAI_NODE_H

#include <edacious/bus.h>
#include <edacious/cluster.h>

#include "cluster/clerk.h"
#include "cluster/far.h"
#include "cluster/given.h"
#include "cluster/intake.h"
#include "cluster/link.h"
#include "cluster/meet.h"
#include "cluster/move.h"
#include "cluster/pending.h"
#include "core/abroad.h"
#include "core/arrival.h"
#include "message/cbor.h"
#include "view/view.h"

#define EDAI_NODE_OWN 8u
/* EDA_WAIT deliveries from elsewhere that may wait for room, before outsiders' are refused and
 * nodes' acks are held back. */
#define EDAI_NODE_HELD_MAX 1024u

_Static_assert(EDAI_PARTITIONS == EDAI_SHARDS, "what the view places is what the core counts");

typedef struct edai_node edai_node;
typedef struct edai_declared edai_declared;

/* Somebody who waits in eda_cluster_wait_*. */
typedef struct edai_node_wait {
    struct edai_node_wait *next;
    edai_waiter waiter;
    uint32_t nodes; /* 0: for idleness */
    bool is_met;
} edai_node_wait;

/* What hellos of one round of pings said, for whoever waits until all is idle. */
typedef struct edai_idle_round {
    bool is_running;
    bool is_all_idle;
    uint64_t number; /* of the last round */
    uint32_t answers;
    uint64_t moved; /* sum of what arrived anywhere */
    uint64_t moved_before;
    bool was_idle_before;
    edai_timer again;
} edai_idle_round;

/* Counts for eda_system_cluster; written by the gateway, but for turned_away. */
typedef struct edai_node_counts {
    _Atomic uint32_t nodes;
    _Atomic uint64_t view;
    _Atomic uint64_t sent;
    _Atomic uint64_t arrived;
    _Atomic uint64_t missed;
    _Atomic uint64_t moved;
    _Atomic uint64_t given_up;
    _Atomic uint64_t seen;
    _Atomic uint64_t refused;
    _Atomic uint64_t shown;
    _Atomic uint64_t turned_away; /* outsiders': refused before the gateway saw them; any thread */
} edai_node_counts;

struct edai_node {
    edai_abroad abroad; /* first: what the core knows of it */
    eda_system *sys;
    const eda_bus_driver *driver;
    eda_bus *bus;          /* NULL: not open */
    _Atomic bool *watched; /* by message id, then undeclared topics: somebody subscribes on the
                            * bus; written by its threads */
    edai_worker *gateway;
    char *cluster;
    char id[EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 2]; /* "NODE/INC" */
    /* Another one of its name that lives; empty: none. Of the thread that starts, but until
     * is_known of what hears the answers. */
    char namesake[EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 2];
    int64_t started_at;
    bool is_ready; /* takes part */
    bool is_leaving;
    bool is_ending;
    bool is_dead;     /* as others say */
    bool is_entering; /* as another incarnation: nothing is said or sent until that is done */

    edai_view *view;
    edai_link *links[EDAI_MEMBERS_MAX];     /* by slot; NULL: none */
    uint64_t linked[EDAI_MEMBERS_MAX / 64]; /* bit set: there is one */
    edai_line stranded; /* EDA_WAIT deliveries that waited for room to a node that is gone, until
                         * the end of the round */
    edai_fars fars;
    edai_entries pending;   /* edai_sent */
    edai_entries strangers; /* edai_stranger */
    edai_moves moves;
    uint16_t met; /* slot of who became usable, and was not looked at (meet.h); 0: nobody */
    edai_intake intake;
    edai_given_stock *given; /* batches that the bus has */
    edai_names msg_names;    /* -> edai_msg, constant after open */
    /* Who was named by the last message that arrived, and so by those like it; NULL: nobody who is
     * known. */
    const edai_actor_type *last_receiver;
    const edai_actor_type *last_publisher;
    const edai_msg *last_msg;
    edai_cbor_room decoded;   /* the message being taken */
    edai_backing *backing;    /* of the batch being taken */
    size_t batch_size;        /* of that, bytes */
    edai_client *held_client; /* of the thread that starts and closes */
    edai_client *held; /* the same, once it takes part: counts EDA_WAIT deliveries from abroad that
                          found no room yet */
    bool is_ack_held;
    bool is_hello_due;
    bool is_unresolved;      /* who hears what was not worked out, for want of memory */
    bool is_tick_due;        /* at the end of the round */
    uint64_t hosts;          /* hash of what it hosts */
    edai_declared *declared; /* on plain topics; ended when it leaves; owned */
    uint32_t declared_count;
    bool is_choice_due;      /* who serves outsiders' requests: membership has changed */
    _Atomic bool has_chosen; /* at least once, of all nodes that were there */
    _Atomic uint32_t choice; /* number of the last one; written by the gateway */
    _Atomic uint32_t served; /* the one that stands on the bus; written by the clerk */
    edai_clerk clerk;
    uint64_t own_ids[EDAI_NODE_OWN]; /* of the cluster's room */
    uint32_t own_count;
    int64_t told_dead_at; /* when somebody was told last that he is dead */
    uint64_t link_serial; /* given last */
    edai_timer tick;
    edai_timer retry;                        /* the bus was full */
    int64_t hello_at;                        /* last one due to time */
    uint64_t members;                        /* hash of the usable nodes it sees */
    uint64_t members_at;                     /* number of the view that was told last */
    uint64_t seen_members[EDAI_MEMBERS_MAX]; /* what others see, by slot */
    eda_node_state told[EDAI_MEMBERS_MAX];   /* logged and published last, by slot; 0: nothing */
    edai_idle_round idle;
    uint64_t first_round;   /* of pings, at the start */
    _Atomic bool is_known;  /* that round, or the farewell's, is over */
    _Atomic uint32_t swept; /* looks at all workers that are over */
    edai_waiter starter;    /* waits for it */
    _Atomic bool is_settling;
    struct {
        edai_envelope envelope;
        edai_call call;
    } settle_call; /* while is_settling: on its way */
    char *hello_key;
    char *live_prefix;
    edai_wire_link hello_links[EDAI_WIRE_LINKS_MAX]; /* of hellos being written and read */
    edai_wire_held hello_held[EDAI_WIRE_HELD_MAX];
    edai_wire_link heard_links[EDAI_WIRE_LINKS_MAX];
    edai_wire_held heard_held[EDAI_WIRE_HELD_MAX];
    edai_buffer scratch;
    edai_buffer shown_attachment; /* of what was shown last */
    const edai_msg *shown_msg;    /* NULL: nothing was */
    uint16_t shown_publisher;
    edai_node_counts counts;
    uint32_t refused_lines; /* since the last regular hello; only the first are logged */

    edai_mutex mutex;      /* of waits */
    edai_node_wait *waits; /* any thread */
};

static inline edai_node *edai_node_of(edai_abroad *abroad)
{
    return (edai_node *)(void *)abroad;
}

static inline eda_str edai_node_id(const edai_node *node)
{
    return eda_str_from(node->id);
}

/* The key "@edacious/v1/CLUSTER/ROOM/ID"; owned. NULL: out of memory. */
char *edai_node_key(const edai_node *node, const char *room, const char *id);
/* Puts on the bus; failures are logged once a second. */
eda_status edai_node_put(edai_node *node, const eda_bus_message *message);
/* The same of a buffer, whose bytes the bus may take on EDA_OK: then it is another, and empty. */
eda_status edai_node_put_buffer(edai_node *node, eda_str key, edai_buffer *buffer);
/* Runs fn(gateway, node) on the gateway; from any thread. EDA_ENOMEM. */
EDA_CHECK eda_status edai_node_call(edai_node *node, void (*fn)(edai_worker *gateway, void *arg));
/* Enters and leaves the cluster's room on the bus. EDA_ENOMEM; errors of the bus. */
EDA_CHECK eda_status edai_node_enter(edai_node *node);
EDA_CHECK eda_status edai_node_show(edai_node *node); /* its token: last */
void edai_node_withdraw(edai_node *node);
/* What is under way on all links ends: unknown, or lost. */
void edai_node_end_links(edai_node *node);
/* Draws an incarnation. */
void edai_node_draw_inc(edai_node *node);
/* Answers who asks for the catalogue, or what runs here. */
void edai_node_describe(edai_node *node, const edai_heard *heard);
/* Something in the hello changed: it is sent at the end of the round. */
static inline void edai_node_tell(edai_node *node)
{
    node->is_hello_due = true;
}
/* Something from elsewhere could not be taken: counted, and logged a few times a second. */
void edai_node_refuse(edai_node *node, eda_str what, eda_status status);
void edai_node_refuse_text(edai_node *node, eda_str what, eda_status status, const char *text);
/* With each regular hello: logs how many had no line of their own since the last one. */
void edai_node_end_refused(edai_node *node);
/* The first link from a slot on, whose slot is told; NULL: none. Asked at the end of every round.
 */
static inline edai_link *edai_node_next_link(const edai_node *node, uint32_t *io_slot)
{
    uint32_t word;

    for (word = *io_slot / 64; word < EDAI_MEMBERS_MAX / 64; word++) {
        uint64_t bits = node->linked[word];

        if (word == *io_slot / 64) {
            bits &= ~UINT64_C(0) << *io_slot % 64;
        }
        if (bits != 0) {
            *io_slot = word * 64 + (uint32_t)__builtin_ctzll(bits);
            return node->links[*io_slot];
        }
    }
    return NULL;
}
/* Takes a link out. */
edai_link *edai_node_unlink(edai_node *node, uint16_t slot);
/* The link to a slot, made if need be. NULL: out of memory, or nobody is there. */
edai_link *edai_node_link(edai_node *node, uint16_t slot);

/* Somebody on the bus subscribes to topics of the message type. */
static inline bool edai_node_is_watched(const edai_node *node, const edai_msg *msg)
{
    uint32_t at = msg == node->sys->undeclared ? node->sys->msg_count : msg->id;

    return atomic_load_explicit(&node->watched[at], memory_order_relaxed);
}
/* It serves those of outsiders' requests that were chosen. */
static inline bool edai_node_is_settled(const edai_node *node)
{
    return atomic_load_explicit(&node->choice, memory_order_relaxed) ==
           atomic_load_explicit(&node->served, memory_order_relaxed);
}
/* Works out whether anybody abroad hears a message type. */
void edai_node_mark(edai_node *node, edai_msg *msg);

/* --- spread.c: what leaves ------------------------------------------------------------------- */

void edai_spread_take(edai_abroad *self, edai_worker *gateway, edai_envelope *envelope);
/* Sends what the links hold; all of it, or what should leave now. */
void edai_spread_flush(edai_node *node);
/* A link's peer has told how far it came. */
void edai_spread_acked(edai_node *node, edai_link *link, uint64_t arrived, uint64_t lost);
/* Peers that told nothing for a second, though they should have, are asked by an empty batch. */
void edai_spread_probe(edai_node *node);
/* Its peer is dead: what it had not told of is unknown; what waits is stranded. */
void edai_spread_cut(edai_node *node, edai_link *link);
/* All that stands in line goes to whoever owns it now: what is stranded, at the end of the round.
 */
void edai_spread_take_all(edai_node *node, edai_line *line);
/* Who hears which message types abroad has changed. */
void edai_spread_resolve(edai_node *node);

/* --- arrive.c: what comes from other nodes --------------------------------------------------- */

/* `key` is the inbox's; the bytes lie in `backing`, which large messages refer to. */
void edai_arrive_batch(edai_node *node, eda_str key, eda_bytes bytes, edai_backing *backing);
/* A reply to a request from abroad, or the end of a delivery. */
void edai_arrive_answered(edai_abroad *self, edai_worker *gateway, edai_envelope *reply);
/* What was sent abroad has ended there; takes `sent`. */
void edai_arrive_end(
    edai_node *node, edai_sent *sent, eda_status status, eda_str text, eda_bytes reply);
/* Tells an incarnation that it was taken for dead; a few times a second. */
void edai_arrive_tell_dead(edai_node *node, eda_str id);
/* Lets held acks go. */
void edai_arrive_settle(edai_node *node);
/* Every link's ack that is due goes into its batch. */
void edai_arrive_acks(edai_node *node);

/* --- outside.c: outsiders -------------------------------------------------------------------- */

/* Lists what is handled here. Before anything runs. EDA_ENOMEM. */
EDA_CHECK eda_status edai_outside_prepare(edai_node *node);
/* Subscribes to and serves the plain topics of it. */
EDA_CHECK eda_status edai_outside_open(edai_node *node);
/* Which of the requests this node is to serve; who hosts what has changed. */
void edai_outside_choose(edai_node *node);
/* Begins and ends to serve them as was chosen. False: the bus refuses, to be tried again. */
bool edai_outside_serve(edai_node *node);
/* Ends all of it. From the thread that stops the system. */
void edai_outside_close(edai_node *node);
void edai_outside_put(
    edai_node *node, const edai_declared *declared, const eda_bus_message *message);
void edai_outside_get(edai_node *node, const edai_declared *declared,
    const eda_bus_message *request, eda_bus_query *query);
/* The reply to an outsider's request. */
void edai_outside_answer(
    edai_node *node, edai_stranger *stranger, const edai_reply *reply, const void *data);

/* --- member.c: who is there ------------------------------------------------------------------ */

/* The link to "NODE/INC", who is entered as a member if need be. EDA_ESTALE: dead. EDA_EINVAL,
 * EDA_ELIMIT, EDA_ENOMEM. */
EDA_CHECK eda_status edai_member_link(edai_node *node, eda_str id, edai_link **ret_link);
edai_view_events edai_member_events(edai_node *node);
/* Takes part, and asks who is there. */
void edai_member_begin(edai_node *node);
/* A round of pings to all, for whoever waits until all are idle. */
void edai_member_ask_all(edai_node *node);
/* This node's hello, in the node's scratch buffer; empty: out of memory. */
eda_bytes edai_member_hello(edai_node *node);
void edai_member_heard(edai_node *node, const edai_heard *heard);
/* Says what changed. */
void edai_member_end_round(edai_node *node);

/* What lives here stays here. */
void edai_member_hold(edai_node *node);
/* The new incarnation stands on the bus. */
void edai_member_entered(edai_node *node);
/* Outsiders' requests are served as was chosen. */
void edai_member_served(edai_node *node);
/* Tells all that nothing is here any more; is_known once they know. */
void edai_member_farewell(edai_node *node);

/* --- leave.c: giving actors away -------------------------------------------------------------- */

/* From the thread that stops the system. */
void edai_leave(edai_abroad *self);
/* Activations here that belong to another node go, once they are idle. */
void edai_leave_strays(edai_node *node);
/* All of them go: so many. */
uint64_t edai_leave_all(edai_node *node);
/* The same of those of one type that belong to another node, or are in motion, by one look;
 * `done` is raised when it is over. False: out of memory. */
bool edai_leave_sweep(edai_node *node, const edai_actor_type *of, _Atomic uint32_t *done);

/* --- wait.c: who waits until something is so -------------------------------------------------- */

/* Looks whether the nodes somebody waits for are there. */
void edai_wait_check(edai_node *node);
/* All nodes see the same ones. */
bool edai_wait_all_agree(const edai_node *node);
/* A hello of that node; `number` of the round of pings it answers, or 0. */
void edai_wait_heard(edai_node *node, const edai_hello *hello, eda_str id, uint64_t number);
void edai_wait_round_ended(edai_node *node, uint64_t number);

#endif
