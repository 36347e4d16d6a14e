/* type.h - descriptors: what a message, record, enum, list or optional looks like.
 *
 * Normally written by the macros of declare.h; the plain-C form is what they expand to. Descriptors
 * are constant, live as long as the program, and may exist once per translation unit: the name says
 * which are the same. */
#ifndef EDA_TYPE_H
#define EDA_TYPE_H

#include <edacious/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a descriptor describes. */
typedef enum eda_kind {
    EDA_KIND_BOOL = 1,
    EDA_KIND_I8,
    EDA_KIND_I16,
    EDA_KIND_I32,
    EDA_KIND_I64,
    EDA_KIND_U8,
    EDA_KIND_U16,
    EDA_KIND_U32,
    EDA_KIND_U64,
    EDA_KIND_F32,
    EDA_KIND_F64,
    EDA_KIND_STR,
    EDA_KIND_BYTES,
    EDA_KIND_TIME,
    EDA_KIND_DURATION,
    EDA_KIND_ENUM,     /* C enum of sizeof(int); travels by name */
    EDA_KIND_RECORD,   /* also messages and requests */
    EDA_KIND_LIST,     /* struct {const T *items; size_t len;} */
    EDA_KIND_OPTIONAL, /* struct {bool is_set; T value;} */
    EDA_KIND_TEXT,     /* eda_text: saved state only */
    EDA_KIND_OPAQUE    /* a plain struct no encoding can hold: dependencies only */
} eda_kind;

/* What a full mailbox does with one more message of a type. */
typedef enum eda_overflow {
    EDA_REJECT = 0,  /* the new one is shed */
    EDA_WAIT,        /* the publisher waits, at most wait_ms */
    EDA_DROP_OLDEST, /* the oldest waiting message of the type is shed */
    EDA_KEEP_LATEST  /* at most one of the type waits: an older one is shed, the new one appended */
} eda_overflow;

typedef struct eda_type eda_type;
typedef struct eda_field eda_field;

/* One name of an enum. */
typedef struct eda_enumerator {
    int value;
    const char *name; /* on the wire */
    const char *doc;
} eda_enumerator;

/* One field. An entry without a name ends the array. */
struct eda_field {
    const char *name;
    const eda_type *type;
    size_t offset; /* bytes into the struct */
    const char *doc;
    const char *unit;
    long double range[2];   /* {low, high} inclusive; both 0: the C type's own range */
    uint32_t len_max;       /* bytes of a string, elements of a list; 0: the codec's bound */
    uint16_t since;         /* version that brought it; 0: the first */
    bool may_miss;          /* a payload from outside may lack it; it is then zero */
    long double if_missing; /* not 0: a payload from outside may lack it; number, bool or enum */
};

/* Cache of the process-wide id of a type's name, one per translation unit; the library's alone. */
typedef struct eda_type_slot {
    uint32_t id; /* 0: not interned yet; accessed atomically */
} eda_type_slot;

/* Most find lines of a type. */
#define EDA_FIND_MAX 5

/* One type. Zero where nothing is said. */
struct eda_type {
    const char *name;
    const char *topic; /* key expression, {field} where a field's value stands; NULL for records */
    eda_kind kind;
    size_t size;
    const eda_field *fields;           /* RECORD */
    const eda_enumerator *enumerators; /* ENUM: ends with .name NULL; the first has value 0 */
    const eda_type *item;              /* LIST, OPTIONAL */
    size_t value_offset;               /* OPTIONAL: where the value stands */
    const eda_type *reply;             /* a request's reply type, else NULL */
    eda_type_slot *slot;               /* messages and requests, else NULL */
    const char *doc;
    const char *find[EDA_FIND_MAX]; /* sentences somebody would search for */
    const char *deprecated;         /* what to use instead */
    eda_overflow overflow;
    uint32_t wait_ms;    /* EDA_WAIT: longest wait; 0: the system's default */
    uint32_t expires_ms; /* not handled within that time: counted expired; 0: never */
    bool is_raw;         /* EDA_MESSAGE_RAW: {topic, encoding, payload} untouched */
    bool is_inside;      /* between nodes of the cluster only: outsiders neither send nor see it */
    bool is_outgoing;    /* outsiders see it, and do not send it */
};

/* Descriptors of the field types, by the name that stands in a declaration. */
#define EDA_BASIC_TYPES(X)                                                                         \
    X(bool)                                                                                        \
    X(int8_t)                                                                                      \
    X(int16_t)                                                                                     \
    X(int32_t)                                                                                     \
    X(int64_t)                                                                                     \
    X(uint8_t)                                                                                     \
    X(uint16_t)                                                                                    \
    X(uint32_t)                                                                                    \
    X(uint64_t)                                                                                    \
    X(float)                                                                                       \
    X(double)                                                                                      \
    X(eda_str)                                                                                     \
    X(eda_bytes)                                                                                   \
    X(eda_time)                                                                                    \
    X(eda_duration)                                                                                \
    X(eda_text)                                                                                    \
    X(eda_none)
#define EDA_BASIC_TYPE_(name_) extern const eda_type eda_type_##name_;
EDA_BASIC_TYPES(EDA_BASIC_TYPE_)
#undef EDA_BASIC_TYPE_
extern const eda_type eda_type__Bool; /* what `bool` is called after <stdbool.h> */

/* A typed pointer: what EDA_MSG, EDA_DEPS and the like make. Borrowed for the call. */
typedef struct eda_value {
    const eda_type *type;
    const void *data;
} eda_value;

/* A request and where the reply goes: what EDA_ASK makes. */
typedef struct eda_request {
    eda_value value;
    const void **ret_reply;
} eda_request;

#ifdef __cplusplus
}
#endif
#endif
