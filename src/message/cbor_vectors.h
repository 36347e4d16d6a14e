/* cbor_vectors.h - the examples of RFC 8949: Appendix A, well-formed, and Appendix F.1, not
 * well-formed. */
#ifndef EDAI_CBOR_VECTORS_H
#define EDAI_CBOR_VECTORS_H

#include <edacious/status.h>

typedef struct cbor_vector {
    const char *hex;
    const char *field; /* of the test's record that takes it; NULL: tested as a whole elsewhere */
    eda_status status; /* of decoding it there */
    const char *json;  /* what the field is in JSON then */
} cbor_vector;

static const cbor_vector cbor_vectors[] = {
    {"00", "u64", EDA_OK, "0"},
    {"01", "u64", EDA_OK, "1"},
    {"0a", "i64", EDA_OK, "10"},
    {"17", "i64", EDA_OK, "23"},
    {"1818", "i64", EDA_OK, "24"},
    {"1819", "i64", EDA_OK, "25"},
    {"1864", "i64", EDA_OK, "100"},
    {"1903e8", "i64", EDA_OK, "1000"},
    {"1a000f4240", "i64", EDA_OK, "1000000"},
    {"1b000000e8d4a51000", "i64", EDA_OK, "1000000000000"},
    {"1bffffffffffffffff", "u64", EDA_OK, "\"18446744073709551615\""},
    {"c249010000000000000000", "raw", EDA_EINVAL, NULL},
    {"3bffffffffffffffff", "i64", EDA_ERANGE, NULL},
    {"c349010000000000000000", "raw", EDA_EINVAL, NULL},
    {"20", "i64", EDA_OK, "-1"},
    {"29", "i64", EDA_OK, "-10"},
    {"3863", "i64", EDA_OK, "-100"},
    {"3903e7", "i64", EDA_OK, "-1000"},
    {"f90000", "f64", EDA_OK, "0.0"},
    {"f98000", "f64", EDA_OK, "-0.0"},
    {"f93c00", "f64", EDA_OK, "1.0"},
    {"fb3ff199999999999a", "f64", EDA_OK, "1.1"},
    {"f93e00", "f64", EDA_OK, "1.5"},
    {"f97bff", "f64", EDA_OK, "65504.0"},
    {"fa47c35000", "f64", EDA_OK, "100000.0"},
    {"fa7f7fffff", "f64", EDA_OK, "3.4028234663852886e+38"},
    {"fb7e37e43c8800759c", "f64", EDA_OK, "1e+300"},
    {"f90001", "f64", EDA_OK, "5.9604644775390625e-08"},
    {"f90400", "f64", EDA_OK, "6.103515625e-05"},
    {"f9c400", "f64", EDA_OK, "-4.0"},
    {"fbc010666666666666", "f64", EDA_OK, "-4.1"},
    {"f97c00", "f64", EDA_EINVAL, NULL},
    {"f97e00", "f64", EDA_EINVAL, NULL},
    {"f9fc00", "f64", EDA_EINVAL, NULL},
    {"fa7f800000", "f64", EDA_EINVAL, NULL},
    {"fa7fc00000", "f64", EDA_EINVAL, NULL},
    {"faff800000", "f64", EDA_EINVAL, NULL},
    {"fb7ff0000000000000", "f64", EDA_EINVAL, NULL},
    {"fb7ff8000000000000", "f64", EDA_EINVAL, NULL},
    {"fbfff0000000000000", "f64", EDA_EINVAL, NULL},
    {"f4", "flag", EDA_OK, "false"},
    {"f5", "flag", EDA_OK, "true"},
    {"f6", "items", EDA_EINVAL, NULL},
    {"f7", "flag", EDA_EINVAL, NULL},
    {"f0", "u64", EDA_EINVAL, NULL},
    {"f8ff", "u64", EDA_EINVAL, NULL},
    {"c074323031332d30332d32315432303a30343a30305a", "text", EDA_EINVAL, NULL},
    {"c11a514b67b0", "i64", EDA_EINVAL, NULL},
    {"c1fb41d452d9ec200000", "f64", EDA_EINVAL, NULL},
    {"d74401020304", "raw", EDA_EINVAL, NULL},
    {"d818456449455446", "raw", EDA_EINVAL, NULL},
    {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", "text", EDA_EINVAL, NULL},
    {"40", "raw", EDA_OK, "\"\""},
    {"4401020304", "raw", EDA_OK, "\"AQIDBA==\""},
    {"60", "text", EDA_OK, "\"\""},
    {"6161", "text", EDA_OK, "\"a\""},
    {"6449455446", "text", EDA_OK, "\"IETF\""},
    {"62225c", "text", EDA_OK, "\"\\\"\\\\\""},
    {"62c3bc", "text", EDA_OK, "\"\xc3\xbc\""},
    {"63e6b0b4", "text", EDA_OK, "\"\xe6\xb0\xb4\""},
    {"64f0908591", "text", EDA_OK, "\"\xf0\x90\x85\x91\""},
    {"80", "items", EDA_OK, "[]"},
    {"83010203", "items", EDA_OK, "[1,2,3]"},
    {"8301820203820405", "items", EDA_EINVAL, NULL},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", "items", EDA_OK,
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
    {"a0", NULL, EDA_OK, NULL},
    {"a201020304", NULL, EDA_OK, NULL},
    {"a26161016162820203", NULL, EDA_OK, NULL},
    {"826161a161626163", NULL, EDA_OK, NULL},
    {"a56161614161626142616361436164614461656145", NULL, EDA_OK, NULL},
    {"5f42010243030405ff", "raw", EDA_OK, "\"AQIDBAU=\""},
    {"7f657374726561646d696e67ff", "text", EDA_OK, "\"streaming\""},
    {"9fff", "items", EDA_OK, "[]"},
    {"9f018202039f0405ffff", "items", EDA_EINVAL, NULL},
    {"9f01820203820405ff", "items", EDA_EINVAL, NULL},
    {"83018202039f0405ff", "items", EDA_EINVAL, NULL},
    {"83019f0203ff820405", "items", EDA_EINVAL, NULL},
    {"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "items", EDA_OK,
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
    {"bf61610161629f0203ffff", NULL, EDA_OK, NULL},
    {"826161bf61626163ff", NULL, EDA_OK, NULL},
    {"bf6346756ef563416d7421ff", NULL, EDA_OK, NULL},
};

static const char *const cbor_malformed[] = {
    /* the input ends in a head */
    "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98",
    "9a01ff00", "b8", "d8", "f8", "f900", "fa0000", "fb000000",
    /* definite strings with too little data */
    "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00",
    "7b7fffffffffffffff010203",
    /* definite lists and maps with too few items */
    "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000",
    /* a tag without content */
    "c0",
    /* open strings without a break */
    "5f4100", "7f6100",
    /* open lists and maps without a break */
    "9f", "9f0102", "bf", "bf01020102", "819f", "9f8000", "9f9f9f9f9fffffffff",
    "9f819f819f9fffffff",
    /* reserved additional information */
    "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc",
    "bd", "be", "dc", "dd", "de", "fc", "fd", "fe",
    /* reserved two-byte simple values */
    "f800", "f801", "f818", "f81f",
    /* chunks of the wrong type */
    "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff",
    /* chunks that are open themselves */
    "5f5f4100ffff", "7f7f6100ffff",
    /* a break outside of open items */
    "ff",
    /* a break in a definite list or map or behind a tag */
    "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff", "9f829f819f9fffffffff",
    /* a break where a value is due */
    "bf00ff", "bf000000ff",
    /* additional information 31 where nothing can be open */
    "1f", "3f", "df"};

#endif
