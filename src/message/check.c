/* check.c - see check.h. Each type that can be reached is checked once, then topic and reply of the
 * first. */
#include "message/check.h"

#include <edacious/ctx.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "message/problem.h"
#include "message/reach.h"
#include "message/scalar.h"
#include "message/template.h"

/* A field, or a type where there is none, and where its problem goes. */
typedef struct place {
    const eda_type *type;
    const eda_field *field;
    eda_problem *problem;
} place;

/* Size and alignment of what a kind is stored as, and the numbers it holds. Size 0: the type itself
 * says. */
typedef struct layout {
    size_t size;
    size_t align;
    long double low;
    long double high;
} layout;

#define LAYOUT(type_, low_, high_)                                                                 \
    {                                                                                              \
        sizeof(type_), _Alignof(type_), (long double)(low_), (long double)(high_)                  \
    }

static const layout layouts[] = {
    [EDA_KIND_BOOL] = LAYOUT(bool, 0, 1),
    [EDA_KIND_I8] = LAYOUT(int8_t, INT8_MIN, INT8_MAX),
    [EDA_KIND_I16] = LAYOUT(int16_t, INT16_MIN, INT16_MAX),
    [EDA_KIND_I32] = LAYOUT(int32_t, INT32_MIN, INT32_MAX),
    [EDA_KIND_I64] = LAYOUT(int64_t, INT64_MIN, INT64_MAX),
    [EDA_KIND_U8] = LAYOUT(uint8_t, 0, UINT8_MAX),
    [EDA_KIND_U16] = LAYOUT(uint16_t, 0, UINT16_MAX),
    [EDA_KIND_U32] = LAYOUT(uint32_t, 0, UINT32_MAX),
    [EDA_KIND_U64] = LAYOUT(uint64_t, 0, UINT64_MAX),
    [EDA_KIND_F32] = LAYOUT(float, -FLT_MAX, FLT_MAX),
    [EDA_KIND_F64] = LAYOUT(double, -DBL_MAX, DBL_MAX),
    [EDA_KIND_STR] = LAYOUT(eda_str, 0, 0),
    [EDA_KIND_BYTES] = LAYOUT(eda_bytes, 0, 0),
    [EDA_KIND_TIME] = LAYOUT(eda_time, INT64_MIN, INT64_MAX),
    [EDA_KIND_DURATION] = LAYOUT(eda_duration, INT64_MIN, INT64_MAX),
    [EDA_KIND_ENUM] = LAYOUT(int, INT_MIN, INT_MAX),
    [EDA_KIND_LIST] = LAYOUT(edai_span, 0, 0),
    [EDA_KIND_TEXT] = LAYOUT(eda_text, 0, 0),
};

static bool kind_is_known(eda_kind kind)
{
    return (int)kind >= EDA_KIND_BOOL && (int)kind <= EDA_KIND_OPAQUE;
}

/* Zero for the kinds whose types say it themselves, and for unknown ones. */
static layout layout_of(eda_kind kind)
{
    size_t index = (size_t)kind;

    return index < sizeof(layouts) / sizeof(layouts[0]) ? layouts[index] : (layout){0};
}

static eda_status refuse(place at, const char *what)
{
    edai_path type = {.name = at.type->name != NULL ? at.type->name : "a type without a name"};
    edai_path field = {.up = &type, .name = at.field != NULL ? at.field->name : NULL};

    return edai_problem_set(at.problem, at.field != NULL ? &field : &type, EDA_EINVAL, "%s", what);
}

/* With the bytes that there are, and those that there should be. */
static eda_status refuse_size(place at, const char *what, size_t is, size_t wanted)
{
    eda_problem sentence;

    (void)edai_problem_set(
        &sentence, NULL, EDA_EINVAL, "%s: %zu bytes instead of %zu", what, is, wanted);
    return refuse(at, sentence.text);
}

static bool is_identifier(const char *name)
{
    size_t len = 0;

    if (name[0] >= '0' && name[0] <= '9') {
        return false;
    }
    for (; name[len] != '\0' && len <= EDAI_TYPE_NAME_LEN_MAX; len++) {
        char c = name[len];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (c < '0' || c > '9')) {
            return false;
        }
    }
    return len > 0 && len <= EDAI_TYPE_NAME_LEN_MAX;
}

