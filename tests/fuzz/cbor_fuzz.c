/* cbor_fuzz.c - any bytes as CBOR into types of every kind: refused with a sentence, or decoded to
 * what encodes, and decodes to the same again; by the short cut to the same as by the long way. */
#include <stdlib.h>
#include <string.h>

#include <edacious/codec.h>

#include "base/assert.h"
#include "message/cbor.h"
#include "message/cbor_plan.h"
#include "message/codec_sample.h"
#include "message/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encoding(const eda_type *type, const void *value)
{
    uint8_t *bytes;
    size_t len;
    void *again;

    /* only the size bound may stand against it: fields that missed are written */
    eda_status status = eda_cbor_encode((eda_value){type, value}, &bytes, &len);
    if (status != EDA_OK) {
        EDA_ASSERT(status == EDA_ERANGE, "what was decoded can be encoded");
        return;
    }
    status = eda_cbor_decode(type, (eda_bytes){bytes, len}, &again, NULL);
    EDA_ASSERT(status == EDA_OK, "what was encoded can be decoded");
    EDA_ASSERT(sample_equal(type, value, again), "CBOR changes nothing");
    free(again);
    free(bytes);
}

/* The short cut takes nothing else, makes nothing else of it, and writes the same. */
static void check_plan(const eda_type *type, eda_bytes bytes, const void *value)
{
    edai_cbor_plan *plan = edai_cbor_plan_new(type);
    edai_writer writer = {.data = NULL};
    uint8_t *encoded;
    size_t len;
    void *planned = plan != NULL ? calloc(1, type->size) : NULL;

    if (planned != NULL && edai_cbor_plan_decode(plan, bytes, planned)) {
        EDA_ASSERT(value != NULL && sample_equal(type, value, planned), "decoded alike");
    }
    if (planned != NULL && value != NULL &&
        eda_cbor_encode((eda_value){type, value}, &encoded, &len) == EDA_OK) {
        bool is_written = edai_cbor_plan_append(plan, &writer, value);
        EDA_ASSERT(is_written && writer.used == len && memcmp(writer.data, encoded, len) == 0,
            "encoded alike");
        free(encoded);
    }
    free(writer.data);
    free(planned);
    free(plan);
}

static void run(const eda_type *type, eda_bytes bytes)
{
    eda_problem problem = {.text = ""};
    void *value;
    size_t size;

    if (eda_cbor_decode(type, bytes, &value, &problem) != EDA_OK) {
        EDA_ASSERT(problem.text[0] != '\0', "a refusal says why");
        check_plan(type, bytes, NULL);
        return;
    }
    EDA_ASSERT(edai_cbor_well_formed(bytes, NULL) == EDA_OK, "only well-formed input decodes");
    EDA_ASSERT(edai_flat_check_within(type, value, EDAI_FLAT_SIZE_MAX, NULL) == EDA_OK,
        "what was decoded passes the check of what is published");
    EDA_ASSERT(edai_flat_size(type, value, &size) == EDA_OK, "what was decoded has a size");
    check_encoding(type, value);
    check_plan(type, bytes, value);
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    eda_bytes bytes = {.ptr = data, .len = size};

    run(&eda_type_sample_any, bytes);
    run(&eda_type_sample_unlock, bytes);
    run(&eda_type_sample_tree, bytes);
    run(&eda_type_sample_scalars, bytes);
    return 0;
}
