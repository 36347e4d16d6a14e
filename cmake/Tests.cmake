# Tests.cmake - every test in the tree, by pattern.
#
#   src/**/x_test.c, tests/scenario/x_test.c   a cmocka program each
#   tests/support/*.c                          linked into all of them
#   tests/churn/                               nodes as processes, and what disturbs them
#   tests/stock_main/                          an example as two processes
#   tests/driver/x.c                           libedacious-x.so beside the programs, for find_test
#   tests/model/x_test.c                       explores every schedule of what it includes; see tests/model/explore.h
#   tests/fuzz/x_fuzz.c                        replayed on tests/fuzz/corpus/x, or a libFuzzer program (EDA_FUZZ)
#   tests/compile_fail/*.c, tests/cxx/*.cpp    compiled, not run (EDA_TOOL_TESTS)

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

set(EDA_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")

# What a test program may link: everything that exists in the tree so far.
set(eda_test_links edacious PkgConfig::CMOCKA PkgConfig::JANSSON Threads::Threads m)
if(TARGET edacious-sim)
    list(PREPEND eda_test_links edacious-sim)
endif()

file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.c)
if(support)
    add_library(edacious-test-support STATIC ${support})
    target_include_directories(edacious-test-support
        PUBLIC ${PROJECT_SOURCE_DIR}/tests/support PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(edacious-test-support PUBLIC ${eda_test_links})
    list(PREPEND eda_test_links edacious-test-support)
endif()

function(eda_test_properties name)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300 ENVIRONMENT "${EDA_TEST_ENVIRONMENT}" ${ARGN})
endfunction()

