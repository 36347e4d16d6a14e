/* view.h - which nodes there are, and which of them hosts what.
 *
 * A machine without threads, clocks or a bus: it is told what was heard and what time it is, and
 * says what to do. So the same view is reached by whoever hears the same.
 *
 * A member is found by a token or a hello, usable once a ping was answered and its catalogue is
 * known, suspected after EDAI_SUSPECT_MS without a hello (its token gone, or a namesake found: at
 * once), pinged then, and dead when that brings nothing for EDAI_DEAD_MS, or nobody serves the
 * pings. One of whom nothing but a token was ever heard is forgotten when nobody serves its pings.
 * A dead incarnation that was usable once never comes back (EDA_ESTALE): the process behind it has
 * to find out and take a new one.
 *
 * Placement (docs/wire.md, "Who hosts what"): rendezvous hashing over the usable nodes that host a
 * type, but a partition that some of them hold stays with these, and one that only a leaving node
 * holds stays with that until it lets go. Threads: one, but for edai_place_owner and
 * edai_place_partition, which any may call. */
#ifndef EDAI_VIEW_H
#define EDAI_VIEW_H

#include "wire/wire.h"

#include <stdatomic.h>

#define EDAI_MEMBERS_MAX 256u /* at a time, this node included */
#define EDAI_HELLO_MS 500u
#define EDAI_SUSPECT_MS 1500u
#define EDAI_DEAD_MS 1000u
#define EDAI_PING_MS 250u /* between pings of one that is not usable, or suspected */
#define EDAI_UNSERVED_MAX                                                                          \
    2u                    /* pings of a suspect without a token that nobody serves: it is dead     \
                           */
#define EDAI_GHOST_MAX 8u /* such pings of one that nothing but its token ever told of */
#define EDAI_CATALOGUE_MS 1000u /* between requests for one catalogue */
#define EDAI_STALL_MS 500u      /* a tick so much too late: this node stood still, not the others */
#define EDAI_DEATHS_MAX 1024u   /* dead incarnations that are remembered */
#define EDAI_FORMER_MAX 64u     /* incarnations of this node that are remembered */
#define EDAI_PLACES_MAX 1024u   /* actor types */
#define EDAI_SELF 0u            /* slot of this node */
#define EDAI_NOBODY UINT16_MAX
#define EDAI_MOVING (UINT16_MAX - 1) /* nobody for the moment; what this node gives away */

typedef struct edai_view edai_view;

typedef enum edai_member_state {
    EDAI_JOINING = 1, /* found; not yet pinged, or its catalogue is not known */
    EDAI_USABLE,
    EDAI_SUSPECT, /* still usable, until it is dead */
    EDAI_LEAVING, /* answers, but hosts nothing new */
    EDAI_GONE     /* told once, then forgotten */
} edai_member_state;

typedef struct edai_member {
    char id[EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 2]; /* "NODE/INC", terminated */
    uint16_t slot; /* stays its own while it lives; reused afterwards */
    edai_member_state state;
    bool has_token;
    bool is_pinged;      /* answered since it was found, or was suspected */
    bool is_leaving;     /* says so; for good, and also while it is suspected */
    uint64_t actors;     /* hash of its catalogue, as it says */
    uint64_t catalogued; /* hash of the catalogue that is known */
    int64_t heard_at;    /* ns */
    int64_t pinged_at;
    int64_t suspected_at;
    uint64_t view;
} edai_member;

/* What the view wants done, called from within the calls below; none of these may be called back
 * but those that take a const view. `changed` is told of others than this node: `before` is 0 when
 * one was found, and a dead one cannot be found any more. `placed` comes last. */
typedef struct edai_view_events {
    void *arg;
    void (*ping)(void *arg, const edai_member *member);
    void (*catalogue)(void *arg, const edai_member *member); /* is to be asked for */
    void (*changed)(void *arg, const edai_member *member, edai_member_state before);
    void (*placed)(void *arg); /* some partition has another owner now */
} edai_view_events;

/* Placement of one actor type. */
typedef struct edai_place {
    struct edai_place *next;
    char *actor;
    uint64_t hash;                           /* of its name */
    _Atomic uint16_t owner[EDAI_PARTITIONS]; /* slot, or EDAI_NOBODY, EDAI_MOVING */
} edai_place;

/* EDA_ENOMEM. `id` "NODE/INC" of this node; usable from edai_view_ready on. */
EDA_CHECK eda_status edai_view_new(
    eda_str id, const edai_view_events *events, edai_view **ret_view);