/* ---- what a field declares about its value ---- */

static bool is_container(const eda_type *type)
{
    return type->kind == EDA_KIND_LIST || type->kind == EDA_KIND_OPTIONAL;
}

/* Of a list or an optional: what stands in it. */
static const eda_type *element_of(const eda_type *type)
{
    return is_container(type) && type->item != NULL ? type->item : type;
}

static eda_status refuse_number(place at, const char *what, long double number, const layout *range)
{
    char is[EDAI_PROBLEM_NUMBER_SIZE];
    char low[EDAI_PROBLEM_NUMBER_SIZE];
    char high[EDAI_PROBLEM_NUMBER_SIZE];
    eda_problem sentence;

    edai_problem_number(number, is);
    edai_problem_number(range->low, low);
    edai_problem_number(range->high, high);
    (void)edai_problem_set(
        &sentence, NULL, EDA_EINVAL, "has %s %s; allowed: %s to %s", what, is, low, high);
    return refuse(at, sentence.text);
}

/* False for NaN. */
static bool is_within(long double number, const layout *range)
{
    return number >= range->low && number <= range->high;
}

/* Narrows `allowed` to the declared range. */
static eda_status check_range(place at, layout *allowed)
{
    const long double *range = edai_bounds_of(at.field).range;
    const eda_type *element = element_of(at.field->type);

    if (range == NULL) {
        return EDA_OK;
    }
    if (!edai_kind_is_number(element->kind)) {
        return refuse(at, "has a range but is no number; leave the range out");
    }
    for (size_t i = 0; i < 2; i++) {
        if (!is_within(range[i], allowed)) {
            return refuse_number(at, "a range up to or from", range[i], allowed);
        }
    }
    if (range[0] > range[1]) {
        return refuse(at, "has a range whose low end is above its high end; swap them");
    }
    allowed->low = range[0];
    allowed->high = range[1];
    return EDA_OK;
}

static eda_status check_if_missing(place at, const layout *allowed)
{
    const eda_type *type = at.field->type;
    long double number = at.field->if_missing;
    bool is_real = type->kind == EDA_KIND_F32 || type->kind == EDA_KIND_F64;

    if (number == 0) {
        return EDA_OK;
    }
    if (!edai_kind_is_number(type->kind) && type->kind != EDA_KIND_ENUM) {
        return refuse(at, "has an if_missing, which only numbers, bools and enums can have; "
                          "use .may_miss = true or eda_optional");
    }
    if (!is_within(number, allowed)) {
        return refuse_number(at, "an if_missing of", number, allowed);
    }
    if (!is_real && floorl(number) != number) {
        return refuse(at, "has an if_missing with a fraction, which its type cannot hold");
    }
    if (type->kind == EDA_KIND_ENUM && edai_scalar_enum_name(type, (int)number) == NULL) {
        return refuse(at, "has an if_missing that is none of the enum's values; use one of them");
    }
    return EDA_OK;
}

static eda_status check_len_max(place at)
{
    const eda_type *type = at.field->type;
    eda_kind kind = type->kind == EDA_KIND_LIST ? type->kind : element_of(type)->kind;

    if (at.field->len_max == 0 || kind == EDA_KIND_STR || kind == EDA_KIND_BYTES ||
        kind == EDA_KIND_LIST) {
        return EDA_OK;
    }
    return refuse(at, "has a len_max, which is for strings, bytes and lists; leave it out");
}

static eda_status check_declared(place at)
{
    layout allowed = layout_of(element_of(at.field->type)->kind);

    EDA_TRY(check_range(at, &allowed));
    EDA_TRY(check_if_missing(at, &allowed));
    return check_len_max(at);
}

/* ---- what a type says by itself ---- */

static size_t align_of(const eda_type *type)
{
    size_t align = layout_of(type->kind).align;

    return align == 0 ? 1 : align;
}

static bool is_inside(size_t offset, size_t size, size_t whole)
{
    return offset <= whole && size <= whole - offset;
}

static eda_status check_size(place at, const eda_type *type)
{
    size_t size = layout_of(type->kind).size;

    if (size != 0 && type->size != size) {
        return refuse_size(at, "has not the size of its kind; use sizeof", type->size, size);
    }
    return type->size == 0 ? refuse(at, "has no size; use sizeof") : EDA_OK;
}

