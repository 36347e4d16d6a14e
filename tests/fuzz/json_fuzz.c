/* json_fuzz.c - any bytes as JSON into types of every kind: refused with a sentence, or decoded to
 * what encodes, and decodes to the same again. */
#include <stdlib.h>

#include <edacious/codec.h>

#include "base/assert.h"
#include "message/codec_sample.h"
#include "message/flat.h"
#include "message/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encoding(const eda_type *type, const void *value)
{
    char *text;
    size_t len;
    void *again;

    /* only the size bound may stand against it: text grows when it is escaped */
    eda_status status = eda_json_encode((eda_value){type, value}, &text, &len);
    if (status != EDA_OK) {
        EDA_ASSERT(status == EDA_ERANGE, "what was decoded can be encoded");
        return;
    }
    status = eda_json_decode(type, (eda_str){text, len}, &again, NULL);
    EDA_ASSERT(status == EDA_OK, "what was encoded can be decoded");
    EDA_ASSERT(sample_equal(type, value, again), "JSON changes nothing");
    free(again);
    free(text);
}

/* Most text is decoded as it stands; by way of a tree nothing else may come out. */
static void check_tree(const eda_type *type, eda_str text, const void *value)
{
    json_t *tree;
    void *again;

    eda_status status = edai_json_parse(text, &tree, NULL);
    EDA_ASSERT(status == EDA_OK, "what was decoded is JSON");
    status = edai_json_from(type, tree, NULL, 0, &again, NULL);
    EDA_ASSERT(status == EDA_OK, "its tree can be decoded");
    EDA_ASSERT(sample_equal(type, value, again), "both ways end with the same");
    free(again);
    json_decref(tree);
}

static void run(const eda_type *type, eda_str text)
{
    eda_problem problem = {.text = ""};
    void *value;
    size_t size;

    eda_status status = eda_json_decode(type, text, &value, &problem);
    if (status != EDA_OK) {
        EDA_ASSERT(
            status != EDA_ENOMEM, "there is memory: no input may look as if there were none");
        EDA_ASSERT(problem.text[0] != '\0', "a refusal says why");
        return;
    }
    EDA_ASSERT(edai_flat_check_within(type, value, EDAI_FLAT_SIZE_MAX, NULL) == EDA_OK,
        "what was decoded passes the check of what is published");
    EDA_ASSERT(edai_flat_size(type, value, &size) == EDA_OK, "what was decoded has a size");
    check_tree(type, text, value);
    check_encoding(type, value);
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    eda_str text = {.ptr = (const char *)data, .len = size};

    run(&eda_type_sample_any, text);
    run(&eda_type_sample_unlock, text);
    run(&eda_type_sample_tree, text);
    run(&eda_type_sample_scalars, text);
    return 0;
}
