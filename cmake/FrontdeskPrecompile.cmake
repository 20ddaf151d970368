# Headers of other libraries that nearly every file reads, and that take longer to read than the file
# takes to compile, are read once: two thirds of a second instead of three. Never headers of ours,
# which change. With g++ only, so that clang's presets find a forgotten #include.
option(FRONTDESK_PRECOMPILE "Precompile the headers of other libraries (g++)" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(FRONTDESK_PRECOMPILE OFF)
endif()

# frontdesk_precompile(TARGET [TEST]): TARGET, which links frontdesk_base (and GTest), compiles so.
# Flags and definitions must be those of frontdesk_precompiled[_test]; g++ tells where they are not.
function(frontdesk_precompile target)
  if(FRONTDESK_PRECOMPILE)
    if("${ARGV1}" STREQUAL TEST)
      target_precompile_headers(${target} REUSE_FROM frontdesk_precompiled_test)
    else()
      target_precompile_headers(${target} REUSE_FROM frontdesk_precompiled)
    endif()
  endif()
endfunction()

if(FRONTDESK_PRECOMPILE)
  file(WRITE ${CMAKE_BINARY_DIR}/none.cc "")
  set(headers <algorithm> <array> <atomic> <charconv> <chrono> <coroutine> <cstdint> <deque>
    <filesystem> <fstream> <functional> <map> <memory> <optional> <random> <set> <span> <sstream>
    <string> <string_view> <thread> <utility> <vector>
    <absl/container/flat_hash_map.h> <absl/container/inlined_vector.h> <absl/status/status.h>
    <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_join.h>
    <absl/strings/str_split.h>
    <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/posix/stream_descriptor.hpp>
    <boost/asio/post.hpp>
    <google/protobuf/descriptor.h> <google/protobuf/message.h>)
  # As frontdesk_base has them; it can't be linked, because it compiles so itself.
  set(definitions $<TARGET_PROPERTY:frontdesk_base,INTERFACE_COMPILE_DEFINITIONS>)
  set(links absl::status absl::flat_hash_map Boost::headers protobuf::libprotobuf Threads::Threads)
  add_library(frontdesk_precompiled OBJECT ${CMAKE_BINARY_DIR}/none.cc)
  target_link_libraries(frontdesk_precompiled PRIVATE ${links})
  target_compile_definitions(frontdesk_precompiled PRIVATE ${definitions})
  target_precompile_headers(frontdesk_precompiled PRIVATE ${headers})
  if(FRONTDESK_TESTS)
    add_library(frontdesk_precompiled_test OBJECT ${CMAKE_BINARY_DIR}/none.cc)
    target_link_libraries(frontdesk_precompiled_test PRIVATE ${links} frontdesk_test_options
      GTest::gtest GTest::gmock)
    target_compile_definitions(frontdesk_precompiled_test PRIVATE ${definitions})
    target_precompile_headers(frontdesk_precompiled_test PRIVATE ${headers} <gmock/gmock.h>
      <gtest/gtest.h>)
  endif()
endif()
