/* frame.h - what travels between a session and the hub: a header of 24 bytes, and a body.
 *
 * Byte order is the host's, since both ends are on it. Whatever does not look exactly like this is
 * refused before anything is done about it, and nothing is allocated for it beyond its bound.
 * Threads: one at a time. Memory: bodies are counted blocks, so that a hub relays without copying.
 */
#ifndef EDAI_FRAME_H
#define EDAI_FRAME_H

#include <edacious/bus.h>

#include <stdatomic.h>

#define EDAI_FRAME_VERSION 1u
#define EDAI_FRAME_HEADER_SIZE 24u

typedef enum edai_frame_type {
    /* from a session to the hub */
    EDAI_FRAME_HELLO = 1, /* first; id: the session's, other: EDAI_FRAME_VERSION */
    EDAI_FRAME_SUBSCRIBE, /* id: the declaration's; body: its pattern. So the next four */
    EDAI_FRAME_SERVE,
    EDAI_FRAME_TOKEN,
    EDAI_FRAME_WATCH,
    EDAI_FRAME_HEARD,
    EDAI_FRAME_DROP,   /* id: the declaration's */
    EDAI_FRAME_GET,    /* id: the get's; flag ALL; body: a message */
    EDAI_FRAME_CANCEL, /* id: the get's, which has ended */
    EDAI_FRAME_SETTLE, /* all is declared: tell me when the others are back, too */
    /* both ways */
    EDAI_FRAME_PUT,    /* flag URGENT; body: a message */
    EDAI_FRAME_ANSWER, /* flag ERROR, NONE or LOST; body: a message, if none of the last two. id:
                        * the query's to the hub, the get's from it */
    /* from the hub to a session */
    EDAI_FRAME_WELCOME, /* other: EDAI_FRAME_VERSION */
    EDAI_FRAME_QUERY,   /* id: of the SERVE, other: the query's; body: a message */
    EDAI_FRAME_END,     /* id: the get's; other: EDA_OK or EDA_ETIMEOUT */
    EDAI_FRAME_CAME,    /* id: of the WATCH, other: the token's, everywhere; body: its key */
    EDAI_FRAME_WENT,    /* the same */
    EDAI_FRAME_HEARERS, /* id: of the HEARD, other: 1 somebody, 0 nobody */
    EDAI_FRAME_SETTLED, /* whoever is not back by now is gone */
    EDAI_FRAME_TYPES
} edai_frame_type;

#define EDAI_FRAME_URGENT 1u
#define EDAI_FRAME_ALL 1u
#define EDAI_FRAME_ERROR 1u
#define EDAI_FRAME_NONE 2u /* an answer that says nothing */
#define EDAI_FRAME_LOST 4u /* an answer that could not be sent */

/* A body: bytes with a count of who holds them. */
typedef struct edai_block {
    _Atomic uint32_t refs;
    uint32_t size;
    uint8_t bytes[];
} edai_block;

typedef struct edai_frame {
    uint8_t type; /* edai_frame_type */
    uint8_t flags;
    uint64_t id;
    uint64_t other;
    edai_block *body; /* NULL: empty */
} edai_frame;

/* Returns a block of that size, not filled; NULL: no memory. */
EDA_CHECK edai_block *edai_block_new(size_t size);
edai_block *edai_block_keep(edai_block *block);
/* NULL is fine, for both. */
void edai_block_free(edai_block *block);

/* A body from a checked message, or from a key. NULL: no memory. */
EDA_CHECK edai_block *edai_block_of_message(const eda_bus_message *message);
EDA_CHECK edai_block *edai_block_of_key(eda_str key);
/* The message in a frame that was checked; borrowed from its body. */
eda_bus_message edai_frame_message(const edai_frame *frame);
eda_str edai_frame_key(const edai_frame *frame);

/* Writes the header. */
void edai_frame_write(const edai_frame *frame, uint8_t header[EDAI_FRAME_HEADER_SIZE]);

/* What has arrived of a frame. Zero is the beginning. */
typedef struct edai_reader {
    bool is_hub; /* frames are those that sessions send */
    size_t len;  /* of header and body together */
    uint8_t header[EDAI_FRAME_HEADER_SIZE];
    edai_frame frame;
} edai_reader;

/* Takes bytes from *at, which moves on. Returns true with a checked frame, whose body is the
 * caller's; false: all was taken, or *ret_status says why no frame will come: EDA_ESYNTAX,
 * EDA_ENOMEM.
 */
bool edai_reader_take(edai_reader *reader, const uint8_t **at, const uint8_t *end,
    edai_frame *ret_frame, eda_status *ret_status);
/* Forgets what has arrived. */
void edai_reader_reset(edai_reader *reader);

#endif
