# Manual pages and completion, written by a tool that links the commands and reads the tables which they read.
file(GLOB manual_sources CONFIGURE_DEPENDS node/manual/*.c)
add_executable(qizheng-manual ${manual_sources})
target_link_libraries(qizheng-manual PRIVATE qz_cli)
string(TIMESTAMP manual_date "%Y-%m-%d" UTC) # SOURCE_DATE_EPOCH decides where it is set
set(manual_dir ${CMAKE_BINARY_DIR}/manual)
add_custom_command(
  OUTPUT ${manual_dir}/stamp
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${manual_dir}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${manual_dir}
  COMMAND qizheng-manual ${manual_dir} ${CMAKE_SOURCE_DIR}/configs/node.yaml ${manual_date}
  COMMAND sh -c "gzip -9nk '${manual_dir}'/*.[158]"
  COMMAND ${CMAKE_COMMAND} -E touch ${manual_dir}/stamp
  DEPENDS qizheng-manual ${CMAKE_SOURCE_DIR}/configs/node.yaml
  VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual_dir}/stamp)
foreach(section 1 5 8)
  install(DIRECTORY ${manual_dir}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} FILES_MATCHING PATTERN "*.${section}.gz")
endforeach()
install(FILES ${manual_dir}/qizheng.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME qizheng)
install(FILES ${manual_dir}/_qizheng DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
