# ToolTests.cmake - tests of what no sanitizer changes, so that one preset runs them: misuse must not compile and say
# why, public headers must compile alone and as C++, an actor that cheats must be refused; our matcher is Zenoh's.

set(eda_compilers)
foreach(compiler gcc clang)
    find_program(EDA_${compiler} ${compiler})
    if(EDA_${compiler})
        list(APPEND eda_compilers ${compiler})
    endif()
endforeach()
set(eda_gcc_command ${EDA_gcc} -std=c17 ${EDA_WARNINGS} ${EDA_GCC_FLAGS} -Werror)
set(eda_clang_command ${EDA_clang} -std=c17 ${EDA_WARNINGS} ${EDA_CLANG_FLAGS} -Werror)

# Misuse, with the first error that each compiler must give.
file(GLOB cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/compile_fail/*.c)
foreach(case IN LISTS cases)
    cmake_path(GET case STEM name)
    foreach(compiler IN LISTS eda_compilers)
        set(test compile_fail_${name}_${compiler})
        add_test(NAME ${test} COMMAND python3 ${PROJECT_SOURCE_DIR}/tools/compile_fail.py ${compiler} ${case}
            -- ${eda_${compiler}_command} -I${PROJECT_SOURCE_DIR}/include -fsyntax-only)
        set_tests_properties(${test} PROPERTIES LABELS tests/compile_fail TIMEOUT 60)
    endforeach()
endforeach()

# The code in README.md and docs/.
foreach(compiler IN LISTS eda_compilers)
    add_test(NAME docs_code_${compiler} COMMAND python3 ${PROJECT_SOURCE_DIR}/tools/docs_code.py
        -- ${eda_${compiler}_command} -I${PROJECT_SOURCE_DIR}/include)
    set_tests_properties(docs_code_${compiler} PROPERTIES LABELS docs TIMEOUT 60)
endforeach()

# Each public header alone.
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/edacious/*.h)
foreach(header IN LISTS headers)
    cmake_path(GET header STEM name)
    add_test(NAME header_${name}_compiles_alone COMMAND ${CMAKE_C_COMPILER} -std=c17 ${EDA_WARNINGS} -Werror
        -I${PROJECT_SOURCE_DIR}/include -fsyntax-only -include ${header} -x c /dev/null)
    set_tests_properties(header_${name}_compiles_alone PROPERTIES LABELS include TIMEOUT 60)
endforeach()

# Public headers from C++.
file(GLOB cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cxx/*.cpp)
foreach(compiler g++ clang++)
    find_program(EDA_${compiler} ${compiler})
    if(NOT EDA_${compiler})
        continue()
    endif()
    foreach(case IN LISTS cases)
        cmake_path(GET case STEM name)
        add_test(NAME cxx_${name}_${compiler} COMMAND ${EDA_${compiler}} -std=c++17 -Wall -Wextra -Wpedantic -Werror
            -I${PROJECT_SOURCE_DIR}/include -fsyntax-only ${case})
        set_tests_properties(cxx_${name}_${compiler} PROPERTIES LABELS tests/cxx TIMEOUT 60)
    endforeach()
endforeach()

# edacious_actor: one actor it accepts, two it refuses, and two calls that name a folder which is not there.
function(eda_actor_alone_test name target)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "WRONG" "")
    add_test(NAME ${name} COMMAND ${CMAKE_CTEST_COMMAND}
        --build-and-test ${PROJECT_SOURCE_DIR}/tests/actor_alone ${PROJECT_BINARY_DIR}/actor_alone/${target}${arg_WRONG}
        --build-generator Ninja --build-target ${target}-alone
        --build-options -DEDACIOUS_SOURCE=${PROJECT_SOURCE_DIR} -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
            -DWRONG=${arg_WRONG})
    set_tests_properties(${name} PROPERTIES LABELS tests/actor_alone TIMEOUT 120
        ${arg_UNPARSED_ARGUMENTS})
endfunction()
eda_actor_alone_test(actor_alone_accepts_honest_actor honest)
eda_actor_alone_test(actor_alone_refuses_foreign_function cheat
    PASS_REGULAR_EXPRESSION "actor cheat uses 'honest_secret', 'time'")
eda_actor_alone_test(actor_alone_refuses_foreign_include peek
    PASS_REGULAR_EXPRESSION "actor peek: [^ ]*peek.c reaches out of its folder")
eda_actor_alone_test(actor_alone_without_its_folder_is_refused honest WRONG nobody
    PASS_REGULAR_EXPRESSION "edacious_actor\\(nobody\\): there is no folder")
eda_actor_alone_test(actor_alone_without_its_messages_is_refused honest WRONG peek
    PASS_REGULAR_EXPRESSION "edacious_actor\\(peek\\): MESSAGES names")

# The seed stays small.
add_test(NAME seed_has_at_most_25_lines COMMAND python3 ${PROJECT_SOURCE_DIR}/tools/count_lines.py
    25 ${PROJECT_SOURCE_DIR}/examples/01_seed/foo.c)
add_test(NAME seed_with_own_main_has_at_most_32_lines COMMAND python3 ${PROJECT_SOURCE_DIR}/tools/count_lines.py
    32 ${PROJECT_SOURCE_DIR}/examples/01_seed_own_main/foo.c)

# The harness of the benchmarks.
file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*_test.py)
foreach(test IN LISTS tests)
    cmake_path(GET test STEM name)
    add_test(NAME bench_${name} COMMAND python3 -B ${test})
    set_tests_properties(bench_${name} PROPERTIES LABELS bench TIMEOUT 60)
endforeach()

# Our matcher of key expressions against Zenoh's own, where there is a cargo that can build it.
add_executable(differential ${PROJECT_SOURCE_DIR}/tests/differential/differential.c)
target_include_directories(differential PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(differential PRIVATE edacious)
add_test(NAME topic_agrees_with_zenoh COMMAND ${PROJECT_SOURCE_DIR}/tests/differential/run.sh
    $<TARGET_FILE:differential> ${PROJECT_SOURCE_DIR}/build/cargo-differential)
set_tests_properties(topic_agrees_with_zenoh PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT 900)
