/* cbor_number.h - numbers as CBOR has them: 1, 2, 4 or 8 bytes, the highest first. No state. */
#ifndef EDAI_CBOR_NUMBER_H
#define EDAI_CBOR_NUMBER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EDAI_CBOR_SWAP(number_) __builtin_bswap64(number_)
#else
#define EDAI_CBOR_SWAP(number_) (number_)
#endif

/* Writes 8 bytes, of which the first `size` count: one store instead of a loop. */
static inline void edai_cbor_put_number(uint8_t *at, uint64_t number, size_t size)
{
    uint64_t bytes = EDAI_CBOR_SWAP(number << (64 - 8 * size));

    memcpy(at, &bytes, sizeof bytes);
}

/* `left` bytes may be read, `size` or more. */
static inline uint64_t edai_cbor_get_number(const uint8_t *at, size_t size, size_t left)
{
    uint64_t number = 0;

    if (left >= sizeof number) {
        memcpy(&number, at, sizeof number);
        return EDAI_CBOR_SWAP(number) >> (64 - 8 * size);
    }
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

#endif
