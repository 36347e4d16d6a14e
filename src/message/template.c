/* template.c - see template.h. A template is literals and fields in turn: literal, field, literal,
 * ..., last literal. */
#include "message/template.h"

#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "message/chunk.h"
#include "message/decimal.h"
#include "message/problem.h"
#include "message/scalar.h"

/* A placeholder and the text in front of it, back to the placeholder before. */
typedef struct part {
    eda_str literal;
    eda_str name;
    const eda_field *field; /* NULL: a raw type */
} part;

struct edai_template {
    const eda_type *type;
    size_t count;
    part parts[EDAI_TEMPLATE_VALUES_MAX];
    eda_str tail;       /* behind the last placeholder */
    size_t literal_len; /* of all literals */
    bool may_overflow;  /* fields could make it longer than EDA_TOPIC_LEN_MAX */
    size_t pattern_len;
    char pattern[EDA_TOPIC_LEN_MAX];
};

/* ---- reading a declaration ---- */

static eda_status refuse(const edai_template *template, edai_chunk chunk, eda_problem *problem,
    const char *what, const char *mend)
{
    edai_path path = {.name = template->type->name};
    size_t len = chunk.len < 48 ? chunk.len : 48;

    return edai_problem_set(problem, &path, EDA_EINVAL, "has topic \"%.48s\": \"%.*s\" %s; %s",
        template->type->topic, (int)len, chunk.ptr, what, mend);
}

static const eda_field *find_field(const eda_type *type, eda_str name)
{
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        if (eda_str_equal(eda_str_from(field->name), name)) {
            return field;
        }
    }
    return NULL;
}

