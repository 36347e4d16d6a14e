/* hello.c - hellos and attachments, as bytes; see wire.h. */
#include "wire/wire_put.h"
#include "wire/wire_take.h"

#include "message/json.h"

#define VERSION 1

/* --- maps --- */

bool edai_wire_take_map(edai_cbor_reader *reader, edai_wire_map *ret_map)
{
    edai_cbor_token token;

    if (!edai_cbor_reader_next(reader, &token) ||
        (token.head != EDAI_CBOR_MAP && token.head != EDAI_CBOR_MAP_OPEN)) {
        return false;
    }
    *ret_map = (edai_wire_map){.left = token.number, .is_open = token.head == EDAI_CBOR_MAP_OPEN};
    return true;
}

edai_wire_step edai_wire_take_key(edai_cbor_reader *reader, edai_wire_map *map, eda_str *ret_key)
{
    edai_cbor_reader before = *reader;
    edai_cbor_token token;

    if (!map->is_open && map->left-- == 0) {
        return EDAI_WIRE_MAP_END;
    }
    if (!edai_cbor_reader_next(reader, &token)) {
        return EDAI_WIRE_BROKEN;
    }
    if (map->is_open && token.head == EDAI_CBOR_BREAK) {
        return EDAI_WIRE_MAP_END;
    }
    *ret_key = (eda_str){.ptr = "", .len = 0};
    if (token.head == EDAI_CBOR_TEXT) {
        *ret_key = (eda_str){.ptr = (const char *)token.ptr, .len = (size_t)token.number};
        return edai_utf8_valid(*ret_key) ? EDAI_WIRE_PAIR : EDAI_WIRE_BROKEN;
    }
    *reader = before;
    return edai_wire_pass_over(reader, 1) ? EDAI_WIRE_PAIR : EDAI_WIRE_BROKEN;
}

static edai_cbor_reader reader_of(eda_bytes bytes)
{
    static const uint8_t nothing[1];
    const uint8_t *at = bytes.len > 0 ? bytes.ptr : nothing;

    return (edai_cbor_reader){.at = at, .end = at + bytes.len};
}

/* --- hellos: writing --- */

#define HELLO_LEN 12u
#define KEY_SIZE_MAX 8u /* of a key of a hello, with its head */

static size_t room_of(const edai_hello *hello)
{
    size_t size = (2 * HELLO_LEN + 1) * (EDAI_CBOR_HEAD_SIZE_MAX + KEY_SIZE_MAX);

    size += hello->node.len + hello->inc.len;
    for (uint32_t i = 0; i < hello->link_count; i++) {
        size += 4 * EDAI_CBOR_HEAD_SIZE_MAX + hello->links[i].peer.len;
    }
    for (uint32_t i = 0; i < hello->held_count; i++) {
        size += 2 * EDAI_CBOR_HEAD_SIZE_MAX + hello->held[i].actor.len + sizeof hello->held[i].bits;
    }
    return size;
}

static uint8_t *put_links(uint8_t *at, const edai_hello *hello)
{
    at = edai_wire_put_text(at, EDA_STR("links"));
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_MAP, hello->link_count);
    for (uint32_t i = 0; i < hello->link_count; i++) {
        at = edai_wire_put_text(at, hello->links[i].peer);
        at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, 2);
        at = edai_wire_put_number(at, hello->links[i].arrived);
        at = edai_wire_put_number(at, hello->links[i].lost);
    }
    return at;
}

static uint8_t *put_held(uint8_t *at, const edai_hello *hello)
{
    at = edai_wire_put_text(at, EDA_STR("held"));
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_MAP, hello->held_count);
    for (uint32_t i = 0; i < hello->held_count; i++) {
        const edai_wire_held *held = &hello->held[i];
        at = edai_wire_put_text(at, held->actor);
        at = edai_wire_put_bytes(at, (eda_bytes){.ptr = held->bits, .len = sizeof held->bits});
    }
    return at;
}

void edai_wire_hello(edai_buffer *buffer, const edai_hello *hello)
{
    EDA_ASSERT(hello->link_count <= EDAI_WIRE_LINKS_MAX && hello->held_count <= EDAI_WIRE_HELD_MAX,
        "no hello is longer than one that is read");
    uint8_t *at = edai_buffer_reserve(buffer, room_of(hello));
    if (at == NULL) {
        return;
    }
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_MAP, HELLO_LEN);
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("v")), VERSION);
    at = edai_wire_put_text(edai_wire_put_text(at, EDA_STR("node")), hello->node);
    at = edai_wire_put_text(edai_wire_put_text(at, EDA_STR("inc")), hello->inc);
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("view")), hello->view);
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("members")), hello->members);
    at = edai_wire_put_text(edai_wire_put_text(at, EDA_STR("state")),
        hello->is_leaving ? EDA_STR("leaving") : EDA_STR("ready"));
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("actors")), hello->actors);
    at = edai_wire_put_bool(edai_wire_put_text(at, EDA_STR("idle")), hello->is_idle);
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("sent")), hello->sent);
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("arrived")), hello->arrived);
    at = put_links(at, hello);
    edai_buffer_commit(buffer, put_held(at, hello));
}

/* --- hellos: reading --- */

static eda_status take_link(edai_cbor_reader *reader, eda_str peer, edai_hello *hello)
{
    uint64_t len;
    edai_wire_link link = {.peer = peer};

    if (!edai_wire_id_is_good(peer) || !edai_wire_take_array(reader, &len) || len < 2 ||
        !edai_wire_take_number(reader, UINT64_MAX, &link.arrived) ||
        !edai_wire_take_number(reader, UINT64_MAX, &link.lost) ||
        !edai_wire_pass_over(reader, len - 2)) {
        return EDA_ESYNTAX;
    }
    if (hello->link_count == EDAI_WIRE_LINKS_MAX) {
        return EDA_ERANGE;
    }
    hello->links[hello->link_count++] = link;
    return EDA_OK;
}

