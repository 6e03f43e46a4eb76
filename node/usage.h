/* What `qizhengd` takes: read by main.c and by the tool that writes its manual page. */
#ifndef QIZHENG_NODE_USAGE_H
#define QIZHENG_NODE_USAGE_H

#define DAEMON_SUMMARY "run one node of a qizheng ledger"

/* X(option, value or "", what it does) */
#define DAEMON_OPTIONS(X)                                                                          \
    X("--config", "FILE", "the configuration; node.yaml(5) explains every option")                 \
    X("--check-config", "", "read the configuration, say what is wrong with it, and exit")         \
    X("--version", "", "print the version and exit")                                               \
    X("--help", "", "print this text and exit")

#endif
