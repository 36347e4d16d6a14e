# Guard.cmake - the program whose instructions tools/guard.py counts.

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/guard/*.c)
add_executable(hot_path ${sources})
target_link_libraries(hot_path PRIVATE edacious)
