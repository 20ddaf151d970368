# The shapes that targets of this project have.

# frontdesk_library(NAME [DEPS...]): one room of gateway/, all of its .cc files.
function(frontdesk_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(sources)
    add_library(frontdesk_${name} STATIC ${sources})
    target_include_directories(frontdesk_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
      $<INSTALL_INTERFACE:include/frontdesk>)
    target_link_libraries(frontdesk_${name} PUBLIC ${ARGN} PRIVATE frontdesk_warnings)
    frontdesk_precompile(frontdesk_${name})
  else()
    add_library(frontdesk_${name} INTERFACE)
    target_include_directories(frontdesk_${name} INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
      $<INSTALL_INTERFACE:include/frontdesk>)
    target_link_libraries(frontdesk_${name} INTERFACE ${ARGN})
  endif()
endfunction()

# protoc as every rule here runs it; an import that a `call:` needs is no unused one.
set(FRONTDESK_PROTOC ${CMAKE_COMMAND} -P ${CMAKE_CURRENT_LIST_DIR}/FrontdeskRunProtoc.cmake --
  $<TARGET_FILE:protobuf::protoc>)

# frontdesk_protos(TARGET [GRPC] FILES...): generated C++ of files below protos/.
function(frontdesk_protos target)
  cmake_parse_arguments(arg "GRPC" "" "" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(generated)
  foreach(file ${arg_UNPARSED_ARGUMENTS})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(files ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(plugin)
    if(arg_GRPC)
      file(STRINGS ${CMAKE_SOURCE_DIR}/protos/${file} services REGEX "^service ")
      if(services)
        list(APPEND files ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
        set(plugin --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
      endif()
    endif()
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${FRONTDESK_PROTOC} -I${CMAKE_SOURCE_DIR}/protos --cpp_out=${out} ${plugin} ${file}
      DEPENDS ${CMAKE_SOURCE_DIR}/protos/${file}
      COMMENT "protoc ${file}"
      VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  add_library(${target} STATIC ${generated})
  target_include_directories(${target} SYSTEM PUBLIC $<BUILD_INTERFACE:${out}>
    $<INSTALL_INTERFACE:include/frontdesk>)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
  if(arg_GRPC)
    target_link_libraries(${target} PUBLIC gRPC::grpc++)
  endif()
endfunction()

# Tests spend their time in what they test.
add_library(frontdesk_test_options INTERFACE)
if(NOT FRONTDESK_SANITIZER)
  target_compile_options(frontdesk_test_options INTERFACE $<$<CONFIG:RelWithDebInfo>:-O1>)
endif()

# frontdesk_tests(NAME FOLDER [DEPS...]): one test program of all *_test.cc below FOLDER.
function(frontdesk_tests name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARGN} frontdesk_support GTest::gtest GTest::gmock
    GTest::gtest_main frontdesk_test_options frontdesk_warnings)
  frontdesk_precompile(${name} TEST)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
