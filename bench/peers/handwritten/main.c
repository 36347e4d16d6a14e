/* main.c - bench-handwritten codec [ROUNDS]: a message of ten fields to and from CBOR and JSON.
 * Compiled as our library is: -O3 as a whole, without -march=native. */
#define _POSIX_C_SOURCE 200809L

#include "reading.h"

#include <cbor.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 500000u

static int64_t now(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void print(const char *what, uint64_t rounds, size_t encoded_size, int64_t time)
{
    printf("bench handwritten codec.%s %.1f ns\n", what, (double)time / (double)rounds);
    printf("bench handwritten codec.%s_rate %.1f MB/s\n", what,
        (double)encoded_size * (double)rounds / (double)time * 1e3);
}

static void require(bool is_good, const char *what)
{
    if (!is_good) {
        (void)fprintf(stderr, "bench-handwritten: codec: %s\n", what);
        exit(1); /* NOLINT(concurrency-mt-unsafe): only the thread of main comes here */
    }
}

static void require_equal(const reading *got, const reading *sent)
{
    require(got->is_valid == sent->is_valid && got->tag == sent->tag &&
                got->offset == sent->offset && got->sequence == sent->sequence &&
                got->value >= sent->value && got->value <= sent->value && got->mode == sent->mode &&
                strcmp(got->site, sent->site) == 0 && strcmp(got->device, sent->device) == 0 &&
                strcmp(got->note, sent->note) == 0 &&
                memcmp(got->samples, sent->samples, sizeof(got->samples)) == 0,
        "what was decoded is not what was encoded");
}

static void cbor(const reading *sent, uint64_t rounds)
{
    reading got = {.site = NULL};
    unsigned char *bytes = NULL;
    size_t size = 0;
    int64_t begin = now();
    uint64_t i;

    for (i = 0; i < rounds; i++) {
        free(bytes);
        require(reading_to_cbor(sent, &bytes, &size), "no CBOR");
    }
    print("cbor_encode", rounds, size, now() - begin);
    begin = now();
    for (i = 0; i < rounds; i++) {
        reading_fini(&got);
        require(reading_from_cbor(bytes, size, &got), "no reading in the CBOR");
    }
    print("cbor_decode", rounds, size, now() - begin);
    require_equal(&got, sent);
    reading_fini(&got);
    free(bytes);
}

static void json(const reading *sent, uint64_t rounds)
{
    reading got = {.site = NULL};
    char *text = NULL;
    size_t len = 0;
    int64_t begin = now();
    uint64_t i;

    for (i = 0; i < rounds; i++) {
        free(text);
        require(reading_to_json(sent, &text, &len), "no JSON");
    }
    print("json_encode", rounds, len, now() - begin);
    begin = now();
    for (i = 0; i < rounds; i++) {
        reading_fini(&got);
        require(reading_from_json(text, len, &got), "no reading in the JSON");
    }
    print("json_decode", rounds, len, now() - begin);
    require_equal(&got, sent);
    reading_fini(&got);
    free(text);
}

static void codec(uint64_t rounds)
{
    static char site[] = "hall-17-west";
    static char device[] = "sensor-00042";
    const reading sent = {.is_valid = true,
        .tag = 4711,
        .offset = -1234567890123,
        .sequence = 9007199254740993,
        .value = 21.375,
        .mode = MODE_MANUAL,
        .site = site,
        .device = device,
        .note = "door ajar",
        .samples = {17, 420, 65537, UINT32_MAX}};

    cbor(&sent, rounds);
    json(&sent, rounds);
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc == 3 ? strtoull(argv[2], NULL, 10) : ROUNDS;

    if (argc < 2 || argc > 3 || rounds == 0) {
        (void)fprintf(stderr, "usage: bench-handwritten version | codec [ROUNDS]\n");
        return 2;
    }
    if (strcmp(argv[1], "version") == 0) {
        printf("version handwritten libcbor %s, jansson %s, compiler %s\n", CBOR_VERSION,
            jansson_version_str(), __VERSION__);
        return 0;
    }
    if (strcmp(argv[1], "codec") != 0) {
        (void)fprintf(stderr, "bench-handwritten: no benchmark %s here\n", argv[1]);
        return 3;
    }
    codec(rounds);
    return 0;
}
