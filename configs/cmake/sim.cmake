# The simulator (tests/sim): built by name, when its tests run. It links the product's libraries; what it puts in their place comes by the linker, so that no line of them
# knows of it: a definition of its own stands before the library's (kv.c, clock.c, log.c, segment.c with short segments), and calls in the list below go to __wrap_<name>.
file(GLOB sim_sources CONFIGURE_DEPENDS tests/sim/*.c)
# Its own build of one file of the store, with other limits.
add_library(sim_segment OBJECT EXCLUDE_FROM_ALL ledger/store/segment.c)
target_link_libraries(sim_segment PRIVATE qz_store)
target_compile_options(sim_segment PRIVATE -include ${CMAKE_SOURCE_DIR}/tests/sim/segments.h)
add_executable(qizheng-sim EXCLUDE_FROM_ALL ${sim_sources} $<TARGET_OBJECTS:sim_segment>)
target_link_libraries(qizheng-sim PRIVATE qz_node qz_api)
target_include_directories(qizheng-sim BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/lib)
target_compile_definitions(qizheng-sim PRIVATE TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
target_compile_options(qizheng-sim PRIVATE -Wno-pedantic)
set_source_files_properties(tests/sim/threads.c PROPERTIES COMPILE_OPTIONS "-U_FORTIFY_SOURCE")
foreach(call
    pthread_create pthread_join pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock
    pthread_cond_init pthread_cond_destroy pthread_cond_wait pthread_cond_timedwait pthread_cond_signal pthread_cond_broadcast
    open __open_2 openat __openat_2 close fstat fstatvfs fsync fdatasync ftruncate pread pwrite unlink unlinkat link flock mkostemp mkdir faccessat
    opendir fdopendir readdir closedir
    ed25519_check ed25519_sign ed25519_verify ecdsa_verify
    cosigner_push submission_finish published_put checkpoint_sign checkpoint_cosign lastsigned_put lastsigned_get
    store_view_find store_head_encode overlay_refuse admission_run order_state_time snapshot_rows_begin snapshot_renew store_view_close)
  target_link_options(qizheng-sim PRIVATE -Wl,--wrap=${call})
endforeach()
