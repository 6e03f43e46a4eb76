/* See domainkey.h. */
#include "ledger/crypto/domainkey.h"

#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"

void domainkey_format(const voprf_scalar secret, char ret[DOMAINKEY_TEXT + 1]) {
    hex_encode(bytes_of(secret, VOPRF_SCALAR_LEN), ret);
    ret[DOMAINKEY_TEXT - 1] = '\n';
    ret[DOMAINKEY_TEXT] = 0;
}

enum err domainkey_parse(struct bytes text, voprf_scalar ret_secret, voprf_element ret_public) {
    if (text.len && text.data[text.len - 1] == '\n') text.len--;
    enum err err = hex_decode(text, ret_secret, VOPRF_SCALAR_LEN) ? ERR_KEY : ERR_OK;
    if (!err) err = voprf_public(ret_secret, ret_public);
    if (err) secret_wipe(ret_secret, VOPRF_SCALAR_LEN);
    return err;
}
