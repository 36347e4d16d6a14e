/* reading.h - a message of ten fields, and what a user would write by hand to send it as CBOR and
 * as JSON.
 *
 * Memory: what is encoded is returned owned, free it with free; a decoded reading is given back
 * with reading_fini. */
#ifndef READING_H
#define READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READING_NOTE_SIZE 17u /* with its NUL */
#define READING_SAMPLES_LEN 4u
#define READING_FIELDS 10u

typedef enum reading_mode {
    MODE_OFF,
    MODE_AUTO,
    MODE_MANUAL
} reading_mode;

typedef struct reading {
    bool is_valid;
    uint32_t tag;
    int64_t offset;
    uint64_t sequence;
    double value;
    reading_mode mode;
    char *site;   /* owned */
    char *device; /* owned */
    char note[READING_NOTE_SIZE];
    uint32_t samples[READING_SAMPLES_LEN];
} reading;

typedef enum reading_field {
    FIELD_IS_VALID,
    FIELD_TAG,
    FIELD_OFFSET,
    FIELD_SEQUENCE,
    FIELD_VALUE,
    FIELD_MODE,
    FIELD_SITE,
    FIELD_DEVICE,
    FIELD_NOTE,
    FIELD_SAMPLES,
} reading_field;

extern const char *const reading_field_names[READING_FIELDS];

const char *reading_mode_text(reading_mode mode);
/* False: there is no such mode. */
bool reading_mode_parse(const char *text, size_t len, reading_mode *ret_mode);
/* Frees what it owns. */
void reading_fini(reading *self);

/* False: no memory. */
bool reading_to_cbor(const reading *self, unsigned char **ret_bytes, size_t *ret_size);
bool reading_to_json(const reading *self, char **ret_text, size_t *ret_len);
/* False: that is no reading, or no memory; ret_reading owns nothing then. */
bool reading_from_cbor(const unsigned char *bytes, size_t size, reading *ret_reading);
bool reading_from_json(const char *text, size_t len, reading *ret_reading);

#endif
