/* identity_test.c - keys as read from messages, and their hashes, which are the same everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <edacious/edacious.h>

#include <string.h>

EDA_RECORD(asking_keys, (int8_t, i8), (int16_t, i16), (int32_t, i32), (int64_t, i64), (uint8_t, u8),
    (uint16_t, u16), (uint32_t, u32), (uint64_t, u64), (eda_str, text), (double, real),
    (eda_time, at), (bool, flag));

static const eda_field *field_of(const char *name)
{
    const eda_field *field = eda_type_asking_keys.fields;

    while (strcmp(field->name, name) != 0) {
        field++;
    }
    return field;
}

static void assert_number(const char *name, asking_keys keys, uint64_t expected)
{
    eda_identity identity = {.is_text = true};

    assert_int_equal(eda_identity_of_field(field_of(name), &keys, &identity), EDA_OK);
    assert_false(identity.is_text);
    assert_int_equal(identity.number, expected);
}

static void identity_of_integers_is_their_value(void **state)
{
    (void)state;
    assert_number("i8", (asking_keys){.i8 = INT8_MIN}, (uint64_t)INT64_C(-128));
    assert_number("i8", (asking_keys){.i8 = 127}, 127);
    assert_number("i16", (asking_keys){.i16 = -2}, (uint64_t)INT64_C(-2));
    assert_number("i32", (asking_keys){.i32 = INT32_MIN}, (uint64_t)(int64_t)INT32_MIN);
    assert_number("i64", (asking_keys){.i64 = INT64_MIN}, (uint64_t)INT64_MIN);
    assert_number("u8", (asking_keys){.u8 = 255}, 255);
    assert_number("u16", (asking_keys){.u16 = 65535}, 65535);
    assert_number("u32", (asking_keys){.u32 = UINT32_MAX}, UINT32_MAX);
    assert_number("u64", (asking_keys){.u64 = UINT64_MAX}, UINT64_MAX);
}

static eda_status identify(const char *text, size_t len)
{
    const asking_keys keys = {.text = {.ptr = text, .len = len}};
    eda_identity identity = {.number = 77};
    eda_status status = eda_identity_of_field(field_of("text"), &keys, &identity);

    if (status == EDA_OK) {
        assert_true(identity.is_text);
        assert_ptr_equal(identity.text.ptr, text);
        assert_int_equal(identity.text.len, len);
    } else {
        assert_int_equal(identity.number, 77); /* untouched */
    }
    return status;
}

static void identity_of_text_is_one_chunk(void **state)
{
    static const char *const good[] = {"a", "front door", "\xc3\xa9", "a@b", "-", ".", "a=b;c"};
    static const char *const bad[] = {
        "", "@a", "a/b", "/", "a*", "*", "a$b", "a#", "a?", "\xff", "\xc3", "\xed\xa0\x80"};
    char longest[256];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(identify(good[i], strlen(good[i])), EDA_OK);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(identify(bad[i], strlen(bad[i])), EDA_EKEY);
    }
    assert_int_equal(identify(NULL, 0), EDA_EKEY);
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(identify(longest, 255), EDA_OK);
    assert_int_equal(identify(longest, 256), EDA_EKEY);
}

static void identity_of_other_fields_is_refused(void **state)
{
    const asking_keys keys = {.real = 1, .at = 1, .flag = true};
    eda_identity identity = {.number = 0};

    (void)state;
    assert_int_equal(eda_identity_of_field(field_of("real"), &keys, &identity), EDA_EKEY);
    assert_int_equal(eda_identity_of_field(field_of("at"), &keys, &identity), EDA_EKEY);
    assert_int_equal(eda_identity_of_field(field_of("flag"), &keys, &identity), EDA_EKEY);
}

/* FNV-1a with a final mix: recomputed here, so that a change shows, since nodes must agree on it.
 */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static void hash_is_the_same_everywhere(void **state)
{
    const eda_identity number = {.number = 5};
    const eda_identity text = {.is_text = true, .text = {.ptr = "front", .len = 5}};
    const eda_identity same = {.is_text = true, .text = {.ptr = "front door", .len = 5}};
    uint64_t expected = UINT64_C(0xcbf29ce484222325);
    size_t i;

    (void)state;
    for (i = 0; i < 5; i++) {
        expected = (expected ^ (unsigned char)"front"[i]) * UINT64_C(0x100000001b3);
    }
    assert_int_equal(eda_identity_hash(&text), mix(expected));
    assert_int_equal(eda_identity_hash(&same), mix(expected));
    assert_int_equal(eda_identity_hash(&number), mix(5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_of_integers_is_their_value),
        cmocka_unit_test(identity_of_text_is_one_chunk),
        cmocka_unit_test(identity_of_other_fields_is_refused),
        cmocka_unit_test(hash_is_the_same_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
