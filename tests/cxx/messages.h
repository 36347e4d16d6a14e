/* messages.h - a message header as C programs have them, here included from C++. */
#ifndef TESTS_CXX_MESSAGES_H
#define TESTS_CXX_MESSAGES_H

#include <edacious/declare.h>

EDA_ENUM(door_mode, (DOOR_LOCKED, "locked"), (DOOR_OPEN), (DOOR_HELD, "held", .doc = "for long"));

EDA_RECORD(badge, (eda_str, id), (uint32_t, level));

EDA_MESSAGE(door_unlock, "door/{door_id}/unlock",
    .doc = "Opens one door.", .find = {"unlock a door", "let someone in"},
    (eda_str, door_id, .len_max = 32),
    (badge, holder),
    (bool, is_silent),
    (eda_optional(uint32_t), hold_s, .since = 2),
    (eda_list_of(badge), guests),
    (eda_optional(bool), maybe),
    (eda_list_of(eda_str), notes),
    (door_mode, mode),
    (uint8_t, attempt, .range = {1, 3}));

EDA_RECORD(tree, (eda_str, name), (eda_list_of(tree), children));
EDA_RECORD(door_status, (door_mode, mode), (eda_optional(badge), last));
EDA_REQUEST(door_status_get, door_status, "door/{door_id}/status/get", (eda_str, door_id));
EDA_MESSAGE(bell, "bell");
EDA_MESSAGE_RAW(camera_frame, "camera/frame");
EDA_RECORD(door_deps, (eda_duration, open_for), (uint32_t, level_min));
EDA_ACTOR_HEADER(door, door_deps);

#endif
