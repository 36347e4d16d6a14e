# Examples.cmake - each folder of examples/ is a program of its name, and a test; bench/*.c together are the program bench,
# but for probe.c, which is bench-probe; bench/net/*.c are bench-net.

# eda_example_test(NAME PROGRAM [argument...]): runs PROGRAM as the test example_NAME. Where the example's folder holds
# them, input.txt is its standard input, arguments.txt adds arguments (one a line), and expected.txt is exactly its output.
function(eda_example_test name program)
    if(NOT EDA_TESTS AND NOT EDA_INSTALL_TEST)
        return()
    endif()
    add_test(NAME example_${name} COMMAND python3 ${PROJECT_SOURCE_DIR}/tools/run_example.py
        ${PROJECT_SOURCE_DIR}/examples/${name} -- ${EDA_EXAMPLE_LAUNCHER} $<TARGET_FILE:${program}> ${ARGN})
    set_tests_properties(example_${name} PROPERTIES TIMEOUT 300 LABELS examples ENVIRONMENT
        "ASAN_OPTIONS=detect_stack_use_after_return=1;TSAN_OPTIONS=halt_on_error=1")
endfunction()

if(EDA_EXAMPLES)
    file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*)
    foreach(folder IN LISTS folders)
        if(EXISTS ${folder}/CMakeLists.txt)
            add_subdirectory(${folder})
            continue()
        endif()
        file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
        if(sources)
            cmake_path(GET folder FILENAME name)
            add_executable(${name} ${sources})
            target_link_libraries(${name} PRIVATE edacious)
            # A program without a main of its own takes the stock one from this library.
            if(TARGET edacious-main)
                target_link_libraries(${name} PRIVATE edacious-main)
            endif()
            eda_example_test(${name} ${name})
        endif()
    endforeach()
endif()

if(EDA_BENCH)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
    list(FILTER sources EXCLUDE REGEX "/probe\\.c$")
    if(sources)
        add_executable(bench ${sources})
        target_link_libraries(bench PRIVATE edacious Threads::Threads m)
        target_include_directories(bench PRIVATE ${PROJECT_SOURCE_DIR}/src) # the tree of key expressions
        target_compile_definitions(bench PRIVATE BENCH_VERSION="${PROJECT_VERSION}")
        # All of their code runs; nothing is measured.
        if(EDA_TESTS)
            add_test(NAME bench_tiny COMMAND bench tiny)
            eda_test_properties(bench_tiny LABELS bench)
        endif()
    endif()
    add_executable(bench-probe ${PROJECT_SOURCE_DIR}/bench/probe.c)
    target_link_libraries(bench-probe PRIVATE Threads::Threads)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/net/*.c)
    add_executable(bench-net ${sources} ${PROJECT_SOURCE_DIR}/bench/harness.c ${PROJECT_SOURCE_DIR}/bench/numbers.c)
    target_link_libraries(bench-net PRIVATE edacious Threads::Threads m)
    target_include_directories(bench-net PRIVATE ${PROJECT_SOURCE_DIR}/bench)
    # Both processes of each part, over the bus that needs nothing installed; nothing is measured.
    if(EDA_TESTS)
        foreach(part inside shown bus)
            add_test(NAME bench_net_${part} COMMAND bench-net ${part} local 256 200 20)
            eda_test_properties(bench_net_${part} LABELS bench)
        endforeach()
    endif()
endif()
