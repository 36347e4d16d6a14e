// headers.cpp - the public headers and a message header in C++17: the same structs as in C.
#include <edacious/edacious.h>
#include <edacious/sim.h>

#include <cstddef>
#include <type_traits>

#include "messages.h"

// What declarations make in C, written by hand.
struct by_hand {
    eda_str door_id;
    badge holder;
    bool is_silent;
    struct {
        bool is_set;
        uint32_t value;
    } hold_s;
    struct {
        const badge *items;
        size_t len;
    } guests;
    struct {
        bool is_set;
        bool value;
    } maybe;
    struct {
        const eda_str *items;
        size_t len;
    } notes;
    int mode;
    uint8_t attempt;
};

#define SAME_PLACE(field_)                                                                         \
    static_assert(offsetof(by_hand, field_) == offsetof(door_unlock, field_), #field_)
SAME_PLACE(door_id);
SAME_PLACE(holder);
SAME_PLACE(is_silent);
SAME_PLACE(hold_s);
SAME_PLACE(guests);
SAME_PLACE(maybe);
SAME_PLACE(notes);
SAME_PLACE(mode);
SAME_PLACE(attempt);
static_assert(sizeof(by_hand) == sizeof(door_unlock), "door_unlock");

static_assert(std::is_standard_layout<door_unlock>::value, "a C struct");
static_assert(std::is_trivial<door_unlock>::value, "a C struct");
static_assert(std::is_same<eda_reply_of_door_status_get, door_status>::value, "reply");
static_assert(std::is_same<eda_deps_of_door, door_deps>::value, "dependencies");
static_assert(std::is_same<decltype(tree::children), eda_list_tree>::value, "trees");
static_assert(sizeof(camera_frame) == sizeof(eda_raw), "raw");
static_assert(sizeof(bell) == 1, "a placeholder");
static_assert(DOOR_LOCKED == 0 && DOOR_OPEN == 1 && DOOR_HELD == 2, "enumerators");

// The name by the type, for templates that publish.
template <typename T> const char *name_of(const T &message)
{
    return eda_name_of(&message);
}

const char *names();
const char *names()
{
    door_unlock unlock{};
    badge guest{};

    unlock.guests.items = &guest;
    unlock.guests.len = 1;
    unlock.hold_s.is_set = true;
    unlock.mode = DOOR_OPEN;
    return unlock.guests.items[0].level == 0 ? name_of(unlock) : name_of(guest);
}
