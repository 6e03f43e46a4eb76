# What an operator takes from here: monitoring, the service, and the text that goes with them.
install(DIRECTORY configs/prometheus configs/grafana DESTINATION ${CMAKE_INSTALL_DATADIR}/qizheng)
