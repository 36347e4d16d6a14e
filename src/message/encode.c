/* encode.c - see encode.h. */
#include "message/encode.h"

void edai_encode(edai_encoder *self, const edai_format *format, eda_value value)
{
    *self = (edai_encoder){.flat_size = 0};
    edai_encode_more(self, format, value);
}

void edai_encode_more(edai_encoder *self, const edai_format *format, eda_value value)
{
    self->flat_size = value.type->size;
    if (value.type->size > EDAI_FLAT_SIZE_MAX) {
        edai_writer_fail(&self->writer, EDA_ERANGE);
        return;
    }
    format->value(self, value.type, (edai_bounds){0}, value.data);
}

eda_status edai_encode_finish(
    edai_encoder *self, eda_value value, uint8_t **ret_bytes, size_t *ret_size)
{
    eda_status status = edai_writer_finish(&self->writer, ret_bytes, ret_size);

    if (status != EDA_OK) {
        EDA_TRY(edai_flat_check_within(value.type, value.data, EDAI_FLAT_SIZE_MAX, NULL));
    }
    return status;
}