static eda_status take_held(edai_cbor_reader *reader, eda_str actor, edai_hello *hello)
{
    eda_bytes bits;

    if (actor.len == 0 || actor.len > EDAI_WIRE_TEXT_MAX ||
        !edai_wire_take_bytes(reader, EDAI_PARTITIONS / 8, &bits) ||
        bits.len != EDAI_PARTITIONS / 8) {
        return EDA_ESYNTAX;
    }
    if (hello->held_count == EDAI_WIRE_HELD_MAX) {
        return EDA_ERANGE;
    }
    edai_wire_held *held = &hello->held[hello->held_count++];
    held->actor = actor;
    memcpy(held->bits, bits.ptr, sizeof held->bits);
    return EDA_OK;
}

static eda_status take_each(edai_cbor_reader *reader, edai_hello *hello,
    eda_status (*take)(edai_cbor_reader *reader, eda_str key, edai_hello *hello))
{
    edai_wire_map map;
    eda_str key;

    if (!edai_wire_take_map(reader, &map)) {
        return EDA_ESYNTAX;
    }
    for (;;) {
        edai_wire_step step = edai_wire_take_key(reader, &map, &key);
        if (step != EDAI_WIRE_PAIR) {
            return step == EDAI_WIRE_MAP_END ? EDA_OK : EDA_ESYNTAX;
        }
        EDA_TRY(take(reader, key, hello));
    }
}

/* Numbers of the hello, by their keys. */
static uint64_t *number_of(edai_hello *hello, eda_str key)
{
    if (eda_str_equal(key, EDA_STR("view"))) {
        return &hello->view;
    }
    if (eda_str_equal(key, EDA_STR("members"))) {
        return &hello->members;
    }
    if (eda_str_equal(key, EDA_STR("actors"))) {
        return &hello->actors;
    }
    if (eda_str_equal(key, EDA_STR("sent"))) {
        return &hello->sent;
    }
    return eda_str_equal(key, EDA_STR("arrived")) ? &hello->arrived : NULL;
}

/* A state that nobody knows is no readiness either. */
static bool take_state(edai_cbor_reader *reader, edai_hello *hello)
{
    eda_str state;

    if (!edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &state)) {
        return false;
    }
    hello->is_leaving = !eda_str_equal(state, EDA_STR("ready"));
    return true;
}

static bool take_version(edai_cbor_reader *reader, bool *ret_is_ours)
{
    uint64_t version = 0;

    *ret_is_ours = edai_wire_take_number(reader, VERSION, &version) && version == VERSION;
    return *ret_is_ours;
}

static bool take_plain(
    edai_cbor_reader *reader, eda_str key, edai_hello *hello, bool *ret_has_version)
{
    uint64_t *number = number_of(hello, key);

    if (number != NULL) {
        return edai_wire_take_number(reader, UINT64_MAX, number);
    }
    if (eda_str_equal(key, EDA_STR("v"))) {
        return take_version(reader, ret_has_version);
    }
    if (eda_str_equal(key, EDA_STR("node"))) {
        return edai_wire_take_text(reader, EDAI_WIRE_NODE_LEN_MAX, &hello->node);
    }
    if (eda_str_equal(key, EDA_STR("inc"))) {
        return edai_wire_take_text(reader, EDAI_WIRE_INC_LEN, &hello->inc);
    }
    if (eda_str_equal(key, EDA_STR("state"))) {
        return take_state(reader, hello);
    }
    if (eda_str_equal(key, EDA_STR("idle"))) {
        return edai_wire_take_bool(reader, &hello->is_idle);
    }
    return edai_wire_pass_over(reader, 1);
}

static eda_status take_value(
    edai_cbor_reader *reader, eda_str key, edai_hello *hello, bool *ret_has_version)
{
    if (eda_str_equal(key, EDA_STR("links"))) {
        hello->link_count = 0;
        return take_each(reader, hello, take_link);
    }
    if (eda_str_equal(key, EDA_STR("held"))) {
        hello->held_count = 0;
        return take_each(reader, hello, take_held);
    }
    return take_plain(reader, key, hello, ret_has_version) ? EDA_OK : EDA_ESYNTAX;
}

static bool has_id(const edai_hello *hello)
{
    char id[EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 1];
    size_t len = hello->node.len + 1 + hello->inc.len;

    if (hello->node.len == 0 || hello->inc.len == 0) {
        return false;
    }
    memcpy(id, hello->node.ptr, hello->node.len);
    id[hello->node.len] = '/';
    memcpy(id + hello->node.len + 1, hello->inc.ptr, hello->inc.len);
    return edai_wire_id_is_good((eda_str){.ptr = id, .len = len});
}

eda_status edai_wire_read_hello(eda_bytes bytes, edai_hello *hello)
{
    edai_cbor_reader reader = reader_of(bytes);
    edai_wire_map map;
    edai_wire_step step;
    eda_str key;
    bool has_version = false;

    *hello = (edai_hello){.links = hello->links, .held = hello->held};
    if (!edai_wire_take_map(&reader, &map)) {
        return EDA_ESYNTAX;
    }
    while ((step = edai_wire_take_key(&reader, &map, &key)) == EDAI_WIRE_PAIR) {
        EDA_TRY(take_value(&reader, key, hello, &has_version));
    }
    if (step == EDAI_WIRE_BROKEN || reader.at != reader.end) {
        return EDA_ESYNTAX;
    }
    return has_version && has_id(hello) ? EDA_OK : EDA_ESYNTAX;
}
