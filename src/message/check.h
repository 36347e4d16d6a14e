/* check.h - what the compiler could not check about a message, request or record that somebody
 * declared.
 *
 * Macros make few of these mistakes possible; descriptors written by hand all of them. Threads: no
 * shared state. Memory: some while it runs. */
#ifndef EDAI_CHECK_H
#define EDAI_CHECK_H

#include <edacious/codec.h>

#define EDAI_TYPE_SIZE_MAX 4096   /* bytes of a struct */
#define EDAI_TYPE_FIELDS_MAX 256  /* of one record */
#define EDAI_TYPE_NAMES_MAX 1024  /* enumerators of one enum */
#define EDAI_TYPE_NAME_LEN_MAX 63 /* bytes of a type's or a field's name */
#define EDAI_TYPE_DEPTH_MAX 32    /* records within records */

/* Checks a type and all it consists of, its topic and its reply. EDA_EINVAL: ret_problem (may be
 * NULL) says what is wrong, where, and how to mend it. EDA_ELIMIT: made of more types than reach.h
 * holds. EDA_ENOMEM. An opaque struct, which only dependencies are, has a name and a size and
 * nothing else to check. */
EDA_CHECK eda_status edai_type_check(const eda_type *type, eda_problem *ret_problem);

#endif
