# Install.cmake - headers, libraries, documentation, edacious_actor, and what find_package and pkg-config need.
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY eda_libraries)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/edacious)

install(TARGETS ${libraries} EXPORT edacious)
foreach(library IN LISTS libraries)
    eda_installs($<TARGET_FILE:${library}>)
endforeach()
eda_install_check()
install(EXPORT edacious NAMESPACE edacious:: FILE edaciousTargets.cmake DESTINATION ${package_folder})
install(DIRECTORY include/edacious DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES cmake/EdaciousActor.cmake cmake/EdaciousActorCheck.cmake cmake/EdaciousActorSymbols.txt
    DESTINATION ${package_folder})

configure_package_config_file(cmake/edaciousConfig.cmake.in edaciousConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(edaciousConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/edaciousConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/edaciousConfigVersion.cmake
    DESTINATION ${package_folder})

# A static library needs its dependencies named to every program; a shared one brings them.
if(BUILD_SHARED_LIBS)
    set(EDA_PC_PRIVATE ".private")
    set(EDA_PC_LIBS_PRIVATE " -pthread -lm")
else()
    set(EDA_PC_LIBS " -pthread -lm")
endif()
# By its own place, so that an installation may be moved, and its prefix chosen when installing.
cmake_path(SET pc_folder NORMALIZE /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH pc_folder BASE_DIRECTORY /prefix OUTPUT_VARIABLE pc_relative)
string(REGEX REPLACE "[^/]+" ".." EDA_PC_UP ${pc_relative})
foreach(name edacious edacious-main)
    configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")

if(EDA_INSTALL_TEST)
    add_test(NAME install_serves_find_package_and_pkg_config COMMAND ${PROJECT_SOURCE_DIR}/tools/install_test.sh
        ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER})
    set_tests_properties(install_serves_find_package_and_pkg_config PROPERTIES TIMEOUT 300 LABELS install)
endif()
