/* grants.h - who may do what on the bus, and that as the access control of a Zenoh configuration.
 *
 * A role is what an actor type, a node or an outsider may do: keys by what is done with them. A
 * subject is a user name or the common name of a certificate, and has roles. Threads: one. */
#ifndef EDAI_GRANTS_H
#define EDAI_GRANTS_H

#include <edacious/topic.h>

#include "wire/wire.h"

#define EDAI_GRANTS_ROLES_MAX 4096u
#define EDAI_GRANTS_SUBJECTS_MAX 1024u
#define EDAI_GRANTS_KEYS_MAX 16384u /* of one role and one act */

typedef enum edai_act {
    EDAI_ACT_PUBLISHES,
    EDAI_ACT_RECEIVES,
    EDAI_ACT_ASKS,
    EDAI_ACT_ANSWERS,
    EDAI_ACT_LIVES,   /* all that nodes do among themselves */
    EDAI_ACT_WATCHES, /* sees who subscribes and who answers */
    EDAI_ACT_MAX
} edai_act;

/* Keys, each once, sorted; owned. */
typedef struct edai_keys {
    eda_str *items;
    size_t count;
} edai_keys;

typedef struct edai_role {
    char *name; /* owned */
    edai_keys keys[EDAI_ACT_MAX];
} edai_role;

typedef struct edai_subject {
    char *name; /* owned */
    bool is_user;
    size_t *roles; /* owned */
    size_t role_count;
} edai_subject;

/* Zero is empty. */
typedef struct edai_grants {
    edai_role *roles;
    size_t role_count;
    edai_subject *subjects;
    size_t subject_count;
} edai_grants;

void edai_grants_fini(edai_grants *grants);

/* A role by name, made if need be. EDA_ENOMEM, EDA_ELIMIT. */
EDA_CHECK eda_status edai_grants_role(edai_grants *grants, eda_str name, size_t *ret_role);
/* Lets a role do something with a key expression; twice is once. EDA_ENOMEM, EDA_ELIMIT. */
EDA_CHECK eda_status edai_grants_allow(edai_grants *grants, size_t role, edai_act act, eda_str key);
bool edai_grants_is_empty(const edai_grants *grants, size_t role);
/* A subject by kind and name, made if need be, gets a role; twice is once. EDA_ENOMEM, EDA_ELIMIT.
 */
EDA_CHECK eda_status edai_grants_give(edai_grants *grants, eda_str name, bool is_user, size_t role);

/* Appends {"access_control": ...}, JSON with line ends. Roles that no subject has are left out. */
void edai_grants_write(const edai_grants *grants, edai_buffer *text);

#endif