void edai_view_free(edai_view *view);
/* Suspects who was silent for so long, instead of EDAI_SUSPECT_MS. Before anything is heard. */
void edai_view_suspect_after(edai_view *view, uint32_t silence_ms);

/* The placement of a type of that name, made if need be; stays where it is until the view is freed.
 * NULL: out of memory, or over EDAI_PLACES_MAX. */
edai_place *edai_view_place(edai_view *view, eda_str actor);
/* Slot of the node that a partition would be given if nobody held it: the same for all who see the
 * same nodes, and another only when these change. EDAI_NOBODY: nobody hosts the type. */
uint16_t edai_view_chosen(const edai_view *view, const edai_place *place, uint32_t partition);
/* Partitions that this node owns and holds, and that would be another's if nobody held them. */
void edai_view_list_movable(
    const edai_view *view, const edai_place *place, uint8_t ret_bits[EDAI_PARTITIONS / 8]);
/* Those that are in motion, of which none is this node's meanwhile; NULL: none is. */
void edai_view_move(edai_view *view, edai_place *place, const uint8_t *bits);
/* As its hellos say; this node: as edai_view_hold was told. */
bool edai_view_holds(const edai_place *place, uint16_t slot, uint32_t partition);
/* Once, after a partition that this node owned has become another's: true. */
bool edai_view_take_yielded(edai_place *place, uint32_t partition);
/* This node hosts the type. Before ready. */
EDA_CHECK eda_status edai_view_host(edai_view *view, eda_str actor);
/* Partitions that this node holds. */
void edai_view_hold(edai_view *view, const edai_place *place, const uint8_t *bits);
/* This node is another incarnation from now on, and takes nobody for dead. What is said of the ones
 * before is of nobody: a bus may tell late of a token that is no more. */
void edai_view_rename(edai_view *view, eda_str id);
/* This node takes part; is leaving. */
void edai_view_ready(edai_view *view);
void edai_view_leave(edai_view *view);

/* What was heard. `id` "NODE/INC"; of this node itself: ignored. EDA_EINVAL: no such id.
 * EDA_ELIMIT: over EDAI_MEMBERS_MAX, EDAI_PLACES_MAX. EDA_ENOMEM. EDA_ESTALE: that incarnation is
 * dead here; whoever said so should be told. */
EDA_CHECK eda_status edai_view_token(edai_view *view, eda_str id, bool is_alive, int64_t now);
EDA_CHECK eda_status edai_view_hello(edai_view *view, const edai_hello *hello, int64_t now);
/* A ping was answered with that hello. */
EDA_CHECK eda_status edai_view_pong(edai_view *view, const edai_hello *hello, int64_t now);
/* A ping ended at once, since nobody serves it; not: in time. */
void edai_view_unserved(edai_view *view, eda_str id, int64_t now);
/* The names of actor types it hosts with cluster scope; `hash` as in its hello. EDA_ENOENT: no such
 * member. EDA_ENOMEM, EDA_ELIMIT: nothing has changed; it will be asked for again. */
EDA_CHECK eda_status edai_view_catalogued(
    edai_view *view, eda_str id, uint64_t hash, const eda_str *actors, uint32_t count);
/* Time passes; returns when to call again at the latest, and after anything that was heard. What
 * waits to be read is told first. */
int64_t edai_view_tick(edai_view *view, int64_t now);

/* A live member; NULL: none of that id, slot. Valid until the next call that may change it. */
const edai_member *edai_view_find(const edai_view *view, eda_str id);
const edai_member *edai_view_at(const edai_view *view, uint16_t slot);
/* Nodes that are usable, suspected ones and this one included; changes of membership seen so far:
 * a node usable, leaving, dead after that. */
uint32_t edai_view_usable_count(const edai_view *view);
uint64_t edai_view_number(const edai_view *view);

/* Slot of the owner of a partition. Any thread. */
static inline uint16_t edai_place_owner(const edai_place *place, uint32_t partition)
{
    return atomic_load_explicit(&place->owner[partition], memory_order_relaxed);
}

/* Partition of a key: mix(number), or hash of its text; 0 for singletons and pools, by
 * themselves. Any thread. */
static inline uint32_t edai_place_partition(const edai_place *place, uint64_t key)
{
    return (uint32_t)((key ^ place->hash) % EDAI_PARTITIONS);
}

#endif
