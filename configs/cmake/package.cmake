# `cpack -G DEB` in the build folder makes one package of all that `cmake --install` installs. Dependencies are what dpkg-shlibdeps finds in the programs.
set(CPACK_PACKAGE_NAME qizheng)
set(CPACK_PACKAGE_VENDOR qizheng)
set(CPACK_PACKAGE_CONTACT "The qizheng authors <qizheng@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "permissioned notarization ledger for human resources and social security")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "The node qizhengd, the command line qizheng, and libqizheng, the offline\nverifier of receipts, with its header. The package makes the user qizheng and\nthe folders /var/lib/qizheng and /var/lib/qizheng-keys, which it never deletes.")
set(CPACK_PACKAGE_FILE_NAME qizheng)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_SOURCE_DIR}/configs/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/triggers)
install(FILES configs/debian/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/qizheng)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/changelog.gz
  COMMAND sh -c "gzip -9n <'${CMAKE_SOURCE_DIR}/CHANGELOG.md' >'${CMAKE_BINARY_DIR}/changelog.gz'"
  DEPENDS CHANGELOG.md VERBATIM)
add_custom_target(changelog ALL DEPENDS ${CMAKE_BINARY_DIR}/changelog.gz)
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/qizheng)
include(CPack)
