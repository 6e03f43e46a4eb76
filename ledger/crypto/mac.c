/* See mac.h. */
#include "ledger/crypto/mac.h"

#include <sodium.h>

_Static_assert(MAC_LEN == crypto_auth_BYTES && MAC_KEY_LEN == crypto_auth_KEYBYTES, "crypto_auth");

void mac_make(const uint8_t key[MAC_KEY_LEN], struct bytes message, uint8_t ret[MAC_LEN]) {
    (void)crypto_auth(ret, message.data, message.len, key);
}

bool mac_check(const uint8_t key[MAC_KEY_LEN], struct bytes message, const uint8_t mac[MAC_LEN]) {
    return crypto_auth_verify(mac, message.data, message.len, key) == 0;
}