/* Lists and optionals, at the field where they stand: they have no name worth reading. */
static eda_status check_container(edai_reach *reach, place at, const eda_type *type)
{
    const eda_type *item = type->item;

    if (item == NULL || !kind_is_known(item->kind)) {
        return refuse(at, "has no item type; point to the descriptor of one");
    }
    if (item->kind == EDA_KIND_LIST || item->kind == EDA_KIND_OPTIONAL) {
        return refuse(at, "holds lists or optionals; wrap each in an EDA_RECORD");
    }
    if (item->kind == EDA_KIND_TEXT || item->kind == EDA_KIND_OPAQUE) {
        return refuse(at, "holds what no message can hold; use eda_str or an EDA_RECORD");
    }
    if (type->kind == EDA_KIND_OPTIONAL) {
        size_t offset = type->value_offset;
        if (offset < sizeof(bool) || offset % align_of(item) != 0 ||
            !is_inside(offset, item->size, type->size)) {
            return refuse(at, "has a value_offset outside its struct; use offsetof");
        }
    }
    return edai_reach_add(reach, item, item);
}

/* ---- where fields stand ---- */

static eda_status check_field_place(place at)
{
    const eda_field *field = at.field;
    size_t size = field->type->size;

    if (!is_inside(field->offset, size, at.type->size)) {
        return refuse_size(
            at, "lies outside its struct; use offsetof", field->offset + size, at.type->size);
    }
    if (field->offset % align_of(field->type) != 0) {
        return refuse(at, "has an offset its C type cannot have; use offsetof");
    }
    for (const eda_field *other = at.type->fields; other != field; other++) {
        if (strcmp(other->name, field->name) == 0) {
            return refuse(at, "is declared twice; rename one");
        }
        if (field->offset < other->offset + other->type->size &&
            other->offset < field->offset + size) {
            return refuse(at, "lies over the field before it; use offsetof");
        }
    }
    return EDA_OK;
}

static eda_status check_field(edai_reach *reach, place at)
{
    const eda_type *type = at.field->type;

    if (!is_identifier(at.field->name)) {
        return refuse(at, "is no name for a field; use 1 to 63 letters, digits and '_'");
    }
    if (type == NULL) {
        return refuse(at, "has no type; point to the descriptor of one");
    }
    if (!kind_is_known(type->kind)) {
        return refuse(at, "has a type of unknown kind; use one of EDA_KIND_*");
    }
    if (type->kind == EDA_KIND_TEXT) {
        return refuse(at, "is an eda_text, which only an actor's state can hold; use eda_str");
    }
    if (type->kind == EDA_KIND_OPAQUE) {
        return refuse(at, "is an opaque struct, which no message can hold; use an EDA_RECORD");
    }
    EDA_TRY(check_size(at, type));
    EDA_TRY(check_field_place(at));
    if (!is_container(type)) {
        EDA_TRY(edai_reach_add(reach, type, type));
    } else {
        EDA_TRY(check_container(reach, at, type));
    }
    return check_declared(at);
}

/* ---- types ---- */

static eda_status check_record(edai_reach *reach, place at)
{
    const eda_type *type = at.type;
    size_t count = 0;

    if (type->size > EDAI_TYPE_SIZE_MAX) {
        return refuse_size(at, "is too large; put its bulk in lists, strings or bytes", type->size,
            EDAI_TYPE_SIZE_MAX);
    }
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        if (++count > EDAI_TYPE_FIELDS_MAX) {
            return refuse(at, "has over 256 fields; end them with an entry without a name");
        }
        EDA_TRY(check_field(reach, (place){.type = type, .field = field, .problem = at.problem}));
    }
    return EDA_OK;
}

