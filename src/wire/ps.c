/* ps.c - see ps.h. */
#include "wire/ps.h"

eda_status edai_ps_read(eda_bytes json, edai_ps **ret_ps, eda_problem *ret_problem)
{
    eda_str text = {.ptr = (const char *)json.ptr, .len = json.len};
    void *data = NULL;

    EDA_TRY(eda_json_decode(&eda_type_edai_ps, text, &data, ret_problem));
    *ret_ps = data;
    return EDA_OK;
}
