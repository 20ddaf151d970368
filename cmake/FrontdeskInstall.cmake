# cmake --install: what another project needs to say find_package(Frontdesk).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(libraries frontdesk_warnings frontdesk_contract_protos frontdesk_base frontdesk_observe
  frontdesk_tls frontdesk_http frontdesk_contract frontdesk_identity frontdesk_route frontdesk_limit
  frontdesk_upstream frontdesk_compose frontdesk_client
  frontdesk_transcode frontdesk_policy frontdesk_config frontdesk_admin frontdesk_gateway)
set(programs frontdesk)
set(FRONTDESK_PLUGINS)
foreach(plugin cpp openapi ts docs)
  if(TARGET protoc-gen-frontdesk-${plugin})
    list(APPEND programs protoc-gen-frontdesk-${plugin})
    list(APPEND FRONTDESK_PLUGINS ${plugin})
  endif()
endforeach()
# Verbs of the program that come from the plugins.
foreach(name common ${FRONTDESK_PLUGINS})
  if(TARGET frontdesk_codegen_${name})
    list(APPEND libraries frontdesk_codegen_${name})
  endif()
endforeach()

# By the names that other projects have for them; frontdesk_generate() uses these.
foreach(library ${libraries})
  add_library(Frontdesk::${library} ALIAS ${library})
endforeach()
foreach(program ${programs})
  add_executable(Frontdesk::${program} ALIAS ${program})
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Frontdesk)
install(TARGETS ${libraries} ${programs} EXPORT FrontdeskTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(EXPORT FrontdeskTargets NAMESPACE Frontdesk:: DESTINATION ${package_dir})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/gateway DESTINATION include/frontdesk
  FILES_MATCHING PATTERN "*.h")
foreach(dir frontdesk google)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/gen/${dir} DESTINATION include/frontdesk
    FILES_MATCHING PATTERN "*.pb.h")
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/protos/${dir} DESTINATION ${package_dir}/protos)
endforeach()

configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/FrontdeskConfig.cmake.in
  ${CMAKE_BINARY_DIR}/FrontdeskConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/FrontdeskConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/FrontdeskConfig.cmake
  ${CMAKE_BINARY_DIR}/FrontdeskConfigVersion.cmake
  ${CMAKE_SOURCE_DIR}/cmake/FrontdeskPackages.cmake
  ${CMAKE_SOURCE_DIR}/cmake/FrontdeskGenerate.cmake
  ${CMAKE_SOURCE_DIR}/cmake/FrontdeskProtoc.cmake
  ${CMAKE_SOURCE_DIR}/cmake/FrontdeskRunProtoc.cmake
  DESTINATION ${package_dir})
