# EdaciousActorCheck.cmake - fails when an actor reaches outside its folder. Run by edacious_actor after compiling.
#
# In: ACTOR, FOLDER, SOURCES, OBJECTS, ALLOWS, SYMBOLS (file of patterns), LINKER, NM, STAMP.

set(mend
    "Mend: send a message instead (eda_publish, eda_ask), take it as a dependency, or move the code it\n"
    "  needs into ${FOLDER}.\n"
    "  If it belongs to a library which this actor wraps: edacious_actor(${ACTOR} ... ALLOWS regex).")
list(JOIN mend "" mend)

# CMake wraps the text of an error, but not of a notice.
function(refuse text mend)
    message(NOTICE "${text}\n${mend}")
    message(FATAL_ERROR "actor ${ACTOR} does not stand alone")
endfunction()

# A relative include would bring in another folder's code or types without leaving a symbol.
foreach(source IN LISTS SOURCES)
    file(STRINGS ${source} reaches REGEX "^[ \t]*#[ \t]*include[ \t]*\"\\.\\./")
    foreach(line IN LISTS reaches)
        refuse("actor ${ACTOR}: ${source} reaches out of its folder: ${line}"
            "Mend: put message headers into a folder of their own, and name it: edacious_actor(${ACTOR} MESSAGES folder).")
    endforeach()
endforeach()

# Linked together first, so that what one of its files defines for another is no longer undefined.
set(joined ${STAMP}.o)
execute_process(COMMAND ${LINKER} -r -o ${joined} ${OBJECTS} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${NM} -u ${joined} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${joined})

string(REGEX MATCHALL "[Uw] [^\n]+" unknown "${output}")
list(TRANSFORM unknown REPLACE "^[Uw] ([^@]+).*" "\\1")
file(STRINGS ${SYMBOLS} patterns REGEX "^[^# ]")
foreach(pattern IN LISTS patterns ALLOWS)
    list(FILTER unknown EXCLUDE REGEX "^(${pattern})$")
endforeach()
if(unknown)
    list(JOIN unknown "', '" unknown)
    refuse("actor ${ACTOR} uses '${unknown}': neither its own nor edacious's nor harmless libc." "${mend}")
endif()
file(TOUCH ${STAMP})
