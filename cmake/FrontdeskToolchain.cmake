# Compiler settings common to everything: ccache, warnings, sanitizers.
find_program(CCACHE ccache)
if(CCACHE)
  # The base folder lets a fresh clone elsewhere find what another one compiled.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})  # for precompiled headers
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

find_program(LLD NAMES ld.lld ld.lld-14)
if(LLD AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_link_options(-fuse-ld=lld)
endif()

# For our own code only; generated protobuf code is compiled without.
add_library(frontdesk_warnings INTERFACE)
target_compile_options(frontdesk_warnings INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
if(FRONTDESK_WERROR)
  target_compile_options(frontdesk_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(frontdesk_warnings INTERFACE -Wthread-safety)
else()
  # g++ 12 reports std::string's own copies as overflows at -O2.
  target_compile_options(frontdesk_warnings INTERFACE -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds)
endif()

# Of everything, because precompiled headers want one set of flags.
add_compile_options(-pthread)
add_link_options(-pthread)

if(FRONTDESK_SANITIZER)
  add_compile_options(-O1 -gline-tables-only -fno-omit-frame-pointer -fsanitize=${FRONTDESK_SANITIZER})
  add_link_options(-fsanitize=${FRONTDESK_SANITIZER})
  if(FRONTDESK_SANITIZER MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr,function)
  endif()
  if(FRONTDESK_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()
