/* contract.h - what was declared, made ready to run: message types, actor types, and the routes
 * between them.
 *
 * Built by eda_add and eda_system_start, constant afterwards: any thread may read. Owned by the
 * system. */
#ifndef EDAI_CONTRACT_H
#define EDAI_CONTRACT_H

#include <edacious/supervisor.h>
#include <edacious/system.h>

#include "message/cbor_plan.h"
#include "message/flat.h"
#include "message/template.h"

#include <stdatomic.h>

typedef struct edai_actor_type edai_actor_type;
typedef struct edai_fan edai_fan;
typedef struct edai_msg edai_msg;
typedef struct edai_route edai_route;

/* One receiver of one message type: an actor type and the handler it has for it. */
struct edai_route {
    edai_actor_type *actor; /* NULL: nobody; the route that counts unheard publishes */
    const eda_handler *handler;
    const edai_msg *msg;
    const eda_field *key; /* field that picks the instance; NULL: none */
    uint32_t index;       /* into the tallies */
    bool is_number_key;   /* key is an integer: no call to identify needed */
    bool is_single;       /* a singleton's: the same */
    bool is_text_key;     /* key is a string, by the keyed supervisor */
    bool is_any;          /* on_any: the handler gets an eda_envelope */
    bool needs_match;     /* on_any: only some topics of the type match the pattern */
    bool is_word_key;     /* the key is a 64-bit integer */
    bool is_put_plainly;  /* into the mailbox if there is room, and nothing else to think of */
    uint8_t size_class;   /* of an envelope on msg.light */
    uint32_t key_offset;  /* is_word_key */
    uint32_t size;        /* of the message's struct */
    edai_fan *fan;        /* it is one of, or whose bundles it counts; NULL: neither */
    uint32_t fan_at;      /* its place there */
    edai_route *fan_next; /* the next of its actor type that is one of a fan */
};

/* Receivers of one message type, all on one worker, that take every message of it, have one
 * activation each and nothing to remember with an envelope: they get it in one bundle. */
struct edai_fan {
    edai_fan *next; /* of its message type */
    const edai_msg *msg;
    edai_route counter; /* accepted: bundles, each of which counts for `count` deliveries */
    uint32_t index;     /* among all */
    uint32_t len_max;   /* the least mailbox_len_max */
    uint32_t count;
    uint16_t worker;
    const edai_route *routes[];
};

/* How many deliveries one acceptance counted by it stands for. */
static inline uint64_t edai_route_weight(const edai_route *route)
{
    return route->fan != NULL && route == &route->fan->counter ? route->fan->count : 1;
}

struct edai_msg {
    const eda_type *type;
    edai_msg *next;          /* in the order of declaration, which is the same in every run */
    edai_cbor_plan *plan;    /* NULL: none, or no other node to exchange it with */
    edai_template *template; /* NULL: a record, or the topic of raw publishes */
    edai_route **routes;
    edai_route *responder; /* requests: the one route; NULL: nobody answers */
    edai_route *nobody;
    edai_route *abroad;    /* to the gateway; NULL: the system is not connected, or a request */
    edai_route *elsewhere; /* counts deliveries to actor types that only other nodes host */
    _Atomic bool is_heard_abroad; /* by outsiders, or by actors that only other nodes host */
    edai_route *light; /* the only receiver, found and filled by a copy, with nothing to remember
                          but who asks; NULL: not so simple */
    uint32_t route_count;
    uint32_t loose_count; /* of them, those in no fan: they come first */
    edai_fan *fans;       /* owned */
    uint32_t id;          /* process-wide, from intern.h */
    edai_shape shape;
    edai_shape reply_shape;
    bool is_request;
    bool needs_check; /* fields or topic: not every struct of the type can be published */
    bool has_keys;    /* the topic has placeholders for strings: not every message has one */
    bool is_system;   /* topic under @edacious/ */
};

/* Worker of a type whose instances are on several nodes. */
#define EDAI_PLACED (UINT16_MAX - 1)

struct edai_actor_type {
    const eda_actor *actor;
    const eda_supervisor *supervisor;
    const void *deps; /* owned copy if is_deps_owned, else static or NULL */
    bool is_deps_owned;
    bool is_deps_explicit;
    bool asks; /* emits a request: its turns may be held back when stacks run short */
    bool has_saves;
    bool is_saved_lazily;
    bool passivates_at_once;
    bool has_interleaves;
    bool is_signed_key;
    bool has_number_keys; /* keyed: one of the two, from the first handler on */
    bool has_text_keys;
    uint16_t index;
    uint16_t worker; /* of its own; UINT16_MAX: by shard; EDAI_PLACED: on one of several nodes */
    uint16_t own_worker; /* the same where it is placed, and here */
    bool is_spread;      /* placed by key; others have all of their instances in one place */
    const _Atomic uint16_t
        *owners;               /* placed: node of each of EDAI_SHARDS partitions; 0: this one */
    _Atomic uint32_t *live_at; /* placed: activations here, by partition; owned */
    uint32_t mailbox_len_max;
    uint32_t route_count;
    int64_t idle_ns;
    uint64_t live_max; /* on one worker; passivates the least recently used beyond */
    uint64_t keys_max; /* on one worker; refuses beyond */
    uint64_t hash;     /* of the name: spreads types over shards */
    uint64_t *emits;   /* bit set by message id; NULL: everything */
    edai_route *routes;
    edai_route *fanned;   /* those of its routes that are one of a fan, by fan_next */
    edai_msg **self_msgs; /* of on_self records, by route; owned */
    eda_type saved;       /* record over the saved fields, text as strings; fields owned */
};

/* Checks one actor's declaration and makes its routes. EDA_EINVAL, EDA_ECONFLICT, EDA_ENOMEM; the
 * sentence goes to the system's error. */
EDA_CHECK eda_status edai_contract_add(eda_system *sys, eda_added added);
/* Resolves receivers per message type. After the last add. */
EDA_CHECK eda_status edai_contract_seal(eda_system *sys);
void edai_contract_free(eda_system *sys);

/* The actor type of a name; NULL: none was added. */
edai_actor_type *edai_contract_find(const eda_system *sys, const char *name);

/* For contract.c, seal.c and depend.c. */
EDA_CHECK eda_status edai_contract_declare(
    eda_system *sys, const eda_type *type, edai_msg **ret_msg);
EDA_CHECK eda_status edai_contract_register(eda_system *sys, edai_route *route);
void edai_contract_route(
    edai_route *route, edai_actor_type *type, const eda_handler *handler, const edai_msg *msg);
const eda_field *edai_contract_key(
    const edai_actor_type *type, const eda_handler *handler, const eda_type *message);
/* A string or an integer, and of the two what the actor's other keys are: "5" and 5 would share a
 * record. */
bool edai_contract_is_key(const edai_actor_type *type, const eda_field *field);
edai_msg *edai_contract_own(eda_system *sys, uint32_t id);
edai_msg *edai_contract_raw(eda_system *sys); /* NULL: out of memory */
void edai_contract_forget(eda_system *sys, edai_actor_type *type, uint32_t routes_before);
void edai_msg_free(edai_msg *msg);
void edai_actor_type_free(edai_actor_type *type);

/* The message type of a descriptor; NULL: not known to this system. */
const edai_msg *edai_contract_msg(const eda_system *sys, const eda_type *type);
/* The declared type whose topic pattern has this concrete topic; NULL: none. */
const edai_msg *edai_contract_by_topic(const eda_system *sys, eda_str topic);

#endif
