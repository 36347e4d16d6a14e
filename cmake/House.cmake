# House.cmake - the flags every target of this tree is compiled with, and how a library is made of folders.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(EDA_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
    -Wcast-qual -Wwrite-strings -Wpointer-arith -Wformat=2 -Wnull-dereference -Wswitch-enum -Wdouble-promotion)
# Both keep an error inside a declaring macro near ten lines instead of thirty.
set(EDA_GCC_FLAGS -ftrack-macro-expansion=0)
set(EDA_CLANG_FLAGS -fmacro-backtrace-limit=1)

if(PROJECT_IS_TOP_LEVEL)
    set(eda_flags ${EDA_WARNINGS})
    if(CMAKE_C_COMPILER_ID MATCHES Clang)
        list(APPEND eda_flags ${EDA_CLANG_FLAGS})
    elseif(CMAKE_C_COMPILER_ID STREQUAL GNU)
        list(APPEND eda_flags ${EDA_GCC_FLAGS})
    endif()
    if(EDA_WERROR)
        list(APPEND eda_flags -Werror)
    endif()
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:${eda_flags}>")
endif()

if(EDA_SANITIZE)
    add_compile_options(-fsanitize=${EDA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${EDA_SANITIZE})
endif()
if(EDA_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The static library as one object, optimised across its files: a tenth of a message's instructions. It is ordinary machine
# code, so whoever links it needs neither link-time optimisation nor this compiler.
set(eda_is_one_object OFF)
if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_BUILD_TYPE STREQUAL Release AND NOT BUILD_SHARED_LIBS AND NOT EDA_SANITIZE)
    set(eda_is_one_object ON)
endif()
option(EDA_ONE_OBJECT "Make libedacious.a of one object, optimised as a whole (gcc)" ${eda_is_one_object})

# eda_one_object(NAME source...): a static library of one object, and NAME-parts, an object library, which it is made of.
function(eda_one_object name)
    set(flags -O3 -flto -fno-semantic-interposition -fvisibility=hidden)
    add_library(${name}-parts OBJECT ${ARGN})
    target_compile_options(${name}-parts PRIVATE "$<$<COMPILE_LANGUAGE:C>:${flags}>")
    set_target_properties(${name}-parts PROPERTIES POSITION_INDEPENDENT_CODE ON)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}-one.o)
    add_custom_command(OUTPUT ${object}
        COMMAND ${CMAKE_C_COMPILER} -g -fPIC ${flags} -flto=2 -flinker-output=nolto-rel -nostdlib -r -o ${object}
            $<TARGET_OBJECTS:${name}-parts>
        DEPENDS ${name}-parts $<TARGET_OBJECTS:${name}-parts> COMMAND_EXPAND_LISTS VERBATIM)
    add_library(${name} STATIC ${object})
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
endfunction()

# eda_library(NAME [STATIC] FOLDERS folder... [LINKS target...]): a library of all sources, but not the tests, in
# folders of src/. Without any source there is no library.
function(eda_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "STATIC" "" "FOLDERS;LINKS")
    set(sources)
    foreach(folder IN LISTS arg_FOLDERS)
        file(GLOB_RECURSE found CONFIGURE_DEPENDS
            ${PROJECT_SOURCE_DIR}/src/${folder}/*.c ${PROJECT_SOURCE_DIR}/src/${folder}/*.S)
        list(APPEND sources ${found})
    endforeach()
    list(FILTER sources EXCLUDE REGEX "_test\\.c$")
    if(NOT sources)
        return()
    endif()
    set(kind)
    if(arg_STATIC)
        set(kind STATIC)
    endif()
    set(compiled ${name})
    if(EDA_ONE_OBJECT AND NOT arg_LINKS)
        eda_one_object(${name} ${sources})
        list(APPEND compiled ${name}-parts)
    else()
        add_library(${name} ${kind} ${sources})
    endif()
    add_library(edacious::${name} ALIAS ${name})
    foreach(target IN LISTS compiled)
        target_include_directories(${target}
            PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
            PRIVATE ${PROJECT_SOURCE_DIR}/src)
        target_compile_features(${target} PUBLIC c_std_17)
        target_link_libraries(${target} PUBLIC ${arg_LINKS})
    endforeach()
    set_target_properties(${name} PROPERTIES
        POSITION_INDEPENDENT_CODE ON VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    set_property(GLOBAL APPEND PROPERTY eda_libraries ${name})
endfunction()
