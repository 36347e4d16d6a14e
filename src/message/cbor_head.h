/* cbor_head.h - how a CBOR item begins: a major type and a number, in as few bytes as hold it.
 *
 * No state. */
#ifndef EDAI_CBOR_HEAD_H
#define EDAI_CBOR_HEAD_H

#include "message/cbor_number.h"

#define EDAI_CBOR_HEAD_SIZE_MAX ((size_t)9)
#define EDAI_CBOR_MAJOR_SHIFT 5
#define EDAI_CBOR_DIRECT_MAX 23 /* the number stands in the head byte */
#define EDAI_CBOR_IN_1_BYTE 24  /* in the bytes behind it; one more: twice as many */

typedef enum edai_cbor_major {
    EDAI_CBOR_MAJOR_UNSIGNED,
    EDAI_CBOR_MAJOR_NEGATIVE,
    EDAI_CBOR_MAJOR_BYTES,
    EDAI_CBOR_MAJOR_TEXT,
    EDAI_CBOR_MAJOR_ARRAY,
    EDAI_CBOR_MAJOR_MAP
} edai_cbor_major;

/* Writes a head where there is room for EDAI_CBOR_HEAD_SIZE_MAX bytes; returns its size. */
static inline size_t edai_cbor_put_head(uint8_t *room, edai_cbor_major kind, uint64_t number)
{
    uint8_t first = (uint8_t)((unsigned)kind << EDAI_CBOR_MAJOR_SHIFT);

    if (number <= EDAI_CBOR_DIRECT_MAX) {
        room[0] = (uint8_t)(first | number);
        return 1;
    }
    unsigned power = number <= UINT8_MAX    ? 0
                     : number <= UINT16_MAX ? 1
                     : number <= UINT32_MAX ? 2
                                            : 3;
    size_t size = (size_t)1 << power;
    room[0] = (uint8_t)(first | (EDAI_CBOR_IN_1_BYTE + power));
    edai_cbor_put_number(room + 1, number, size);
    return 1 + size;
}

#endif
