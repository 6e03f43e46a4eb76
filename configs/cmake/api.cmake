# The schemas of /openapi.json, embedded in the API as they are.
set(schemas_c ${CMAKE_BINARY_DIR}/generated/schemas_json.c)
add_custom_command(
  OUTPUT ${schemas_c}
  COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_SOURCE_DIR}/api/schemas.json -DOUT=${schemas_c} -DNAME=schemas_json
          -DHEADER=api/schemas.h -P ${CMAKE_SOURCE_DIR}/configs/cmake/embed.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/api/schemas.json ${CMAKE_SOURCE_DIR}/configs/cmake/embed.cmake
  VERBATIM)
target_sources(qz_api PRIVATE ${schemas_c})
