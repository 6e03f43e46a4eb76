# The command line. main.c stands apart so that tests can link the commands; init's template is embedded as it is in configs/.
set(node_yaml_c ${CMAKE_BINARY_DIR}/generated/template_node_yaml.c)
add_custom_command(
  OUTPUT ${node_yaml_c}
  COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_SOURCE_DIR}/configs/node.yaml -DOUT=${node_yaml_c} -DNAME=template_node_yaml
          -DHEADER=api/cli/template.h -P ${CMAKE_SOURCE_DIR}/configs/cmake/embed.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/configs/node.yaml ${CMAKE_SOURCE_DIR}/configs/cmake/embed.cmake
  VERBATIM)
file(GLOB cli_sources CONFIGURE_DEPENDS api/cli/*.c)
list(FILTER cli_sources EXCLUDE REGEX "/main\\.c$")
add_library(qz_cli STATIC ${cli_sources} ${node_yaml_c})
target_link_libraries(qz_cli PUBLIC qz_api ${YAML})
add_executable(qizheng api/cli/main.c)
target_link_libraries(qizheng PRIVATE qz_cli)
install(TARGETS qizheng DESTINATION ${CMAKE_INSTALL_BINDIR})
