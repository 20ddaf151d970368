# Code and documents from .proto files, in this project and in those that say find_package(Frontdesk).
#
#   frontdesk_generate(TARGET shop_api
#     PROTOS shop/order.proto shop/cart.proto
#     IMPORT_DIRS protos
#     PLUGINS cpp openapi ts docs
#     OPTIONS openapi:title=Shop ts:import_extension=none
#     OUT_DIR ${CMAKE_CURRENT_BINARY_DIR}/shop_api)
#
# PROTOS      names below one of IMPORT_DIRS, as an import has them
# IMPORT_DIRS folders that imports begin in; google/api and frontdesk/v1 are found in any case
# PLUGINS     what to write. With `cpp`, TARGET is a library of the messages and of what
#             protoc-gen-frontdesk-cpp writes, linked with frontdesk_client; else a custom target.
# OPTIONS     plugin:name=value
# OUT_DIR     default: ${CMAKE_CURRENT_BINARY_DIR}/<TARGET>
#
# Runs again when a proto, anything it imports or a generator changes. Of protoc's warnings one is
# hidden: that an import is unused, of a file that a `call:` of the importing file needs.
set(FRONTDESK_GENERATE_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/FrontdeskProtoc.cmake)
set(FRONTDESK_RUN_PROTOC_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/FrontdeskRunProtoc.cmake)
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/../protos/frontdesk/v1/options.proto)
  get_filename_component(FRONTDESK_PROTO_DIR ${CMAKE_CURRENT_LIST_DIR}/../protos ABSOLUTE)
else()
  set(FRONTDESK_PROTO_DIR ${CMAKE_CURRENT_LIST_DIR}/protos)
endif()

# The file below one of the folders in ARGN that has it.
function(_frontdesk_find proto out)
  foreach(dir ${ARGN})
    if(EXISTS ${dir}/${proto})
      set(${out} ${dir}/${proto} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "frontdesk_generate: ${proto} is in none of the IMPORT_DIRS: ${ARGN}")
endfunction()

# What protoc writes for one file with --cpp_out and --frontdesk-cpp_out.
function(_frontdesk_sources proto path dir out)
  string(REGEX REPLACE "\\.proto$" "" stem ${proto})
  set(sources ${dir}/${stem}.pb.cc ${dir}/${stem}.pb.h)
  file(STRINGS ${path} services REGEX "^[ \t]*service[ \t]")
  if(services)
    list(APPEND sources ${dir}/${stem}.frontdesk.cc ${dir}/${stem}.frontdesk.h)
  endif()
  # Whether there is a service decides what is written.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

function(frontdesk_generate)
  cmake_parse_arguments(arg "" "TARGET;OUT_DIR" "PROTOS;IMPORT_DIRS;PLUGINS;OPTIONS" ${ARGN})
  foreach(needed TARGET PROTOS PLUGINS)
    if(NOT arg_${needed})
      message(FATAL_ERROR "frontdesk_generate needs ${needed}")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "frontdesk_generate does not know ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_OUT_DIR)
    set(arg_OUT_DIR ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET})
  endif()
  set(dirs)
  foreach(dir ${arg_IMPORT_DIRS})
    get_filename_component(dir ${dir} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND dirs ${dir})
  endforeach()
  if(NOT dirs)
    set(dirs ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  list(APPEND dirs ${FRONTDESK_PROTO_DIR})
  list(REMOVE_DUPLICATES dirs)

  set(sources)
  set(paths)
  foreach(proto ${arg_PROTOS})
    _frontdesk_find(${proto} path ${dirs})
    list(APPEND paths ${path})
    if(cpp IN_LIST arg_PLUGINS)
      _frontdesk_sources(${proto} ${path} ${arg_OUT_DIR} files)
      list(APPEND sources ${files})
    endif()
  endforeach()
  set(programs)
  set(flags)
  foreach(plugin ${arg_PLUGINS})
    if(NOT TARGET Frontdesk::protoc-gen-frontdesk-${plugin})
      message(FATAL_ERROR "frontdesk_generate: there is no plugin ${plugin}")
    endif()
    set(program $<TARGET_FILE:Frontdesk::protoc-gen-frontdesk-${plugin}>)
    list(APPEND programs Frontdesk::protoc-gen-frontdesk-${plugin})
    list(APPEND flags --plugin=protoc-gen-frontdesk-${plugin}=${program}
      --frontdesk-${plugin}_out=${arg_OUT_DIR})
    foreach(dir ${dirs})
      list(APPEND flags --frontdesk-${plugin}_opt=src=${dir})
    endforeach()
    foreach(option ${arg_OPTIONS})
      if(option MATCHES "^${plugin}:(.+)$")
        list(APPEND flags --frontdesk-${plugin}_opt=${CMAKE_MATCH_1})
      endif()
    endforeach()
  endforeach()
  foreach(option ${arg_OPTIONS})
    string(REGEX REPLACE ":.*$" "" plugin "${option}")
    if(NOT option MATCHES ":" OR NOT plugin IN_LIST arg_PLUGINS)
      message(FATAL_ERROR "frontdesk_generate: option ${option} is not <one of ${arg_PLUGINS}>:name=value")
    endif()
  endforeach()
  if(cpp IN_LIST arg_PLUGINS)
    list(APPEND flags --cpp_out=${arg_OUT_DIR})
  endif()

  # A program of the build knows its place only when the build files are written.
  set(work ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/frontdesk_${arg_TARGET})
  set(stamp ${work}/stamp)
  file(GENERATE OUTPUT ${work}/run-$<CONFIG>.cmake CONTENT
"set(PROTOC [==[$<TARGET_FILE:protobuf::protoc>]==])
set(PROTOS [==[${arg_PROTOS}]==])
set(DIRS [==[${dirs}]==])
set(FLAGS [==[${flags}]==])
set(OUT_DIR [==[${arg_OUT_DIR}]==])
set(STAMP [==[${stamp}]==])
include([==[${FRONTDESK_GENERATE_SCRIPT}]==])
")
  add_custom_command(
    OUTPUT ${stamp} ${sources}
    COMMAND ${CMAKE_COMMAND} -P ${work}/run-$<CONFIG>.cmake
    DEPENDS ${paths} ${programs} protobuf::protoc ${FRONTDESK_GENERATE_SCRIPT}
      ${FRONTDESK_RUN_PROTOC_SCRIPT}
      ${work}/run-$<CONFIG>.cmake
    DEPFILE ${stamp}.d
    COMMENT "frontdesk_generate ${arg_TARGET}"
    VERBATIM)
  if(cpp IN_LIST arg_PLUGINS)
    add_library(${arg_TARGET} STATIC ${sources})
    target_include_directories(${arg_TARGET} SYSTEM PUBLIC ${arg_OUT_DIR})
    target_link_libraries(${arg_TARGET} PUBLIC Frontdesk::frontdesk_client protobuf::libprotobuf)
  else()
    add_custom_target(${arg_TARGET} ALL DEPENDS ${stamp})
  endif()
endfunction()
