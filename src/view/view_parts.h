/* view_parts.h - the inside of a view, shared by view.c (who is there) and place.c (who hosts
 * what).
 *
 * Order: each call changes members and marks what is stale; edai_view_settle then places anew. */
#ifndef EDAI_VIEW_PARTS_H
#define EDAI_VIEW_PARTS_H

#include "view/view.h"

#define EDAI_SLOT_WORDS (EDAI_MEMBERS_MAX / 64)
#define EDAI_PLACE_TABLE 2048u /* a power of two, twice EDAI_PLACES_MAX */

/* A set of slots. */
typedef struct edai_slots {
    uint64_t words[EDAI_SLOT_WORDS];
} edai_slots;

/* What a member may be given. */
typedef enum edai_role {
    EDAI_ROLE_NONE = 0,
    EDAI_ROLE_READY,
    EDAI_ROLE_LEAVING /* keeps what it holds */
} edai_role;

typedef struct edai_peer {
    edai_member shown; /* first: what others see */
    uint64_t hash;     /* of its id */
    edai_role role;
    bool was_heard;     /* at least once */
    bool was_pinged;    /* answered at least once */
    bool is_catalogued; /* some catalogue of it is known */
    bool is_suspected;
    bool is_silent;    /* that is why; else its token went, or it has a namesake */
    bool is_asked;     /* for its catalogue, since asked_at */
    uint32_t unserved; /* pings since it was suspected */
    int64_t asked_at;
} edai_peer;

typedef struct edai_spot {
    edai_place shown; /* first: what others see */
    bool is_stale;
    uint32_t touched;                                    /* serial of the call that named it last */
    edai_slots hosts;                                    /* by their catalogues */
    edai_slots holders;                                  /* hold some partition, by their hellos */
    uint8_t moving[EDAI_PARTITIONS / 8];                 /* given away by this node */
    uint8_t yielded[EDAI_PARTITIONS / 8];                /* see edai_view_take_yielded */
    uint8_t held[EDAI_MEMBERS_MAX][EDAI_PARTITIONS / 8]; /* by slot; of others than holders: 0 */
} edai_spot;

struct edai_view {
    edai_view_events events;
    edai_peer *peers[EDAI_MEMBERS_MAX]; /* by slot; owned */
    uint16_t slot_last;                 /* given last: the longest free one is reused first */
    uint64_t number;
    uint32_t suspect_ms;              /* silence after which a peer is suspected */
    int64_t due_at;                   /* when the next tick should be, at the latest */
    bool is_inside;                   /* an event is being told */
    uint64_t deaths[EDAI_DEATHS_MAX]; /* hashes of dead incarnations; the oldest is overwritten */
    uint32_t death_count;             /* ever */
    uint64_t former[EDAI_FORMER_MAX]; /* hashes of this node's incarnations before this one */
    uint32_t former_count;            /* ever */
    edai_place *places;               /* owned */
    uint32_t place_count;
    edai_spot *table[EDAI_PLACE_TABLE]; /* by hash of the name, open addressing */
    uint32_t serial;                    /* of the calls that name places */
};

static inline bool edai_slots_has(const edai_slots *slots, uint16_t slot)
{
    return (slots->words[slot / 64] >> slot % 64 & 1) != 0;
}

static inline void edai_slots_put(edai_slots *slots, uint16_t slot, bool is_in)
{
    uint64_t bit = UINT64_C(1) << slot % 64;

    if (is_in) {
        slots->words[slot / 64] |= bit;
    } else {
        slots->words[slot / 64] &= ~bit;
    }
}

/* What places have to know of a member, in place.c. */

/* All types are placed anew that the member hosts. */
void edai_place_stale(edai_view *view, uint16_t slot);
/* The member is gone: it hosts and holds nothing. */
void edai_place_forget(edai_view *view, uint16_t slot);
/* It hosts these and no others. EDA_ENOMEM, EDA_ELIMIT: nothing has changed. */
EDA_CHECK eda_status edai_place_catalogue(
    edai_view *view, uint16_t slot, const eda_str *actors, uint32_t count);
/* It holds these and no others. EDA_ENOMEM, EDA_ELIMIT: nothing has changed. */
EDA_CHECK eda_status edai_place_held(
    edai_view *view, uint16_t slot, const edai_wire_held *held, uint32_t count);
/* Places what is stale, and tells. At the end of every call. */
void edai_view_settle(edai_view *view);
void edai_place_free_all(edai_view *view);

/* Mistakes made on purpose, which the tests must find; only those that include the sources define
 * EDAI_VIEW_PLANTED. */
#if !defined(EDAI_VIEW_PLANTED)
#define EDAI_VIEW_PLANTED(name_) 0
#endif

#endif
