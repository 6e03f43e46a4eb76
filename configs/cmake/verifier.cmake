# The C verifier as a filter (tests/verifier/lines.c), for comparing it with the second one: `cmake --build BUILD --target qizheng-verify-lines`.
if(QIZHENG_TESTS)
  add_executable(qizheng-verify-lines tests/verifier/lines.c)
  target_link_libraries(qizheng-verify-lines PRIVATE qz_proof)
endif()