static eda_status check_enum(place at)
{
    const eda_enumerator *first = at.type->enumerators;
    size_t count = 0;

    if (first == NULL || first->name == NULL) {
        return refuse(at, "is an enum without values; declare at least one");
    }
    if (first->value != 0) {
        return refuse(at, "is an enum whose first value is not 0, which an unset field holds; "
                          "put the one with 0 first");
    }
    for (const eda_enumerator *one = first; one->name != NULL; one++) {
        eda_str name = eda_str_from(one->name);
        if (++count > EDAI_TYPE_NAMES_MAX) {
            return refuse(at, "has over 1,024 values; end them with an entry without a name");
        }
        if (name.len == 0 || !edai_utf8_valid(name)) {
            return refuse(at, "has a value whose name is empty or not UTF-8; name it");
        }
        for (const eda_enumerator *other = first; other != one; other++) {
            if (strcmp(other->name, one->name) == 0) {
                return refuse(at, "has two values of one name; rename one");
            }
        }
    }
    return EDA_OK;
}

static eda_status check_type(edai_reach *reach, place at)
{
    const eda_type *type = at.type;
    bool is_named = type->kind == EDA_KIND_RECORD || type->kind == EDA_KIND_ENUM ||
                    type->kind == EDA_KIND_OPAQUE;

    if (!kind_is_known(type->kind)) {
        return refuse(at, "is of unknown kind; use one of EDA_KIND_*");
    }
    if (is_named && (type->name == NULL || !is_identifier(type->name))) {
        return refuse(at, "is no name for a type; use 1 to 63 letters, digits and '_'");
    }
    EDA_TRY(check_size(at, type));
    if (type->kind == EDA_KIND_RECORD) {
        return check_record(reach, at);
    }
    if (type->kind == EDA_KIND_ENUM) {
        return check_enum(at);
    }
    return is_container(type) ? check_container(reach, at, type) : EDA_OK;
}

/* A record holds others by value at most so deep; one that held itself would never end. After
 * layouts were checked: fields that have a size and do not overlap bound the number of visits. */
static bool is_too_deep(const eda_type *type, size_t depth)
{
    if (depth > EDAI_TYPE_DEPTH_MAX) {
        return true;
    }
    if (type->kind == EDA_KIND_OPTIONAL) {
        return is_too_deep(type->item, depth);
    }
    if (type->kind != EDA_KIND_RECORD) {
        return false;
    }
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        if (is_too_deep(field->type, depth + 1)) {
            return true;
        }
    }
    return false;
}

static eda_status check_travel(place at)
{
    const eda_type *type = at.type;
    edai_template *template = NULL;

    if (type->topic == NULL) {
        return type->reply == NULL
                   ? EDA_OK
                   : refuse(at, "has a reply but no topic; declare it as an EDA_REQUEST");
    }
    if (type->kind != EDA_KIND_RECORD) {
        return refuse(at, "has a topic but is no record; only records travel");
    }
    if (type->slot == NULL) {
        return refuse(at, "has a topic but no slot; give it a static eda_type_slot");
    }
    if (type->is_raw && type->size != sizeof(eda_raw)) {
        return refuse_size(at, "is raw but no eda_raw", type->size, sizeof(eda_raw));
    }
    if ((unsigned)type->overflow > EDA_KEEP_LATEST) {
        return refuse(at, "has an unknown overflow; use one of eda_overflow");
    }
    EDA_TRY(edai_template_new(type, &template, at.problem));
    edai_template_free(template);
    return EDA_OK;
}

static eda_status check_all(edai_reach *reach, place at)
{
    const eda_type *reply = at.type->reply;

    EDA_TRY(edai_reach_add(reach, at.type, at.type));
    if (reply != NULL) {
        if (reply->kind != EDA_KIND_RECORD) {
            return refuse(at, "has a reply that is no record; declare it with EDA_RECORD");
        }
        EDA_TRY(edai_reach_add(reach, reply, reply));
    }
    for (size_t i = 0; i < reach->len; i++) {
        EDA_TRY(check_type(reach, (place){.type = reach->pairs[i].a, .problem = at.problem}));
    }
    for (size_t i = 0; i < reach->len; i++) {
        if (is_too_deep(reach->pairs[i].a, 0)) {
            return refuse((place){.type = reach->pairs[i].a, .problem = at.problem},
                "holds records more than 32 deep, or itself; use a list");
        }
    }
    return check_travel(at);
}

eda_status edai_type_check(const eda_type *type, eda_problem *ret_problem)
{
    edai_reach reach = {0};
    eda_status status = check_all(&reach, (place){.type = type, .problem = ret_problem});

    edai_reach_fini(&reach);
    return status;
}
