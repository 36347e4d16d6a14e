/* topic.c - the checks and the canonical form of key expressions, and how two of them relate.
 *
 * The ordinary case, plain chunks up to the first "**", is a walk along both; only from there on
 * are sets of places needed (places.h). The answers are upstream's, also where they are not set
 * theory's: inclusion is sound, not complete. */
#include <edacious/topic.h>

#include "base/utf8.h"
#include "message/places.h"

/* What a chunk's bytes amount to, before what stands around it is looked at. */
typedef enum chunk_form {
    CHUNK_INVALID,
    CHUNK_CANONICAL,
    CHUNK_REPEATS_WILD, /* "$*$*" somewhere: one too many */
    CHUNK_ONLY_WILD     /* "$*" alone, or several: "*" says the same */
} chunk_form;

/* Of a chunk that begins with '*'. */
static chunk_form form_of_stars(edai_chunk chunk)
{
    bool is_valid = chunk.len == 1 || (chunk.len == 2 && chunk.ptr[1] == '*');

    return is_valid ? CHUNK_CANONICAL : CHUNK_INVALID;
}

static chunk_form form_of(edai_chunk chunk)
{
    bool repeats = false;
    bool has_text = false;
    bool is_behind_wild = false;

    if (chunk.len > 0 && chunk.ptr[0] == '*') {
        return form_of_stars(chunk);
    }
    for (size_t i = 0; i < chunk.len; i++) {
        char byte = chunk.ptr[i];
        if (byte == '$' && i + 1 < chunk.len && chunk.ptr[i + 1] == '*') {
            repeats = repeats || is_behind_wild;
            is_behind_wild = true;
            i++;
        } else if (byte == '$' || byte == '*' || byte == '#' || byte == '?') {
            return CHUNK_INVALID;
        } else {
            is_behind_wild = false;
            has_text = true;
        }
    }
    if (!has_text) {
        return chunk.len == 0 ? CHUNK_INVALID : CHUNK_ONLY_WILD;
    }
    return repeats ? CHUNK_REPEATS_WILD : CHUNK_CANONICAL;
}

/* Every chunk by itself, and the bounds. */
static eda_status check_chunks(eda_str expression, bool *ret_is_canonical)
{
    bool is_canonical = true;
    bool is_behind_many = false;
    size_t count = 0;
    eda_str rest = expression;
    edai_chunk chunk;

    if (expression.len > EDA_TOPIC_LEN_MAX) {
        return EDA_ERANGE;
    }
    if (expression.len == 0 || expression.ptr[expression.len - 1] == '/' ||
        !edai_utf8_valid(expression)) {
        return EDA_EKEY;
    }
    while (edai_chunk_next(&rest, &chunk)) {
        chunk_form form = form_of(chunk);
        if (form == CHUNK_INVALID) {
            return EDA_EKEY;
        }
        if (++count > EDA_TOPIC_CHUNKS_MAX) {
            return EDA_ERANGE;
        }
        bool is_star = chunk.kind == EDAI_CHUNK_ONE || chunk.kind == EDAI_CHUNK_MANY;
        if (form != CHUNK_CANONICAL || (is_behind_many && is_star)) {
            is_canonical = false;
        }
        is_behind_many = chunk.kind == EDAI_CHUNK_MANY;
    }
    *ret_is_canonical = is_canonical;
    return EDA_OK;
}

eda_status eda_topic_check(eda_str expression)
{
    bool is_canonical;

    EDA_TRY(check_chunks(expression, &is_canonical));
    return is_canonical ? EDA_OK : EDA_EKEY;
}

eda_status eda_topic_check_key(eda_str topic)
{
    EDA_TRY(eda_topic_check(topic));
    return memchr(topic.ptr, '*', topic.len) == NULL ? EDA_OK : EDA_EKEY;
}

/* What is written never overtakes what is read, so the buffer may be the expression itself. */
typedef struct writer {
    char *buffer;
    size_t len;
} writer;

static void write_slash(writer *out)
{
    if (out->len > 0) {
        out->buffer[out->len++] = '/';
    }
}

static void write_text(writer *out, const char *text, size_t len)
{
    write_slash(out);
    memmove(out->buffer + out->len, text, len);
    out->len += len;
}

