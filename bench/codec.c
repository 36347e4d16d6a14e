/* codec.c - a message of ten fields to and from CBOR and JSON. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EDA_ENUM(reading_mode, (MODE_OFF, "off"), (MODE_AUTO, "auto"), (MODE_MANUAL, "manual"));
EDA_RECORD(reading,
    (bool, is_valid), (uint32_t, tag), (int64_t, offset), (uint64_t, sequence), (double, value),
    (reading_mode, mode), (eda_str, site), (eda_str, device), (eda_str, note, .len_max = 16),
    (eda_list_of(uint32_t), samples, .len_max = 4));

#define SAMPLE                                                                                     \
    EDA_MSG(reading, .is_valid = true, .tag = 4711, .offset = -1234567890123,                      \
        .sequence = 9007199254740993, .value = 21.375, .mode = MODE_MANUAL,                        \
        .site = EDA_STR("hall-17-west"), .device = EDA_STR("sensor-00042"),                        \
        .note = EDA_STR("door ajar"), .samples = EDA_LIST(uint32_t, 17, 420, 65537, 4294967295))

static bool is_sample(const reading *got)
{
    const reading *wanted = SAMPLE.data;

    return got->is_valid == wanted->is_valid && got->tag == wanted->tag &&
           got->offset == wanted->offset && got->sequence == wanted->sequence &&
           got->value >= wanted->value && got->value <= wanted->value &&
           got->mode == wanted->mode && eda_str_equal(got->site, wanted->site) &&
           eda_str_equal(got->device, wanted->device) && eda_str_equal(got->note, wanted->note) &&
           got->samples.len == 4 && memcmp(got->samples.items, wanted->samples.items, 16) == 0;
}

static void print(const char *what, uint64_t size, uint64_t encoded_size, int64_t time)
{
    char rate[32];

    bench_print("codec", what, (double)time / (double)size, "ns");
    (void)snprintf(rate, sizeof(rate), "%s_rate", what);
    bench_print("codec", rate, (double)(encoded_size * size) / 1e6 / ((double)time / 1e9), "MB/s");
}

static void check_decoded(void *data)
{
    if (data == NULL || !is_sample(data)) {
        bench_fail("codec: what was decoded is not what was encoded");
    }
    free(data);
}

static void cbor(uint64_t size)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    void *data = NULL;
    int64_t begin = bench_now();
    uint64_t i;

    for (i = 0; i < size; i++) {
        free(bytes);
        bench_check(NULL, eda_cbor_encode(SAMPLE, &bytes, &len), "CBOR encode");
    }
    print("cbor_encode", size, len, bench_now() - begin);
    begin = bench_now();
    for (i = 0; i < size; i++) {
        free(data);
        bench_check(NULL,
            eda_cbor_decode(&eda_type_reading, (eda_bytes){.ptr = bytes, .len = len}, &data, NULL),
            "CBOR decode");
    }
    print("cbor_decode", size, len, bench_now() - begin);
    check_decoded(data);
    free(bytes);
}

static void json(uint64_t size)
{
    char *text = NULL;
    size_t len = 0;
    void *data = NULL;
    int64_t begin = bench_now();
    uint64_t i;

    for (i = 0; i < size; i++) {
        free(text);
        bench_check(NULL, eda_json_encode(SAMPLE, &text, &len), "JSON encode");
    }
    print("json_encode", size, len, bench_now() - begin);
    begin = bench_now();
    for (i = 0; i < size; i++) {
        free(data);
        bench_check(NULL,
            eda_json_decode(&eda_type_reading, (eda_str){.ptr = text, .len = len}, &data, NULL),
            "JSON decode");
    }
    print("json_decode", size, len, bench_now() - begin);
    check_decoded(data);
    free(text);
}

static void codec(uint64_t size)
{
    cbor(size);
    json(size);
}

const bench bench_codec[] = {
    {"codec", 500000, 100, codec, false}, /* rounds */
    {.name = NULL},
};
