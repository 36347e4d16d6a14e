/* intern.h - one number per message type, the same in every unit of the program and in every
 * plug-in.
 *
 * Each unit has descriptors of its own; the name says which are the same, and what they say must
 * then be the same, too. Threads: any. Memory: process-wide and never freed, as are the
 * descriptors; keeps them. */
#ifndef EDAI_INTERN_H
#define EDAI_INTERN_H

#include <edacious/type.h>

#define EDAI_INTERN_ID_MAX 65535

/* The id of a type's name, from 1 on without gaps; the name's first descriptor is kept. Written to
 * the type's slot, if it has one. EDA_ECONFLICT: an earlier descriptor of that name differs in
 * name, topic, kind, layout, fields or enumerators of anything it consists of, its reply included.
 * EDA_ELIMIT: over EDAI_INTERN_ID_MAX names, or a type made of over EDAI_REACH_LEN_MAX others.
 * EDA_ENOMEM. */
EDA_CHECK eda_status edai_intern(const eda_type *type, uint32_t *ret_id);

/* Whether two descriptors say the same, as edai_intern wants it of those of one name; neither is
 * kept. EDA_ECONFLICT, EDA_ELIMIT, EDA_ENOMEM. */
EDA_CHECK eda_status edai_intern_compare(const eda_type *a, const eda_type *b);

/* The first descriptor of that id; NULL: no such id. */
const eda_type *edai_intern_type(uint32_t id);

/* The id if this unit's descriptor has been interned, else 0. */
static inline uint32_t edai_intern_id(const eda_type *type)
{
    /* Pairs with the release in edai_intern: who sees the id also sees the type behind it. */
    return type->slot == NULL ? 0 : __atomic_load_n(&type->slot->id, __ATOMIC_ACQUIRE);
}

#endif
