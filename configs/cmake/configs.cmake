# What an operator takes from here: monitoring, the service, documents.
install(DIRECTORY configs/prometheus configs/grafana configs/haproxy DESTINATION ${CMAKE_INSTALL_DATADIR}/qizheng)
install(FILES configs/systemd/qizhengd.service DESTINATION lib/systemd/system)
install(FILES configs/systemd/qizheng.sysusers.conf DESTINATION lib/sysusers.d RENAME qizheng.conf)
install(FILES configs/systemd/qizheng.tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME qizheng.conf)
install(FILES README.md README.zh.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
