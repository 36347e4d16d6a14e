/* payload_fuzz.c - any bytes as a payload that the command shows: one line of JSON, whatever they
 * are called. */
#include <jansson.h>
#include <string.h>

#include "base/assert.h"
#include "cli/payload.h"
#include "cli/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What CBOR has and this reader of JSON has not: the largest numbers, keys with a zero in them. */
static bool is_beyond(const json_error_t *error)
{
    return json_error_code(error) == json_error_numeric_overflow ||
           json_error_code(error) == json_error_null_byte_in_key;
}

static void show(const char *encoding, eda_bytes payload)
{
    edai_buffer text = {.size = 0};
    json_error_t error;

    edai_payload_put(&text, eda_str_from(encoding), payload);
    EDA_ASSERT(!text.is_broken, "there is memory");
    EDA_ASSERT(memchr(text.bytes, '\n', text.size) == NULL, "it is one line");
    json_t *json = json_loadb((const char *)text.bytes, text.size,
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    EDA_ASSERT(json != NULL || is_beyond(&error), "it is JSON");
    json_decref(json);
    edai_buffer_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    eda_bytes payload = {.ptr = data, .len = size};
    edai_buffer bytes = {.size = 0};

    show("application/json", payload);
    show("application/cbor", payload);
    show("image/png", payload);
    if (edai_payload_to_cbor(&bytes, (eda_str){.ptr = (const char *)data, .len = size}, NULL) ==
        EDA_OK) {
        show("application/cbor", (eda_bytes){.ptr = bytes.bytes, .len = bytes.size});
    }
    edai_buffer_fini(&bytes);
    return 0;
}
