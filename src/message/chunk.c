/* chunk.c - see chunk.h.
 *
 * Two chunks that both hold "$*" need no search: if their beginnings agree as far as both go, and
 * their ends, then the longer beginning, all inner pieces of one, those of the other and the longer
 * end make a text that is in both. */
#include "message/chunk.h"

#define WILD_LEN 2 /* of "$*" */

static edai_chunk chunk_of(const char *ptr, size_t len)
{
    edai_chunk chunk = {.ptr = ptr, .len = (uint32_t)len, .kind = EDAI_CHUNK_TEXT};

    if (len == 0) {
        return chunk;
    }
    if (ptr[0] == '@') {
        chunk.kind = EDAI_CHUNK_VERBATIM;
    } else if (ptr[0] == '*') {
        chunk.kind = len == 1 ? EDAI_CHUNK_ONE : EDAI_CHUNK_MANY;
    } else if (memchr(ptr, '$', len) != NULL) {
        chunk.kind = EDAI_CHUNK_PART;
    }
    return chunk;
}

bool edai_chunk_next(eda_str *rest, edai_chunk *ret_chunk)
{
    if (rest->len == 0) {
        return false;
    }
    const char *slash = memchr(rest->ptr, '/', rest->len);
    size_t len = slash == NULL ? rest->len : (size_t)(slash - rest->ptr);
    size_t used = slash == NULL ? len : len + 1;

    *ret_chunk = chunk_of(rest->ptr, len);
    rest->ptr += used;
    rest->len -= used;
    return true;
}

/* Place of the first "$*" at or after `from`; text.len if there is none. */
static size_t find_wild(eda_str text, size_t from)
{
    while (from + WILD_LEN <= text.len) {
        const char *dollar = memchr(text.ptr + from, '$', text.len - from - 1);
        if (dollar == NULL) {
            break;
        }
        from = (size_t)(dollar - text.ptr);
        if (dollar[1] == '*') {
            return from;
        }
        from++;
    }
    return text.len;
}

/* Place behind the last "$*". There is one. */
static size_t behind_last_wild(eda_str text)
{
    size_t behind = text.len;

    while (behind > WILD_LEN && memcmp(text.ptr + behind - WILD_LEN, "$*", WILD_LEN) != 0) {
        behind--;
    }
    return behind;
}

/* The shorter of two texts begins the longer one. */
static bool beginnings_agree(eda_str a, eda_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;

    return memcmp(a.ptr, b.ptr, len) == 0;
}

/* The shorter of two texts ends the longer one. */
static bool ends_agree(eda_str a, eda_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;

    return memcmp(a.ptr + a.len - len, b.ptr + b.len - len, len) == 0;
}

static bool parts_intersect(eda_str a, eda_str b)
{
    size_t a_end = behind_last_wild(a);
    size_t b_end = behind_last_wild(b);

    return beginnings_agree((eda_str){a.ptr, find_wild(a, 0)}, (eda_str){b.ptr, find_wild(b, 0)}) &&
           ends_agree(
               (eda_str){a.ptr + a_end, a.len - a_end}, (eda_str){b.ptr + b_end, b.len - b_end});
}

/* Bytes up to and with the first occurrence of `piece`; 0: none. Pieces are not empty. */
static size_t behind_piece(eda_str text, eda_str piece)
{
    size_t at = 0;

    while (text.len - at >= piece.len) {
        const char *first = memchr(text.ptr + at, piece.ptr[0], text.len - at - piece.len + 1);
        if (first == NULL) {
            return 0;
        }
        at = (size_t)(first - text.ptr);
        if (memcmp(first, piece.ptr, piece.len) == 0) {
            return at + piece.len;
        }
        at++;
    }
    return 0;
}

/* The beginning and the end must fit without overlap; what lies between must hold the inner pieces
 * in order, and the first place of each is as good as any later one. */
static bool part_matches(eda_str part, eda_str text)
{
    size_t begin_len = find_wild(part, 0);
    size_t end = behind_last_wild(part);
    size_t end_len = part.len - end;

    if (begin_len == part.len || text.len < begin_len + end_len ||
        memcmp(text.ptr, part.ptr, begin_len) != 0 ||
        memcmp(text.ptr + text.len - end_len, part.ptr + end, end_len) != 0) {
        return false;
    }
    text = (eda_str){text.ptr + begin_len, text.len - begin_len - end_len};
    for (size_t at = begin_len + WILD_LEN; at < end;) {
        eda_str piece = {part.ptr + at, find_wild(part, at) - at};
        size_t used = piece.len == 0 ? 0 : behind_piece(text, piece);
        if (used == 0 && piece.len != 0) {
            return false;
        }
        text = (eda_str){text.ptr + used, text.len - used};
        at += piece.len + WILD_LEN;
    }
    return true;
}

static eda_str text_of(edai_chunk chunk)
{
    return (eda_str){chunk.ptr, chunk.len};
}

bool edai_chunk_intersects(edai_chunk a, edai_chunk b)
{
    if (edai_chunk_equal(a, b)) {
        return true;
    }
    if (a.kind == EDAI_CHUNK_VERBATIM || b.kind == EDAI_CHUNK_VERBATIM) {
        return false;
    }
    if (a.kind == EDAI_CHUNK_ONE || b.kind == EDAI_CHUNK_ONE) {
        return true;
    }
    if (a.kind == EDAI_CHUNK_PART && b.kind == EDAI_CHUNK_PART) {
        return parts_intersect(text_of(a), text_of(b));
    }
    if (a.kind == EDAI_CHUNK_PART) {
        return part_matches(text_of(a), text_of(b));
    }
    return b.kind == EDAI_CHUNK_PART && part_matches(text_of(b), text_of(a));
}

bool edai_chunk_includes(edai_chunk a, edai_chunk b)
{
    if (edai_chunk_equal(a, b)) {
        return true;
    }
    if (a.kind == EDAI_CHUNK_VERBATIM || b.kind == EDAI_CHUNK_VERBATIM) {
        return false;
    }
    return a.kind == EDAI_CHUNK_ONE ||
           (a.kind == EDAI_CHUNK_PART && part_matches(text_of(a), text_of(b)));
}
