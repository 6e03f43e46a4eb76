/* A domain's secret key, with which tags of that domain are made: a VOPRF scalar of its own for each domain (FORMATS.md section 7).
 *
 * It is drawn from the system's randomness, never derived from the node's seed: the node's keys can be replaced, this one cannot without every tag changing. It stands in a
 * file of keys_dir, `tag-<domain>-<version>.key`, as 64 lower-case hexadecimal digits and a newline. */
#ifndef QIZHENG_CRYPTO_DOMAINKEY_H
#define QIZHENG_CRYPTO_DOMAINKEY_H

#include "ledger/crypto/voprf.h"

#define DOMAINKEY_FILE "tag-%s-%d.key" /* domain, version */
#define DOMAINKEY_TEXT (2 * VOPRF_SCALAR_LEN + 1)

/* The file's text, in memory of the caller that holds secrets. */
void domainkey_format(const voprf_scalar secret, char ret[DOMAINKEY_TEXT + 1]);
/* ERR_KEY where the text has another form or is no key; ret_secret then is wiped. */
enum err domainkey_parse(struct bytes text, voprf_scalar ret_secret,
                         voprf_element ret_public) MUST_CHECK;

#endif
