# The daemon. node/main.c stands apart so that tests can link the rest.
file(GLOB node_sources CONFIGURE_DEPENDS node/*.c)
list(FILTER node_sources EXCLUDE REGEX "/main\\.c$")
add_library(qz_node STATIC ${node_sources})
target_link_libraries(qz_node PUBLIC qz_api ${CYAML})
add_executable(qizhengd node/main.c)
target_link_libraries(qizhengd PRIVATE qz_node)
install(TARGETS qizhengd DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES configs/node.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/qizheng)
