/* The record that closes a pay run (发放批次): how many payments, what they come to, and the root over their record ids (BN-19). */
#ifndef QIZHENG_API_CLI_BATCH_PAYRUN_H
#define QIZHENG_API_CLI_BATCH_PAYRUN_H

#include "api/cli/batch_send.h"

/* After all rows were sent. Signs and submits it, its receipt beside the others as OUT/payrun.receipt.json; a run that was closed is left as it is. The table is
 * named as its document. Exit status; everything was said but a success. */
int batch_payrun_close(const struct cli *cli, const struct sender *sender, const char *issuer,
                       const char *ledger, const struct key_secret *key);

#endif
