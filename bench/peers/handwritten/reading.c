/* reading.c - see reading.h. */
#include "reading.h"

#include <stdlib.h>
#include <string.h>

const char *const reading_field_names[READING_FIELDS] = {
    [FIELD_IS_VALID] = "is_valid",
    [FIELD_TAG] = "tag",
    [FIELD_OFFSET] = "offset",
    [FIELD_SEQUENCE] = "sequence",
    [FIELD_VALUE] = "value",
    [FIELD_MODE] = "mode",
    [FIELD_SITE] = "site",
    [FIELD_DEVICE] = "device",
    [FIELD_NOTE] = "note",
    [FIELD_SAMPLES] = "samples",
};

static const char *const mode_texts[] = {
    [MODE_OFF] = "off", [MODE_AUTO] = "auto", [MODE_MANUAL] = "manual"};
#define MODE_COUNT (sizeof(mode_texts) / sizeof(mode_texts[0]))

const char *reading_mode_text(reading_mode mode)
{
    return mode_texts[mode];
}

bool reading_mode_parse(const char *text, size_t len, reading_mode *ret_mode)
{
    size_t i;

    for (i = 0; i < MODE_COUNT; i++) {
        if (strlen(mode_texts[i]) == len && memcmp(mode_texts[i], text, len) == 0) {
            *ret_mode = (reading_mode)i;
            return true;
        }
    }
    return false;
}

void reading_fini(reading *self)
{
    free(self->site);
    free(self->device);
    *self = (reading){.site = NULL};
}
