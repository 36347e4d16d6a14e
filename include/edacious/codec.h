/* codec.h - messages and records as JSON and CBOR, by their descriptors.
 *
 * Exact over every type's whole range. JSON: integers without fraction or exponent; a uint64 above
 * 2^63-1 as a decimal string; bytes in base64; times RFC 3339 (integer ms accepted), durations
 * "250ms", "5s" (integer ms accepted). CBOR (RFC 8949): one map by field name; definite lengths
 * written, indefinite accepted. Unknown fields are ignored. Bounds on input: 1 MiB, depth 32,
 * 65,536 elements a list; what is decoded takes at most 16 MiB. Duplicate keys, invalid UTF-8, NaN
 * and infinite numbers, trailing bytes are refused. Threads: no shared state. */
#ifndef EDA_CODEC_H
#define EDA_CODEC_H

#include <edacious/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bounds on input: bytes, depth of nesting, elements of a list. */
#define EDA_CODEC_SIZE_MAX (1u << 20)
#define EDA_CODEC_DEPTH_MAX 32
#define EDA_CODEC_LIST_MAX 65536

/* Where decoding failed. */
typedef struct eda_problem {
    char text[200]; /* "door_unlock.attempt is 9; allowed: 1 to 3"; terminated */
} eda_problem;

/* Encodes a struct; returns owned in `ret_text` (terminated, free with free()). EDA_ENOMEM.
 * EDA_EINVAL: not UTF-8, NaN or infinite, an enum value that has no name. EDA_ERANGE: outside its
 * range or over EDA_CODEC_SIZE_MAX. */
EDA_CHECK eda_status eda_json_encode(eda_value value, char **ret_text, size_t *ret_len);
EDA_CHECK eda_status eda_cbor_encode(eda_value value, uint8_t **ret_bytes, size_t *ret_size);

/* Decodes into one flat block: the struct, then what it points to; returns owned in `ret_data`,
 * free with free(). EDA_ESYNTAX: not JSON or CBOR. EDA_EINVAL: not what the type declares.
 * EDA_ERANGE: a value or length out of range. EDA_ENOMEM. `ret_problem` may be NULL; it is filled
 * on failure. */
EDA_CHECK eda_status eda_json_decode(
    const eda_type *type, eda_str text, void **ret_data, eda_problem *ret_problem);
EDA_CHECK eda_status eda_cbor_decode(
    const eda_type *type, eda_bytes bytes, void **ret_data, eda_problem *ret_problem);

#ifdef __cplusplus
}
#endif
#endif