file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*_test.c)
file(GLOB scenarios CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/scenario/*_test.c)
if(EDA_FUZZ)
    set(tests)
    set(scenarios)
endif()
foreach(source IN LISTS tests scenarios)
    cmake_path(GET source STEM name)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    if(TARGET ${name})
        message(FATAL_ERROR "${folder}/${name}.c: there is another test of that name; test names are unique")
    endif()
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} PRIVATE ${eda_test_links})
    if(folder MATCHES "^src/app" AND TARGET edacious-main)
        target_link_libraries(${name} PRIVATE edacious-main)
    endif()
    if(folder MATCHES "^(src/cli|tests/scenario)" AND TARGET edacious-cli)
        target_link_libraries(${name} PRIVATE edacious-cli)
    endif()
    add_test(NAME ${name} COMMAND ${name})
    eda_test_properties(${name} LABELS ${folder})
endforeach()

# The drivers with libraries of their own. What is not built here is skipped aloud.
if(NOT EDA_FUZZ)
    add_executable(zenoh_test ${PROJECT_SOURCE_DIR}/drivers/zenoh/zenoh_test.c)
    target_include_directories(zenoh_test PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(zenoh_test PRIVATE ${eda_test_links})
    add_test(NAME zenoh_test COMMAND zenoh_test "${EDA_ZENOH_LIBRARY}")
    eda_test_properties(zenoh_test LABELS drivers/zenoh SKIP_RETURN_CODE 77)
    if(EDA_ZENOH_LIBRARY)
        add_dependencies(zenoh_test edacious-zenoh)
        if(EDA_TOOL_TESTS) # no sanitizer reaches these
            add_test(NAME zenoh_own_tests COMMAND ${CMAKE_COMMAND} -E env CARGO_TARGET_DIR=${EDA_ZENOH_TARGET}
                ${EDA_CARGO} test --quiet --locked --release --manifest-path ${PROJECT_SOURCE_DIR}/drivers/zenoh/Cargo.toml)
            eda_test_properties(zenoh_own_tests LABELS drivers/zenoh)
        endif()
    endif()
endif()

# Access control as the command writes it, kept by a Zenoh router.
if(NOT EDA_FUZZ AND TARGET edacious-cli)
    add_executable(security_test ${PROJECT_SOURCE_DIR}/tests/interop/security_test.c)
    target_include_directories(security_test PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(security_test PRIVATE edacious-cli ${eda_test_links})
    add_test(NAME security_test
        COMMAND security_test "${EDA_ZENOH_LIBRARY}" ${PROJECT_SOURCE_DIR}/tests/interop/certificates.sh)
    eda_test_properties(security_test LABELS tests/interop SKIP_RETURN_CODE 77)
    if(EDA_ZENOH_LIBRARY)
        add_dependencies(security_test edacious-zenoh)
    endif()
endif()

# The command over Zenoh, whose router goes and is back.
if(NOT EDA_FUZZ AND TARGET edacious-cli)
    add_executable(lost_test ${PROJECT_SOURCE_DIR}/tests/interop/lost_test.c)
    target_include_directories(lost_test PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(lost_test PRIVATE edacious-cli ${eda_test_links})
    add_test(NAME lost_test COMMAND lost_test "${EDA_ZENOH_LIBRARY}")
    eda_test_properties(lost_test LABELS tests/interop SKIP_RETURN_CODE 77)
    if(EDA_ZENOH_LIBRARY)
        add_dependencies(lost_test edacious-zenoh)
    endif()
endif()

# Other programs than ours talk to a node over Zenoh: see tests/interop/run.sh.
if(NOT EDA_FUZZ)
    add_executable(interop-node ${PROJECT_SOURCE_DIR}/tests/interop/node.c)
    target_link_libraries(interop-node PRIVATE edacious Threads::Threads)
    if(EDA_ZENOH_LIBRARY)
        add_dependencies(interop-node edacious-zenoh)
    endif()
    foreach(topology peer router)
        add_test(NAME interop_${topology} COMMAND ${PROJECT_SOURCE_DIR}/tests/interop/run.sh ${topology}
            $<TARGET_FILE:interop-node> "${EDA_ZENOH_LIBRARY}")
        eda_test_properties(interop_${topology} LABELS tests/interop SKIP_RETURN_CODE 77)
    endforeach()
    if(TARGET edacious-command)
        add_test(NAME interop_security COMMAND ${PROJECT_SOURCE_DIR}/tests/interop/run.sh security
            $<TARGET_FILE:interop-node> "${EDA_ZENOH_LIBRARY}" $<TARGET_FILE:edacious-command>)
        eda_test_properties(interop_security LABELS tests/interop SKIP_RETURN_CODE 77)
    endif()
endif()

# Nodes that are killed, stopped and halted; by the bus between processes, and by Zenoh's.
if(NOT EDA_FUZZ)
    add_executable(churn_node ${PROJECT_SOURCE_DIR}/tests/churn/node.c)
    target_link_libraries(churn_node PRIVATE edacious Threads::Threads)
    foreach(case local clients peers)
        add_test(NAME churn_${case} COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/churn/churn.py
            --node $<TARGET_FILE:churn_node> --zenoh "${EDA_ZENOH_LIBRARY}" --case ${case})
        eda_test_properties(churn_${case} LABELS tests/churn SKIP_RETURN_CODE 77)
    endforeach()
    if(EDA_ZENOH_LIBRARY)
        add_dependencies(churn_node edacious-zenoh)
    endif()
endif()

# The stock main as nodes of a cluster.
if(EDA_EXAMPLES AND NOT EDA_FUZZ)
    add_test(NAME stock_main_nodes COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/stock_main/nodes.py $<TARGET_FILE:02_keyed>)
    eda_test_properties(stock_main_nodes LABELS tests/stock_main)
endif()

# Libraries that are bus drivers, or nearly.
file(GLOB drivers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/driver/*.c)
if(TARGET find_test)
    foreach(source IN LISTS drivers)
        cmake_path(GET source STEM name)
        add_library(edacious-${name} MODULE ${source})
        target_include_directories(edacious-${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
        set_target_properties(edacious-${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY $<TARGET_FILE_DIR:find_test>)
        add_dependencies(find_test edacious-${name})
    endforeach()
    target_link_libraries(find_test PRIVATE ${CMAKE_DL_LIBS})
endif()

# Without membarrier(2), under valgrind for one, nothing is taken over.
if(TARGET takeover_test)
    set_tests_properties(takeover_test PROPERTIES SKIP_RETURN_CODE 77)
endif()

# It runs the building example, wherever that is built; a main that returns 77 was built without it.
if(TARGET bounded_test)
    set_tests_properties(bounded_test PROPERTIES SKIP_RETURN_CODE 77)
    if(EDA_EXAMPLES)
        add_dependencies(bounded_test building)
        target_compile_definitions(bounded_test PRIVATE EDA_BUILDING="$<TARGET_FILE:building>"
            EDA_BUILDING_FOLDER="${PROJECT_SOURCE_DIR}/examples/building")
    endif()
endif()

# Small models: instrumented as for the thread sanitizer, whose place the explorer takes; so not together with it.
file(GLOB models CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/model/*_test.c)
file(GLOB explorer CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/model/*.c)
list(FILTER explorer EXCLUDE REGEX "_test\\.c$")
if(models AND NOT EDA_FUZZ AND NOT EDA_SANITIZE MATCHES "thread")
    add_library(edacious-explorer STATIC ${explorer})
    target_include_directories(edacious-explorer PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_compile_options(edacious-explorer PRIVATE -O2 -fno-sanitize=all)
    target_link_libraries(edacious-explorer PUBLIC edacious)
    foreach(source IN LISTS models)
        cmake_path(GET source STEM name)
        add_executable(${name} ${source})
        target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
        target_compile_options(${name} PRIVATE -O2 -fno-sanitize=all -fsanitize=thread)
        target_link_libraries(${name} PRIVATE edacious-explorer ${eda_test_links})
        add_test(NAME ${name} COMMAND ${name})
        eda_test_properties(${name} LABELS tests/model)
    endforeach()
endif()

file(GLOB targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.c)
foreach(source IN LISTS targets)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "_fuzz$" "" corpus ${name})
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} PRIVATE edacious PkgConfig::JANSSON PkgConfig::LIBCBOR m)
    if(TARGET edacious-cli)
        target_link_libraries(${name} PRIVATE edacious-cli edacious)
    endif()
    if(EDA_FUZZ)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
        add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${corpus})
        eda_test_properties(${name} LABELS tests/fuzz)
    endif()
endforeach()

if(EDA_TOOL_TESTS)
    include(${CMAKE_CURRENT_LIST_DIR}/ToolTests.cmake)
endif()
