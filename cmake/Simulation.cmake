# Simulation.cmake - edacious-sim runs the scenarios of tests/sim under seeds; edacious-sim-planted is the same program
# over a library that has twelve planted faults, each of which must be found.

file(GLOB eda_sim_scenarios CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/sim/*.c)
add_executable(edacious-sim-program ${eda_sim_scenarios})
set_target_properties(edacious-sim-program PROPERTIES OUTPUT_NAME edacious-sim)
target_link_libraries(edacious-sim-program PRIVATE edacious-sim edacious)

if(EDA_PLANTED)
    get_target_property(eda_core_sources edacious SOURCES)
    get_target_property(eda_simulator_sources edacious-sim SOURCES)
    add_executable(edacious-sim-planted
        ${eda_sim_scenarios} ${eda_core_sources} ${eda_simulator_sources})
    target_compile_definitions(edacious-sim-planted PRIVATE EDAI_HAS_PLANTED)
    target_include_directories(edacious-sim-planted
        PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(edacious-sim-planted
        PRIVATE Threads::Threads PkgConfig::JANSSON PkgConfig::LIBCBOR m)
endif()

if(EDA_TESTS AND NOT EDA_FUZZ)
    add_test(NAME sim_scenarios COMMAND edacious-sim-program --seeds 40)
    set_tests_properties(sim_scenarios PROPERTIES TIMEOUT 600 LABELS sim ENVIRONMENT "${EDA_TEST_ENVIRONMENT}")
    if(EDA_PLANTED)
        foreach(fault RANGE 1 12)
            add_test(NAME sim_finds_planted_fault_${fault}
                COMMAND edacious-sim-planted --planted ${fault} --seeds 1000)
            # What a failed run leaves on its stacks cannot be freed.
            set_tests_properties(sim_finds_planted_fault_${fault} PROPERTIES TIMEOUT 600 LABELS sim
                ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
        endforeach()
    endif()
endif()
