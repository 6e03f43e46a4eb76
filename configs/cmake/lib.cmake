# The offline verifier library: base, crypto, record and proof behind the one header ledger/proof/qizheng.h.
# Shared: hidden visibility and a version script. Static: one object in which every hidden symbol is made local, so that nothing of ours can
# meet a symbol of the program that links it. `cmake --install BUILD --component lib` installs it alone.
add_library(qizheng_shared SHARED ledger/proof/qizheng.c)
target_link_libraries(qizheng_shared PRIVATE qz_proof)
set_target_properties(qizheng_shared PROPERTIES
  OUTPUT_NAME qizheng VERSION ${PROJECT_VERSION} SOVERSION 0 PUBLIC_HEADER ledger/proof/qizheng.h
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/configs/cmake/qizheng.map)
target_link_options(qizheng_shared PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/configs/cmake/qizheng.map -Wl,--as-needed -Wl,-z,relro,-z,now
  -Wl,-z,nodelete) # each thread's hash context is freed by our code when the thread ends, so that code must stay
if(NOT QIZHENG_SANITIZE)
  target_link_options(qizheng_shared PRIVATE -Wl,--no-undefined)
endif()

set(qizheng_layers $<TARGET_FILE:qz_proof> $<TARGET_FILE:qz_record> $<TARGET_FILE:qz_crypto> $<TARGET_FILE:qz_base>)
add_custom_command(
  OUTPUT libqizheng.a
  COMMAND ${CMAKE_COMMAND} -E rm -f libqizheng.a
  COMMAND ${CMAKE_LINKER} -r -o qizheng_all.o $<TARGET_OBJECTS:qizheng_shared> --start-group ${qizheng_layers} --end-group
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden qizheng_all.o
  COMMAND ${CMAKE_AR} rcs libqizheng.a qizheng_all.o
  DEPENDS qizheng_shared qz_proof qz_record qz_crypto qz_base $<TARGET_OBJECTS:qizheng_shared>
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(qizheng_static ALL DEPENDS libqizheng.a)

file(RELATIVE_PATH QIZHENG_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" QIZHENG_PC_UP "${QIZHENG_PC_UP}")
configure_file(configs/cmake/qizheng.pc.in qizheng.pc @ONLY)
install(TARGETS qizheng_shared COMPONENT lib
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT lib NAMELINK_COMPONENT lib
  PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT lib)
install(FILES ${CMAKE_BINARY_DIR}/libqizheng.a DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT lib)
install(FILES ${CMAKE_BINARY_DIR}/qizheng.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT lib)
