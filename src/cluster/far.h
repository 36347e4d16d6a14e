/* far.h - actor types that only other nodes host: which messages they take, and where each goes.
 *
 * Learned from the nodes' catalogues. Threads: the gateway's. Memory: one block per type, kept
 * until the node is freed; at most EDAI_FARS_MAX. */
#ifndef EDAI_FAR_H
#define EDAI_FAR_H

#include "core/system.h"
#include "view/view.h"
#include "wire/catalogue.h"

#define EDAI_FARS_MAX 4096u

/* One handler: of a message type, or of all topics that match a pattern. */
typedef struct edai_far_handle {
    char *message; /* owned; NULL: a pattern */
    char *pattern; /* owned; NULL: a message */
    char *key;     /* field that holds the key, owned; NULL: none */
    bool answers;
} edai_far_handle;

typedef struct edai_far {
    struct edai_far *next;
    char *name;
    const edai_place *place;
    bool is_spread; /* by key; else all in partition 0 */
    edai_far_handle *handles;
    uint32_t handle_count;
} edai_far;

/* A receiver of one message type. */
typedef struct edai_far_receiver {
    const edai_far *far;
    const edai_far_handle *handle;
    const eda_field *key;
    bool needs_match; /* a pattern that only some of the type's topics match */
} edai_far_receiver;

typedef struct edai_far_list {
    edai_far_receiver *items;
    uint32_t count;
} edai_far_list;

typedef struct edai_fars {
    edai_far *first;
    uint32_t count;
    edai_far_list *lists; /* by message id, then that of undeclared topics */
    uint32_t list_count;
} edai_fars;

/* What a catalogue says of one actor type that this node does not host. EDA_ENOMEM, EDA_ELIMIT. */
EDA_CHECK eda_status edai_fars_learn(
    edai_fars *fars, edai_view *view, const edai_catalogue_actor *actor);
/* Works out anew who receives what. EDA_ENOMEM. */
EDA_CHECK eda_status edai_fars_resolve(edai_fars *fars, const eda_system *sys);
/* Receivers of a message type. */
const edai_far_list *edai_fars_of(
    const edai_fars *fars, const eda_system *sys, const edai_msg *msg);
void edai_fars_fini(edai_fars *fars);

/* Slot of the node that owns the receiver a message is for; EDAI_NOBODY: there is none. */
uint16_t edai_far_owner(const edai_far_receiver *receiver, const void *message);

#endif