/* A chunk with one "$*" wherever several follow each other. */
static void write_once_wild(writer *out, edai_chunk chunk)
{
    bool is_behind_wild = false;

    write_slash(out);
    for (size_t i = 0; i < chunk.len; i++) {
        bool is_wild = chunk.ptr[i] == '$';
        if (is_wild && is_behind_wild) {
            i++;
            continue;
        }
        out->buffer[out->len++] = chunk.ptr[i];
        if (is_wild) {
            out->buffer[out->len++] = chunk.ptr[++i];
        }
        is_behind_wild = is_wild;
    }
}

static void write_chunk(writer *out, edai_chunk chunk)
{
    switch (form_of(chunk)) {
    case CHUNK_ONLY_WILD:
        write_text(out, "*", 1);
        break;
    case CHUNK_REPEATS_WILD:
        write_once_wild(out, chunk);
        break;
    case CHUNK_CANONICAL:
    case CHUNK_INVALID: /* refused before anything is written */
        write_text(out, chunk.ptr, chunk.len);
        break;
    }
}

/* In a run of "*" and "**" the order is without meaning: all "*" first, then one "**". So a "**" is
 * held back until a chunk comes that is neither. */
eda_status eda_topic_canonize(eda_str expression, char *buffer, size_t *ret_len)
{
    bool is_canonical;
    bool owes_many = false;
    writer out = {.len = 0};
    eda_str rest = expression;
    edai_chunk chunk;

    out.buffer = buffer;
    EDA_TRY(check_chunks(expression, &is_canonical));
    while (edai_chunk_next(&rest, &chunk)) {
        bool is_one = chunk.kind == EDAI_CHUNK_ONE || form_of(chunk) == CHUNK_ONLY_WILD;
        if (chunk.kind == EDAI_CHUNK_MANY) {
            owes_many = true;
            continue;
        }
        if (owes_many && !is_one) {
            write_text(&out, "**", 2);
            owes_many = false;
        }
        write_chunk(&out, chunk);
    }
    if (owes_many) {
        write_text(&out, "**", 2);
    }
    *ret_len = out.len;
    return EDA_OK;
}

/* From the first "**" on either side. */
static bool intersects_slowly(eda_str a, eda_str b)
{
    edai_chunks chunks;
    edai_chunk chunk;

    if (!edai_places_split(b, &chunks)) {
        return false;
    }
    edai_places places = edai_places_start(&chunks);
    while (!edai_places_is_empty(places) && edai_chunk_next(&a, &chunk)) {
        places = edai_places_step(&chunks, places, chunk);
    }
    return edai_places_has(places, chunks.len);
}

bool eda_topic_intersects(eda_str a, eda_str b)
{
    if (eda_str_equal(a, b)) {
        return true;
    }
    while (a.len > 0 && b.len > 0) {
        eda_str a_rest = a;
        eda_str b_rest = b;
        edai_chunk a_chunk;
        edai_chunk b_chunk;
        if (!edai_chunk_next(&a_rest, &a_chunk) || !edai_chunk_next(&b_rest, &b_chunk)) {
            return false;
        }
        if (a_chunk.kind == EDAI_CHUNK_MANY || b_chunk.kind == EDAI_CHUNK_MANY) {
            break;
        }
        if (!edai_chunk_intersects(a_chunk, b_chunk)) {
            return false;
        }
        a = a_rest;
        b = b_rest;
    }
    return intersects_slowly(a, b);
}

/* From the first "**" of a. */
static bool includes_slowly(eda_str a, eda_str b)
{
    edai_chunks chunks;
    edai_chunk chunk;

    if (!edai_places_split(b, &chunks)) {
        return false;
    }
    edai_places places = edai_places_start_included();
    while (!edai_places_is_empty(places) && edai_chunk_next(&a, &chunk)) {
        places = edai_places_step_included(&chunks, places, chunk);
    }
    return edai_places_has(places, chunks.len);
}

bool eda_topic_includes(eda_str a, eda_str b)
{
    if (eda_str_equal(a, b)) {
        return true;
    }
    while (a.len > 0 && b.len > 0) {
        eda_str a_rest = a;
        eda_str b_rest = b;
        edai_chunk a_chunk;
        edai_chunk b_chunk;
        if (!edai_chunk_next(&a_rest, &a_chunk) || !edai_chunk_next(&b_rest, &b_chunk)) {
            return false;
        }
        if (a_chunk.kind == EDAI_CHUNK_MANY) {
            break;
        }
        if (b_chunk.kind == EDAI_CHUNK_MANY || !edai_chunk_includes(a_chunk, b_chunk)) {
            return false;
        }
        a = a_rest;
        b = b_rest;
    }
    return includes_slowly(a, b);
}
