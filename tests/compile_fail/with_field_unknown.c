/* expect-gcc: 'eda_deps_of_door' {aka '(const )?door_deps'} has no member named 'printer' */
/* expect-clang: 'printer' does not refer to any field in type 'const eda_deps_of_door' */
#include <edacious/edacious.h>

EDA_RECORD(door_deps, (uint32_t, level_min));
EDA_ACTOR_HEADER(door, door_deps);

eda_status add(eda_system *sys);
eda_status add(eda_system *sys)
{
    return eda_add(sys, EDA_WITH(door, .printer = NULL));
}
