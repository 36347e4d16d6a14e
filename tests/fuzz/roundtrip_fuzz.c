/* roundtrip_fuzz.c - what one codec decodes goes through the other, through a flat copy and back,
 * and is still the same. The first byte says which codec reads the rest. */
#include <stdlib.h>

#include <edacious/codec.h>

#include "base/assert.h"
#include "message/codec_sample.h"
#include "message/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void through_json(const eda_type *type, const void *value)
{
    char *text;
    size_t len;
    void *again;

    eda_status status = eda_json_encode((eda_value){type, value}, &text, &len);
    if (status != EDA_OK) {
        EDA_ASSERT(status == EDA_ERANGE, "only its size may keep a value from JSON");
        return;
    }
    status = eda_json_decode(type, (eda_str){text, len}, &again, NULL);
    EDA_ASSERT(status == EDA_OK, "what was encoded can be decoded");
    EDA_ASSERT(sample_equal(type, value, again), "JSON changes nothing");
    free(again);
    free(text);
}

static void through_cbor(const eda_type *type, const void *value)
{
    uint8_t *bytes;
    size_t size;
    void *again;

    eda_status status = eda_cbor_encode((eda_value){type, value}, &bytes, &size);
    if (status != EDA_OK) {
        EDA_ASSERT(status == EDA_ERANGE, "only its size may keep a value from CBOR");
        return;
    }
    status = eda_cbor_decode(type, (eda_bytes){bytes, size}, &again, NULL);
    EDA_ASSERT(status == EDA_OK, "what was encoded can be decoded");
    EDA_ASSERT(sample_equal(type, value, again), "CBOR changes nothing");
    free(again);
    free(bytes);
}

static void through_copy(const eda_type *type, const void *value)
{
    void *copy;

    eda_status status = edai_flat_clone(type, value, &copy);
    EDA_ASSERT(status == EDA_OK, "what was decoded can be copied");
    EDA_ASSERT(sample_equal(type, value, copy), "a copy changes nothing");
    through_json(type, copy);
    through_cbor(type, copy);
    free(copy);
}

static void run(const eda_type *type, bool is_json, const uint8_t *data, size_t size)
{
    void *value;

    eda_status status =
        is_json ? eda_json_decode(type, (eda_str){(const char *)data, size}, &value, NULL)
                : eda_cbor_decode(type, (eda_bytes){data, size}, &value, NULL);
    if (status == EDA_OK) {
        through_json(type, value);
        through_cbor(type, value);
        through_copy(type, value);
        free(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    run(&eda_type_sample_any, data[0] % 2 == 0, data + 1, size - 1);
    run(&eda_type_sample_tree, data[0] % 2 == 0, data + 1, size - 1);
    run(&eda_type_sample_scalars, data[0] % 2 == 0, data + 1, size - 1);
    return 0;
}
