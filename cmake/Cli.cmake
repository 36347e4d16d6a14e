# Cli.cmake - the command edacious: build/bin/edacious. Its parts are a library of their own, which its tests link.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/*.c)
list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.c$")
add_library(edacious-cli STATIC ${sources})
target_include_directories(edacious-cli PRIVATE ${PROJECT_SOURCE_DIR}/src)
set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/cli/verbs.c APPEND PROPERTY COMPILE_DEFINITIONS EDAI_VERSION="${PROJECT_VERSION}")
target_link_libraries(edacious-cli PRIVATE edacious PkgConfig::JANSSON m)

add_executable(edacious-command ${PROJECT_SOURCE_DIR}/src/cli/main.c)
target_include_directories(edacious-command PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(edacious-command PRIVATE edacious-cli edacious)
set_target_properties(edacious-command PROPERTIES OUTPUT_NAME edacious)
if(NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
    # Drivers are looked for in the folder lib beside the program's.
    set_target_properties(edacious-command PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endif()
install(TARGETS edacious-command)
eda_installs($<TARGET_FILE:edacious-command>)
