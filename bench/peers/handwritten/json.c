/* json.c - a reading to and from JSON with jansson, which has a tree of values as its only way. */
#define _POSIX_C_SOURCE 200809L

#include "reading.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 512u /* of a usual reading; a longer one is written twice */

/* --- encode --- */

/* Takes the value; NULL, which is no memory, is an error. */
static bool set(json_t *object, reading_field field, json_t *value)
{
    return json_object_set_new_nocheck(object, reading_field_names[field], value) == 0;
}

static json_t *new_samples(const reading *self)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < READING_SAMPLES_LEN; i++) {
        if (json_array_append_new(array, json_integer(self->samples[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* NULL: no memory, or a text that is no UTF-8. jansson's integers end at INT64_MAX. */
static json_t *new_object(const reading *self)
{
    json_t *object = json_object();

    if (self->sequence > INT64_MAX || !set(object, FIELD_IS_VALID, json_boolean(self->is_valid)) ||
        !set(object, FIELD_TAG, json_integer(self->tag)) ||
        !set(object, FIELD_OFFSET, json_integer(self->offset)) ||
        !set(object, FIELD_SEQUENCE, json_integer((json_int_t)self->sequence)) ||
        !set(object, FIELD_VALUE, json_real(self->value)) ||
        !set(object, FIELD_MODE, json_string_nocheck(reading_mode_text(self->mode))) ||
        !set(object, FIELD_SITE, json_string(self->site)) ||
        !set(object, FIELD_DEVICE, json_string(self->device)) ||
        !set(object, FIELD_NOTE, json_string(self->note)) ||
        !set(object, FIELD_SAMPLES, new_samples(self))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* NULL: no memory. */
static char *dump(const json_t *object, size_t *ret_len)
{
    char *text = malloc(TEXT_SIZE);
    size_t len = text != NULL ? json_dumpb(object, text, TEXT_SIZE, JSON_COMPACT) : 0;

    if (len > TEXT_SIZE) {
        free(text);
        text = malloc(len);
        len = text != NULL ? json_dumpb(object, text, len, JSON_COMPACT) : 0;
    }
    if (len == 0) {
        free(text);
        return NULL;
    }
    *ret_len = len;
    return text;
}

bool reading_to_json(const reading *self, char **ret_text, size_t *ret_len)
{
    json_t *object = new_object(self);
    char *text = object != NULL ? dump(object, ret_len) : NULL;

    json_decref(object);
    if (text != NULL) {
        *ret_text = text;
    }
    return text != NULL;
}

/* --- decode --- */

static const json_t *get(const json_t *object, reading_field field)
{
    return json_object_get(object, reading_field_names[field]);
}

static bool get_integer(const json_t *value, json_int_t min, json_int_t max, json_int_t *ret_value)
{
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max) {
        return false;
    }
    *ret_value = json_integer_value(value);
    return true;
}

static bool get_numbers(const json_t *object, reading *got)
{
    const json_t *is_valid = get(object, FIELD_IS_VALID);
    const json_t *value = get(object, FIELD_VALUE);
    json_int_t tag;
    json_int_t offset;
    json_int_t sequence;

    if (!json_is_boolean(is_valid) || !json_is_number(value) ||
        !get_integer(get(object, FIELD_TAG), 0, UINT32_MAX, &tag) ||
        !get_integer(get(object, FIELD_OFFSET), INT64_MIN, INT64_MAX, &offset) ||
        !get_integer(get(object, FIELD_SEQUENCE), 0, INT64_MAX, &sequence)) {
        return false;
    }
    got->is_valid = json_is_true(is_valid);
    got->value = json_number_value(value);
    got->tag = (uint32_t)tag;
    got->offset = offset;
    got->sequence = (uint64_t)sequence;
    return true;
}

static char *copy(const json_t *value)
{
    return json_is_string(value) ? strndup(json_string_value(value), json_string_length(value))
                                 : NULL;
}

static bool get_texts(const json_t *object, reading *got)
{
    const json_t *mode = get(object, FIELD_MODE);
    const json_t *note = get(object, FIELD_NOTE);

    if (!json_is_string(mode) ||
        !reading_mode_parse(json_string_value(mode), json_string_length(mode), &got->mode) ||
        !json_is_string(note) || json_string_length(note) >= sizeof(got->note)) {
        return false;
    }
    memcpy(got->note, json_string_value(note), json_string_length(note) + 1);
    got->site = copy(get(object, FIELD_SITE));
    got->device = copy(get(object, FIELD_DEVICE));
    return got->site != NULL && got->device != NULL;
}

static bool get_samples(const json_t *object, reading *got)
{
    const json_t *samples = get(object, FIELD_SAMPLES);
    size_t i;

    if (!json_is_array(samples) || json_array_size(samples) != READING_SAMPLES_LEN) {
        return false;
    }
    for (i = 0; i < READING_SAMPLES_LEN; i++) {
        json_int_t sample;

        if (!get_integer(json_array_get(samples, i), 0, UINT32_MAX, &sample)) {
            return false;
        }
        got->samples[i] = (uint32_t)sample;
    }
    return true;
}

bool reading_from_json(const char *text, size_t len, reading *ret_reading)
{
    reading got = {.site = NULL};
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    bool is_good = json_is_object(object) && json_object_size(object) == READING_FIELDS &&
                   get_numbers(object, &got) && get_texts(object, &got) &&
                   get_samples(object, &got);

    json_decref(object);
    if (!is_good) {
        reading_fini(&got);
        return false;
    }
    *ret_reading = got;
    return true;
}
