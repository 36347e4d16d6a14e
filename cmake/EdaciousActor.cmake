# EdaciousActor.cmake - actors that know messages and nothing else.
#
#   edacious_actor(NAME [SOURCES file...] [MESSAGES folder...] [ALLOWS regex...])
#
# Compiles an actor's folder alone: with edacious's headers and the folders of message headers on its path, and nothing
# else. After compiling, the objects may refer to nothing outside but edacious, the harmless part of the C library
# (EdaciousActorSymbols.txt) and what ALLOWS matches.
#
#   NAME      the actor's target, and its folder beside this CMakeLists.txt
#   SOURCES   its files; by default every .c of the folder NAME but the _test.c. Given, no folder NAME is needed
#   MESSAGES  folders of message headers, which must be there; whoever links the actor has them on its path, too
#   ALLOWS    regular expressions, each for a whole symbol: what a library has which this actor wraps, such as sqlite3_.*
#
#   edacious_actor(door MESSAGES messages)
#   target_link_libraries(my_program PRIVATE door)      # nothing more: the actor is in the program
#
# Link an actor into programs, always PRIVATE; it brings its objects, edacious and the message folders along.
include_guard(GLOBAL)

function(edacious_actor name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;MESSAGES;ALLOWS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "edacious_actor(${name}): does not know ${arg_UNPARSED_ARGUMENTS}")
    endif()
    set(folder ${CMAKE_CURRENT_SOURCE_DIR})
    if(IS_DIRECTORY ${folder}/${name})
        set(folder ${folder}/${name})
    elseif(NOT arg_SOURCES)
        message(FATAL_ERROR "edacious_actor(${name}): there is no folder ${folder}/${name}. "
            "Put the actor's .c files there, or name them: edacious_actor(${name} SOURCES file...)")
    endif()
    if(NOT arg_SOURCES)
        file(GLOB arg_SOURCES CONFIGURE_DEPENDS ${folder}/*.c)
        list(FILTER arg_SOURCES EXCLUDE REGEX "_test\\.c$")
        if(NOT arg_SOURCES)
            message(FATAL_ERROR "edacious_actor(${name}): no .c file in ${folder}")
        endif()
    endif()
    set(sources)
    foreach(source IN LISTS arg_SOURCES)
        cmake_path(ABSOLUTE_PATH source)
        list(APPEND sources ${source})
    endforeach()
    set(messages)
    foreach(message_folder IN LISTS arg_MESSAGES)
        cmake_path(ABSOLUTE_PATH message_folder NORMALIZE)
        if(NOT IS_DIRECTORY ${message_folder})
            message(FATAL_ERROR "edacious_actor(${name}): MESSAGES names ${message_folder}, and there is no such folder")
        endif()
        list(APPEND messages ${message_folder})
    endforeach()

    add_library(${name}-objects OBJECT ${sources})
    target_include_directories(${name}-objects PRIVATE
        $<TARGET_PROPERTY:edacious::edacious,INTERFACE_INCLUDE_DIRECTORIES> ${messages})
    target_compile_options(${name}-objects PRIVATE
        $<TARGET_PROPERTY:edacious::edacious,INTERFACE_COMPILE_OPTIONS>) # which keep errors of macros short
    target_compile_features(${name}-objects PRIVATE c_std_17)
    set_target_properties(${name}-objects PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)

    set(check ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EdaciousActorCheck.cmake)
    set(symbols ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EdaciousActorSymbols.txt)
    set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${name}-alone.stamp)
    add_custom_command(
        OUTPUT ${stamp}
        COMMAND ${CMAKE_COMMAND} -DACTOR=${name} -DFOLDER=${folder} "-DSOURCES=${sources}"
            "-DOBJECTS=$<TARGET_OBJECTS:${name}-objects>" "-DALLOWS=${arg_ALLOWS}" -DSYMBOLS=${symbols}
            -DLINKER=${CMAKE_LINKER} -DNM=${CMAKE_NM} -DSTAMP=${stamp} -P ${check}
        DEPENDS ${name}-objects $<TARGET_OBJECTS:${name}-objects> ${check} ${symbols} ${sources}
        COMMENT "Checking that actor ${name} stands alone"
        VERBATIM)
    add_custom_target(${name}-alone ALL DEPENDS ${stamp})

    # An OBJECT library takes no command after building; this one brings the objects and waits for the check.
    add_library(${name} INTERFACE)
    target_sources(${name} INTERFACE $<TARGET_OBJECTS:${name}-objects>)
    target_include_directories(${name} INTERFACE ${messages})
    # It may use mathematics, which on some systems is a library of its own.
    target_link_libraries(${name} INTERFACE edacious::edacious m)
    add_dependencies(${name} ${name}-alone)
endfunction()
