/* places.c - see places.h. */
#include "message/places.h"

_Static_assert(
    sizeof(edai_places) == 3 * sizeof(uint64_t), "edai_places_is_empty looks at three words");

bool edai_places_split(eda_str expression, edai_chunks *ret_chunks)
{
    edai_chunk chunk;

    ret_chunks->len = 0;
    while (edai_chunk_next(&expression, &chunk)) {
        if (ret_chunks->len == EDA_TOPIC_CHUNKS_MAX) {
            return false;
        }
        ret_chunks->items[ret_chunks->len++] = chunk;
    }
    return true;
}

static void add(edai_places *places, size_t place)
{
    places->bits[place / 64] |= UINT64_C(1) << (place % 64);
}

/* Also what lies behind each "**" there, for it may stand for nothing. */
static void add_through(const edai_chunks *chunks, edai_places *places, size_t place)
{
    add(places, place);
    while (place < chunks->len && chunks->items[place].kind == EDAI_CHUNK_MANY) {
        add(places, ++place);
    }
}

/* The first place of the set at or after `from`; `len` or more: none that has a chunk ahead. */
static size_t next_place(edai_places places, size_t from, size_t len)
{
    while (from < len) {
        uint64_t word = places.bits[from / 64] >> (from % 64);
        if (word != 0) {
            return from + (size_t)__builtin_ctzll(word);
        }
        from = (from / 64 + 1) * 64;
    }
    return len;
}

/* "**" eats any number of chunks, "**" among them, but never a verbatim one. */
static edai_places spread(const edai_chunks *chunks, edai_places places)
{
    bool is_reached = false;

    for (size_t place = 0; place <= chunks->len; place++) {
        is_reached = is_reached || edai_places_has(places, place);
        if (is_reached) {
            add(&places, place);
        }
        if (place < chunks->len && chunks->items[place].kind == EDAI_CHUNK_VERBATIM) {
            is_reached = false;
        }
    }
    return places;
}

edai_places edai_places_start(const edai_chunks *chunks)
{
    edai_places places = {{0}};

    add_through(chunks, &places, 0);
    return places;
}

edai_places edai_places_step(const edai_chunks *chunks, edai_places places, edai_chunk chunk)
{
    edai_places next = {{0}};
    size_t len = chunks->len;

    if (chunk.kind == EDAI_CHUNK_MANY) {
        return spread(chunks, places);
    }
    for (size_t at = next_place(places, 0, len); at < len; at = next_place(places, at + 1, len)) {
        if (chunks->items[at].kind == EDAI_CHUNK_MANY) {
            if (chunk.kind != EDAI_CHUNK_VERBATIM) {
                add_through(chunks, &next, at);
            }
        } else if (edai_chunk_intersects(chunk, chunks->items[at])) {
            add_through(chunks, &next, at + 1);
        }
    }
    return next;
}

edai_places edai_places_start_included(void)
{
    return (edai_places){{1}};
}

edai_places edai_places_step_included(
    const edai_chunks *chunks, edai_places places, edai_chunk chunk)
{
    edai_places next = {{0}};
    size_t len = chunks->len;

    if (chunk.kind == EDAI_CHUNK_MANY) {
        return spread(chunks, places);
    }
    for (size_t at = next_place(places, 0, len); at < len; at = next_place(places, at + 1, len)) {
        if (chunks->items[at].kind != EDAI_CHUNK_MANY &&
            edai_chunk_includes(chunk, chunks->items[at])) {
            add(&next, at + 1);
        }
    }
    return next;
}
