/* Many receipts in one call: every *.receipt.json of a folder under one policy. */
#ifndef QIZHENG_API_CLI_VERIFY_FOLDER_H
#define QIZHENG_API_CLI_VERIFY_FOLDER_H

#include "api/cli/command.h"

/* Exit status: 0 where there are receipts and all are valid, 1 where one is not, else 2. Everything was said. */
int verify_folder(const struct cli *cli, const char *folder, struct bytes policy,
                  struct bytes tsa_pem);

#endif
