# What the crash tests need (tests/crash): built by name, when one of them runs.
add_executable(qizheng-pound EXCLUDE_FROM_ALL tests/crash/pound.c tests/bench/records.c tests/bench/tools.c)
target_link_libraries(qizheng-pound PRIVATE qz_cli)
add_library(powercut SHARED EXCLUDE_FROM_ALL tests/crash/powercut.c)
target_compile_definitions(powercut PRIVATE _GNU_SOURCE)
