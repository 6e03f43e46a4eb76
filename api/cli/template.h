/* configs/node.yaml, as it was when this program was built: what `init` starts a configuration from. */
#ifndef QIZHENG_API_CLI_TEMPLATE_H
#define QIZHENG_API_CLI_TEMPLATE_H

#include <stddef.h>

extern const unsigned char template_node_yaml[];
extern const size_t template_node_yaml_len;

#endif
