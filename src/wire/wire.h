/* wire.h - what nodes say to each other, as bytes: batches of items, and hellos (docs/wire.md).
 *
 * Writing appends to a buffer and never looks back; reading borrows from what is read. Threads: no
 * shared state. */
#ifndef EDAI_WIRE_H
#define EDAI_WIRE_H

#include <edacious/type.h>

#include "message/cbor_plan.h"

#define EDAI_WIRE_INC_LEN 16u
#define EDAI_WIRE_NODE_LEN_MAX 255u
#define EDAI_WIRE_LINKS_MAX 256u  /* nodes a hello tells of */
#define EDAI_WIRE_HELD_MAX 256u   /* actor types */
#define EDAI_WIRE_TEXT_MAX 65535u /* bytes of a text; of a whole attachment */
#define EDAI_PARTITIONS 256u

/* Grows; zero before use; the bytes are owned. */
typedef struct edai_buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    bool is_broken; /* out of memory: what was written is not whole */
} edai_buffer;

/* Empties, keeping the memory. */
void edai_buffer_clear(edai_buffer *buffer);
void edai_buffer_fini(edai_buffer *buffer);

enum {
    EDAI_WIRE_REQUEST = 1,
    EDAI_WIRE_WANTS_END = 2,
    EDAI_WIRE_PASSED_ON = 4,
    EDAI_WIRE_OUTSIDE = 8,
    EDAI_WIRE_ENDS_TOLD = EDAI_WIRE_REQUEST | EDAI_WIRE_WANTS_END
};

typedef enum edai_wire_kind {
    EDAI_WIRE_MESSAGE = 0,
    EDAI_WIRE_END,
    EDAI_WIRE_MOVED,
    EDAI_WIRE_ACK,
    EDAI_WIRE_RAW,
    EDAI_WIRE_SAME /* a message like the one before it, but for its body */
} edai_wire_kind;

/* One item; only the fields of its kind are set. All borrowed. */
typedef struct edai_wire_item {
    edai_wire_kind kind;
    uint32_t flags;     /* message, raw; same: as read, with the fields up to `left_ms` */
    eda_str type;       /* message: name of its type; raw: its topic */
    eda_str actor;      /* message, raw: for whom; moved */
    eda_str from;       /* message, raw */
    uint64_t corr;      /* message, raw, end */
    uint32_t left_ms;   /* message, raw */
    eda_bytes body;     /* message, same, raw; end: the reply */
    eda_str encoding;   /* raw */
    eda_status status;  /* end */
    eda_str text;       /* end */
    uint32_t partition; /* moved */
    uint64_t arrived;   /* ack */
    uint64_t lost;
} edai_wire_item;

/* Is it "NODE/INC": a chunk of a key without wildcards or control characters, and 16 hexadecimal
 * digits? */
bool edai_wire_id_is_good(eda_str id);

/* A number of 8 bytes, whatever it is. */
#define EDAI_WIRE_CHAR_SEAL 0x1b

/* Begins a batch of "NODE/INC", whose first message has that number. */
void edai_wire_begin(edai_buffer *buffer, eda_str sender, uint64_t first);
/* Texts are UTF-8 of at most EDAI_WIRE_TEXT_MAX bytes; of an end's a longer one is cut. */
void edai_wire_put(edai_buffer *buffer, const edai_wire_item *item);
/* A message whose body is encoded in place; the item's own is not looked at. NULL: one like that
 * before it.
 * `plan`: of the value's type, or NULL. EDA_EINVAL, EDA_ERANGE, EDA_ENOMEM: nothing was written. */
EDA_CHECK eda_status edai_wire_put_value(
    edai_buffer *buffer, const edai_wire_item *item, eda_value value, const edai_cbor_plan *plan);
/* Of the batch that stands alone in the buffer, begun with that number. Seals it: where a bus
 * delivers bytes of others from somewhere on, the last ones are not what they must be. */
void edai_wire_end(edai_buffer *buffer, uint64_t first);

/* A batch being read. */
typedef struct edai_wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    eda_str sender;
    uint64_t first;
    uint64_t left;   /* items, unless their list is open */
    uint64_t behind; /* elements of the batch behind the items, to be passed over */
    bool is_open;
    bool is_broken;
    bool has_last; /* a message that another may be like */
    uint32_t last_flags;
    eda_str last_type;
    eda_str last_actor;
    eda_str last_from;
} edai_wire_reader;

/* What the last 8 bytes of a sealed batch of so many bytes say. */
uint64_t edai_wire_seal(uint64_t first, size_t size);

/* EDA_ESYNTAX: no batch, or not the one that was begun. Checks UTF-8 and the bounds of every text.
 * The reader borrows the bytes.
 */
EDA_CHECK eda_status edai_wire_read(eda_bytes bytes, edai_wire_reader *ret_reader);
/* The next item. EDA_ENOENT: the batch has ended. EDA_ESYNTAX: it is broken from here on, and what
 * the item holds is of no use. An item of an unknown kind is passed over. A message that is like
 * the one before it has that one's fields, too. */
EDA_CHECK eda_status edai_wire_next(edai_wire_reader *reader, edai_wire_item *ret_item);

/* A hello. Texts borrowed. */
typedef struct edai_wire_link {
    eda_str peer; /* "NODE/INC" */
    uint64_t arrived;
    uint64_t lost;
} edai_wire_link;

typedef struct edai_wire_held {
    eda_str actor;
    uint8_t bits[EDAI_PARTITIONS / 8];
} edai_wire_held;

typedef struct edai_hello {
    eda_str node;
    eda_str inc;
    uint64_t view;
    uint64_t members; /* hash of the usable nodes it sees */
    bool is_leaving;
    uint64_t actors; /* hash of what it hosts */
    bool is_idle;
    uint64_t sent;
    uint64_t arrived;
    edai_wire_link *links; /* room for EDAI_WIRE_LINKS_MAX, given by the caller */
    uint32_t link_count;
    edai_wire_held *held; /* room for EDAI_WIRE_HELD_MAX, given by the caller */
    uint32_t held_count;
} edai_hello;

void edai_wire_hello(edai_buffer *buffer, const edai_hello *hello);
/* Sets all but the two pointers. EDA_ESYNTAX; EDA_ERANGE: more links or types than there is room
 * for. */
EDA_CHECK eda_status edai_wire_read_hello(eda_bytes bytes, edai_hello *hello);

/* The values of an attachment that nodes and outsiders send; what is missing is empty. */
typedef struct edai_attachment {
    eda_str type;
    eda_str source;
} edai_attachment;
void edai_wire_attachment(edai_buffer *buffer, const edai_attachment *attachment);
/* EDA_ESYNTAX: neither a CBOR map nor a JSON object, or of another version; EDA_ENOMEM. Texts of
 * JSON are copied into `buffer`, which is emptied first; others are borrowed from the bytes. */
EDA_CHECK eda_status edai_wire_read_attachment(
    eda_bytes bytes, edai_buffer *buffer, edai_attachment *ret_attachment);

#endif
