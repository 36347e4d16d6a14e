# InstallCheck.cmake - the first thing an installation does: see that all of it was built, before any of it is copied.
#
# eda_installs(file...) names what is built and installed; eda_install_check() writes the check, when all is named.
set(eda_install_check ${CMAKE_CURRENT_BINARY_DIR}/install_check-$<CONFIG>.cmake)
install(SCRIPT ${eda_install_check})

function(eda_installs)
    set_property(GLOBAL APPEND PROPERTY eda_installed_files ${ARGN})
endfunction()

function(eda_install_check)
    get_property(files GLOBAL PROPERTY eda_installed_files)
    list(JOIN files "\"\n    \"" quoted)
    set(content [[
set(missing "")
foreach(file IN ITEMS
    "@quoted@")
    if(NOT EXISTS "${file}")
        cmake_path(GET file FILENAME name)
        list(APPEND missing ${name})
    endif()
endforeach()
if(missing)
    list(JOIN missing ", " missing)
    message(FATAL_ERROR "Nothing was installed: not built yet: ${missing}. First: cmake --build @PROJECT_BINARY_DIR@")
endif()
]])
    string(CONFIGURE "${content}" content @ONLY)
    file(GENERATE OUTPUT ${eda_install_check} CONTENT "${content}")
endfunction()
