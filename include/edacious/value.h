/* value.h - the C types that fields of messages, records and states are made of.
 *
 * Besides these: bool, int8_t to int64_t, uint8_t to uint64_t, float, double. */
#ifndef EDA_VALUE_H
#define EDA_VALUE_H

#include <edacious/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Text: UTF-8, not terminated, always borrowed. */
typedef struct eda_str {
    const char *ptr;
    size_t len; /* bytes */
} eda_str;

/* Raw bytes, always borrowed. */
typedef struct eda_bytes {
    const uint8_t *ptr;
    size_t len;
} eda_bytes;

/* Owned text in an actor's state: read with eda_text_str, changed only by eda_text_set (ctx.h),
 * freed by the framework with the activation. Zero is the empty text. */
typedef struct eda_text {
    char *ptr;
    size_t len;
} eda_text;

typedef int64_t eda_time;     /* nanoseconds since 1970-01-01T00:00:00Z */
typedef int64_t eda_duration; /* nanoseconds */

/* Durations from numbers of other units. */
#define EDA_NS(n_) ((eda_duration)(n_))
#define EDA_US(n_) (1000 * (eda_duration)(n_))
#define EDA_MS(n_) (1000000 * (eda_duration)(n_))
#define EDA_SEC(n_) (1000000000 * (eda_duration)(n_))

/* A borrowed eda_str of a string literal; anything but a literal does not compile. The second form
 * is a constant initialiser. Plain C: (eda_str){"x", 1} */
#ifndef __cplusplus
#define EDA_STR(literal_) ((eda_str){"" literal_, sizeof(literal_) - 1})
#define EDA_BYTES(literal_) ((eda_bytes){(const uint8_t *)("" literal_), sizeof(literal_) - 1})
#endif
#define EDA_STR_INIT(literal_)                                                                     \
    {                                                                                              \
        "" literal_, sizeof(literal_) - 1                                                          \
    }

/* The two arguments that "%.*s" takes. */
#define EDA_STR_ARG(str_) (int)(str_).len, (str_).ptr

/* Borrows a terminated string; NULL gives the empty text. */
eda_str eda_str_from(const char *text);
bool eda_str_equal(eda_str a, eda_str b);
/* Bytewise order, shorter first where one is a prefix: negative, 0 or positive. */
int eda_str_compare(eda_str a, eda_str b);

/* Borrows the text until it is next set. */
eda_str eda_text_str(eda_text text);

/* No message, no dependencies: the deps type of actors that need none. */
typedef struct eda_none {
    char unused;
} eda_none;

#ifdef __cplusplus
}
#endif
#endif
