# The bench (tests/bench): `cmake --build BUILD --target qizheng-bench`. Not part of `all`: nobody who only runs a node needs it, and the tests build it by name.
file(GLOB bench_sources CONFIGURE_DEPENDS tests/bench/*.c)
add_executable(qizheng-bench EXCLUDE_FROM_ALL ${bench_sources})
target_link_libraries(qizheng-bench PRIVATE qz_api)