static bool has_placeholder(const edai_template *template, eda_str name)
{
    for (size_t i = 0; i < template->count; i++) {
        if (eda_str_equal(template->parts[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Adds the placeholder `chunk`; the literal in front of it begins at `from`. */
static eda_status add_placeholder(
    edai_template *template, const char *from, edai_chunk chunk, eda_problem *problem)
{
    eda_str name = {chunk.ptr + 1, chunk.len - 2};
    const eda_field *field = NULL;

    if (!template->type->is_raw) {
        field = find_field(template->type, name);
        if (field == NULL) {
            return refuse(template, chunk, problem, "is no field of it",
                "declare that field or write the name of one");
        }
        if (field->type->kind != EDA_KIND_STR && !edai_decimal_is_integer(field->type->kind)) {
            return refuse(template, chunk, problem, "is neither string nor integer",
                "only such fields can stand in a topic");
        }
    }
    if (has_placeholder(template, name)) {
        return refuse(template, chunk, problem, "stands there twice", "name each field once");
    }
    if (template->count == EDAI_TEMPLATE_VALUES_MAX) {
        return refuse(template, chunk, problem, "is one too many", "16 placeholders are allowed");
    }
    template->parts[template->count++] =
        (part){.literal = {from, (size_t)(chunk.ptr - from)}, .name = name, .field = field};
    return EDA_OK;
}

static bool is_placeholder(edai_chunk chunk)
{
    return chunk.len > 2 && chunk.ptr[0] == '{' && chunk.ptr[chunk.len - 1] == '}' &&
           memchr(chunk.ptr + 1, '{', chunk.len - 1) == NULL &&
           memchr(chunk.ptr, '}', chunk.len - 1) == NULL;
}

static eda_status check_literal(
    const edai_template *template, edai_chunk chunk, eda_problem *problem)
{
    if (chunk.len == 0) {
        return refuse(template, chunk, problem, "is an empty chunk",
            "write no '/' at its ends and no two in a row");
    }
    if (memchr(chunk.ptr, '{', chunk.len) != NULL || memchr(chunk.ptr, '}', chunk.len) != NULL) {
        return refuse(
            template, chunk, problem, "is no placeholder", "write {field}, alone between two '/'");
    }
    if (memchr(chunk.ptr, '*', chunk.len) != NULL) {
        return refuse(template, chunk, problem, "has a wildcard",
            "a message goes to one topic: write {field} where it varies");
    }
    if (eda_topic_check((eda_str){chunk.ptr, chunk.len}) != EDA_OK) {
        return refuse(template, chunk, problem, "cannot stand in a topic",
            "leave out '$', '#' and '?', and write UTF-8");
    }
    return EDA_OK;
}

static void add_pattern(edai_template *template, eda_str text)
{
    if (template->pattern_len > 0) {
        template->pattern[template->pattern_len++] = '/';
    }
    memcpy(template->pattern + template->pattern_len, text.ptr, text.len);
    template->pattern_len += text.len;
}

static eda_status read_chunks(edai_template *template, eda_str topic, eda_problem *problem)
{
    const char *from = topic.ptr;
    eda_str rest = topic;
    edai_chunk chunk;

    while (edai_chunk_next(&rest, &chunk)) {
        if (!is_placeholder(chunk)) {
            EDA_TRY(check_literal(template, chunk, problem));
            add_pattern(template, (eda_str){chunk.ptr, chunk.len});
            continue;
        }
        EDA_TRY(add_placeholder(template, from, chunk, problem));
        add_pattern(template, (eda_str)EDA_STR_INIT("*"));
        from = chunk.ptr + chunk.len;
    }
    template->tail = (eda_str){from, (size_t)(topic.ptr + topic.len - from)};
    return EDA_OK;
}

static void measure(edai_template *template)
{
    size_t longest;

    template->literal_len = template->tail.len;
    longest = template->tail.len;
    for (size_t i = 0; i < template->count; i++) {
        const part *p = &template->parts[i];
        bool is_integer = p->field != NULL && p->field->type->kind != EDA_KIND_STR;
        template->literal_len += p->literal.len;
        longest += p->literal.len;
        longest += is_integer ? EDAI_DECIMAL_LEN_MAX : EDAI_TEMPLATE_CHUNK_MAX;
    }
    template->may_overflow = longest > EDA_TOPIC_LEN_MAX;
}

/* No chunk of the pattern is longer than the topic's, so the topic's bound holds for it too. */
static eda_status read_topic(edai_template *template, eda_problem *problem)
{
    const char *text = template->type->topic;
    edai_path path = {.name = template->type->name};

    if (text == NULL) {
        return edai_problem_set(problem, &path, EDA_EINVAL,
            "has no topic; only messages and requests travel, declare it as one");
    }
    eda_str topic = eda_str_from(text);
    if (topic.len == 0) {
        return edai_problem_set(
            problem, &path, EDA_EINVAL, "has an empty topic; write one, like \"door/{door_id}\"");
    }
    if (topic.len > EDA_TOPIC_LEN_MAX) {
        return edai_problem_set(problem, &path, EDA_EINVAL,
            "has a topic of %zu bytes; shorten it to %d", topic.len, EDA_TOPIC_LEN_MAX);
    }
    EDA_TRY(read_chunks(template, topic, problem));
    if (topic.ptr[topic.len - 1] == '/') {
        return check_literal(template, (edai_chunk){.ptr = "", .len = 0}, problem);
    }
    if (eda_topic_check(edai_template_pattern(template)) != EDA_OK) {
        return edai_problem_set(problem, &path, EDA_EINVAL,
            "has a topic of too many chunks; shorten it to %d", EDA_TOPIC_CHUNKS_MAX);
    }
    measure(template);
    return EDA_OK;
}

eda_status edai_template_new(
    const eda_type *type, edai_template **ret_template, eda_problem *problem)
{
    edai_template *template = edai_calloc(1, sizeof(*template));

    if (template == NULL) {
        return EDA_ENOMEM;
    }
    template->type = type;
    eda_status status = read_topic(template, problem);
    if (status != EDA_OK) {
        edai_template_free(template);
        return status;
    }
    *ret_template = template;
    return EDA_OK;
}

void edai_template_free(edai_template *template)
{
    edai_free(template);
}

eda_str edai_template_pattern(const edai_template *template)
{
    return (eda_str){template->pattern, template->pattern_len};
}

size_t edai_template_count(const edai_template *template)
{
    return template->count;
}

/* ---- filling in ---- */

/* ASCII that would make more of a chunk than text. */
static const uint8_t refused_bytes[128] = {['/'] = 1, ['*'] = 1, ['$'] = 1, ['#'] = 1, ['?'] = 1};

static bool is_key_chunk(eda_str text)
{
    uint8_t high_bits = 0;
    uint8_t refused = 0;

    if (text.ptr == NULL || text.len == 0 || text.len > EDAI_TEMPLATE_CHUNK_MAX ||
        text.ptr[0] == '@') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        high_bits |= byte;
        refused |= refused_bytes[byte & 0x7F] & (uint8_t)(byte < 0x80);
    }
    return refused == 0 && (high_bits < 0x80 || edai_utf8_valid(text));
}

static eda_str string_of(const part *p, const void *message)
{
    eda_str text;

    memcpy(&text, (const char *)message + p->field->offset, sizeof(text));
    return text;
}

static eda_status check_raw(const edai_template *template, const void *message, eda_str *ret_topic)
{
    edai_template_value values[EDAI_TEMPLATE_VALUES_MAX];
    size_t count;
    eda_str topic;

    memcpy(&topic, message, sizeof(topic)); /* the first member of eda_raw */
    if (topic.ptr == NULL || topic.len > EDA_TOPIC_LEN_MAX ||
        edai_template_parse(template, topic, values, EDAI_TEMPLATE_VALUES_MAX, &count) != EDA_OK) {
        return EDA_EKEY;
    }
    *ret_topic = topic;
    return EDA_OK;
}

bool edai_template_can_fail(const edai_template *template)
{
    if (template->type->is_raw || template->may_overflow) {
        return true;
    }
    for (size_t i = 0; i < template->count; i++) {
        if (template->parts[i].field->type->kind == EDA_KIND_STR) {
            return true;
        }
    }
    return false;
}

eda_status edai_template_check(const edai_template *template, const void *message)
{
    size_t len = template->literal_len;
    eda_str topic;

    if (template->type->is_raw) {
        return check_raw(template, message, &topic);
    }
    for (size_t i = 0; i < template->count; i++) {
        const part *p = &template->parts[i];
        if (p->field->type->kind == EDA_KIND_STR) {
            eda_str text = string_of(p, message);
            if (!is_key_chunk(text)) {
                return EDA_EKEY;
            }
            len += text.len;
        } else if (template->may_overflow) {
            char digits[EDAI_DECIMAL_LEN_MAX];
            len += edai_decimal_write(
                p->field->type->kind, (const char *)message + p->field->offset, digits);
        }
    }
    return template->may_overflow && len > EDA_TOPIC_LEN_MAX ? EDA_EKEY : EDA_OK;
}

typedef struct writer {
    char *buffer;
    size_t size;
    size_t len;
} writer;

static eda_status append(writer *out, eda_str text)
{
    if (text.len > EDA_TOPIC_LEN_MAX - out->len) {
        return EDA_EKEY;
    }
    if (text.len > out->size - out->len) {
        return EDA_ERANGE;
    }
    if (text.len > 0) {
        memcpy(out->buffer + out->len, text.ptr, text.len);
        out->len += text.len;
    }
    return EDA_OK;
}

static eda_status append_field(writer *out, const part *p, const void *message)
{
    char digits[EDAI_DECIMAL_LEN_MAX];

    if (p->field->type->kind == EDA_KIND_STR) {
        eda_str text = string_of(p, message);
        return is_key_chunk(text) ? append(out, text) : EDA_EKEY;
    }
    size_t len =
        edai_decimal_write(p->field->type->kind, (const char *)message + p->field->offset, digits);
    return append(out, (eda_str){digits, len});
}

eda_status edai_template_format(const edai_template *template, const void *message, char *buffer,
    size_t buffer_size, size_t *ret_len)
{
    writer out = {.size = buffer_size};
    eda_str topic = template->tail;

    out.buffer = buffer;
    if (template->type->is_raw) {
        EDA_TRY(check_raw(template, message, &topic));
    } else {
        /* Everything first, so that a field that fits nowhere is told from a buffer that is too
         * small. */
        EDA_TRY(edai_template_check(template, message));
        for (size_t i = 0; i < template->count; i++) {
            EDA_TRY(append(&out, template->parts[i].literal));
            EDA_TRY(append_field(&out, &template->parts[i], message));
        }
    }
    EDA_TRY(append(&out, topic));
    *ret_len = out.len;
    return EDA_OK;
}

/* ---- taking apart ---- */

/* Takes `literal` off the front. */
static bool skip(eda_str *rest, eda_str literal)
{
    if (rest->len < literal.len ||
        (literal.len > 0 && memcmp(rest->ptr, literal.ptr, literal.len) != 0)) {
        return false;
    }
    rest->ptr += literal.len;
    rest->len -= literal.len;
    return true;
}

static eda_str take_chunk(eda_str *rest)
{
    const char *slash = rest->len == 0 ? NULL : memchr(rest->ptr, '/', rest->len);
    eda_str chunk = {rest->ptr, slash == NULL ? rest->len : (size_t)(slash - rest->ptr)};

    rest->ptr += chunk.len;
    rest->len -= chunk.len;
    return chunk;
}

static bool is_within(const eda_field *field, const edai_template_value *value)
{
    const long double *range = edai_bounds_of(field).range;
    long double number = (long double)value->number + (long double)value->unsigned_number;

    return range == NULL || (number >= range[0] && number <= range[1]);
}

static bool read_value(const part *p, eda_str chunk, edai_template_value *ret_value)
{
    *ret_value = (edai_template_value){.name = p->name, .field = p->field, .chunk = chunk};
    if (p->field == NULL || p->field->type->kind == EDA_KIND_STR) {
        return is_key_chunk(chunk);
    }
    return edai_decimal_read(
               p->field->type->kind, chunk, &ret_value->number, &ret_value->unsigned_number) &&
           is_within(p->field, ret_value);
}

eda_status edai_template_parse(const edai_template *template, eda_str topic,
    edai_template_value *values, size_t values_max, size_t *ret_count)
{
    eda_str rest = topic;

    if (template->count > values_max) {
        return EDA_ERANGE;
    }
    for (size_t i = 0; i < template->count; i++) {
        if (!skip(&rest, template->parts[i].literal)) {
            return EDA_ENOENT;
        }
        eda_str chunk = take_chunk(&rest);
        if (!read_value(&template->parts[i], chunk, &values[i])) {
            return EDA_ENOENT;
        }
    }
    if (!eda_str_equal(rest, template->tail)) {
        return EDA_ENOENT;
    }
    *ret_count = template->count;
    return EDA_OK;
}
