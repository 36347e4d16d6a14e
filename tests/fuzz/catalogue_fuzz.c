/* catalogue_fuzz.c - any bytes as the catalogue and as the state of another node: refused with a
 * sentence, or read to what can be written and read again. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "wire/catalogue.h"
#include "wire/ps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const edai_catalogue *catalogue)
{
    edai_catalogue *again = NULL;
    char *text;
    size_t len;

    /* text may grow beyond the bound when it is escaped */
    if (eda_json_encode((eda_value){.type = &eda_type_edai_catalogue, .data = catalogue}, &text,
            &len) != EDA_OK) {
        return;
    }
    eda_status status =
        edai_catalogue_read((eda_bytes){.ptr = (const uint8_t *)text, .len = len}, &again, NULL);
    EDA_ASSERT(status == EDA_OK, "what was written can be read");
    EDA_ASSERT(edai_catalogue_hash(catalogue) == edai_catalogue_hash(again), "and says the same");
    edai_free(again);
    free(text);
}

static void check_patterns(const edai_catalogue *catalogue)
{
    char buffer[EDA_TOPIC_LEN_MAX];

    for (size_t i = 0; i < catalogue->messages.len; i++) {
        eda_str pattern = edai_catalogue_pattern(catalogue->messages.items[i].topic, buffer);

        EDA_ASSERT(pattern.len > 0, "a topic has a pattern");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    eda_bytes bytes = {.ptr = data, .len = size};
    eda_problem problem = {.text = ""};
    edai_catalogue *catalogue = NULL;
    edai_ps *ps = NULL;

    if (edai_catalogue_read(bytes, &catalogue, &problem) == EDA_OK) {
        check_again(catalogue);
        check_patterns(catalogue);
        edai_free(catalogue);
    } else {
        EDA_ASSERT(problem.text[0] != '\0', "a refusal says why");
    }
    if (edai_ps_read(bytes, &ps, NULL) == EDA_OK) {
        edai_free(ps);
    }
    return 0;
}
