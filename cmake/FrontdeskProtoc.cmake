# One run of protoc for frontdesk_generate(), which sets PROTOC, PROTOS, DIRS, FLAGS, OUT_DIR and
# STAMP. Writes the stamp, and beside it what it depends on.
cmake_minimum_required(VERSION 3.25)
file(MAKE_DIRECTORY ${OUT_DIR})
get_filename_component(work ${STAMP} DIRECTORY)
set(imports)
foreach(dir ${DIRS})
  list(APPEND imports -I${dir})
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/FrontdeskRunProtoc.cmake)
frontdesk_run_protoc(${PROTOC} ${imports} ${FLAGS} ${PROTOS})

# protoc tells what it read for one file at a time.
set(depends)
foreach(proto ${PROTOS})
  execute_process(
    COMMAND ${PROTOC} ${imports} --descriptor_set_out=${work}/set --dependency_out=${work}/set.d ${proto}
    ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${work}/set.d text)
  string(REGEX REPLACE "^[^:]*:" "" text "${text}")
  string(REGEX REPLACE "[ \t\\\\\n]+" ";" text "${text}")
  list(APPEND depends ${text})
endforeach()
list(REMOVE_DUPLICATES depends)
list(REMOVE_ITEM depends "")
list(JOIN depends " \\\n  " text)
file(WRITE ${STAMP}.d "${STAMP}: \\\n  ${text}\n")
file(TOUCH ${STAMP})
