# Zenoh.cmake - the bus driver libedacious-zenoh.so, built by cargo from drivers/zenoh. See drivers/zenoh/README.md.
#
# One folder of cargo's for all presets, since what takes minutes in it are 300 packages that no preset changes.
set(EDA_ZENOH AUTO CACHE STRING "Build the Zenoh bus driver: ON, OFF, or AUTO, where there is a cargo that can")
set_property(CACHE EDA_ZENOH PROPERTY STRINGS AUTO ON OFF)
set(EDA_ZENOH_TARGET "${PROJECT_SOURCE_DIR}/build/cargo" CACHE PATH "Cargo's own folder for the Zenoh driver")
set(EDA_ZENOH_RUST 1.85) # what the packages of Cargo.lock need

# Why it cannot be built here, in a sentence; empty: it can.
function(eda_zenoh_obstacle ret_sentence)
    find_program(EDA_CARGO cargo HINTS $ENV{HOME}/.cargo/bin)
    mark_as_advanced(EDA_CARGO)
    set(mend "Debian 12: apt-get install cargo-web; elsewhere: https://rustup.rs")
    set(sentence "")
    set(host "")
    if(NOT EDA_CARGO)
        set(sentence "there is no cargo (${mend})")
    else()
        execute_process(COMMAND ${EDA_CARGO} --version --verbose OUTPUT_VARIABLE output ERROR_QUIET)
        string(REGEX MATCH "[0-9]+\\.[0-9]+" version "${output}")
        string(REGEX MATCH "host: [^\n]+" host "${output}")
        if(NOT version)
            set(sentence "${EDA_CARGO} --version fails")
        elseif(version VERSION_LESS EDA_ZENOH_RUST)
            set(sentence "${EDA_CARGO} is of version ${version}, needed: ${EDA_ZENOH_RUST} (${mend})")
        endif()
    endif()
    if(NOT sentence)
        eda_zenoh_fetch("${host}" sentence)
    endif()
    set(${ret_sentence} "${sentence}" PARENT_SCOPE)
endfunction()

# Its packages, now: a machine that cannot fetch them is to know before it builds.
function(eda_zenoh_fetch host ret_sentence)
    string(REPLACE "host: " "" target "${host}")
    set(fetch ${EDA_CARGO} fetch --quiet --locked --target ${target}
        --manifest-path ${PROJECT_SOURCE_DIR}/drivers/zenoh/Cargo.toml)
    execute_process(COMMAND ${fetch} --offline RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(result)
        message(STATUS "Fetching the packages of the Zenoh bus driver")
        execute_process(COMMAND ${fetch} RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE error)
    endif()
    if(result)
        string(STRIP "${error}" error)
        string(REGEX REPLACE "\n.*" "" error "${error}")
        set(${ret_sentence} "cargo cannot fetch its packages: ${error}" PARENT_SCOPE)
    endif()
endfunction()

# The library beside those of this build, made anew when a source of it changed.
function(eda_zenoh_library)
    set(folder ${PROJECT_SOURCE_DIR}/drivers/zenoh)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/src/*.rs)
    set(to ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
    if(NOT to)
        set(to ${PROJECT_BINARY_DIR}/lib)
    endif()
    set(library ${to}/libedacious-zenoh.so)
    set(built ${EDA_ZENOH_TARGET}/release/libedacious_zenoh.so)
    add_custom_command(OUTPUT ${library}
        COMMAND ${CMAKE_COMMAND} -E env CARGO_TARGET_DIR=${EDA_ZENOH_TARGET}
            ${EDA_CARGO} build --quiet --locked --release --manifest-path ${folder}/Cargo.toml
        COMMAND ${CMAKE_COMMAND} -E make_directory ${to}
        COMMAND ${CMAKE_COMMAND} -E copy ${built} ${library}
        DEPENDS ${sources} ${folder}/Cargo.toml ${folder}/Cargo.lock
        COMMENT "Building libedacious-zenoh.so; the first time, that takes minutes" USES_TERMINAL VERBATIM)
    add_custom_target(edacious-zenoh ALL DEPENDS ${library})
    install(PROGRAMS ${library} DESTINATION ${CMAKE_INSTALL_LIBDIR})
    eda_installs(${library})
    set(EDA_ZENOH_LIBRARY ${library} PARENT_SCOPE)
endfunction()

set(EDA_ZENOH_LIBRARY "")
if(EDA_ZENOH)
    eda_zenoh_obstacle(obstacle)
    if(NOT obstacle)
        eda_zenoh_library()
    elseif(EDA_ZENOH STREQUAL "AUTO")
        message(STATUS "The Zenoh bus driver is not built: ${obstacle}")
    else()
        message(FATAL_ERROR "EDA_ZENOH=${EDA_ZENOH}, but ${obstacle}")
    endif()
else()
    message(STATUS "The Zenoh bus driver is not built: EDA_ZENOH=${EDA_ZENOH}")
endif()
