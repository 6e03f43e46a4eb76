/* A keyed authentication tag for what this node hands out and wants back unchanged: HMAC-SHA-512-256 (libsodium crypto_auth). */
#ifndef QIZHENG_CRYPTO_MAC_H
#define QIZHENG_CRYPTO_MAC_H

#include "ledger/base/bytes.h"

#define MAC_LEN 32
#define MAC_KEY_LEN 32

void mac_make(const uint8_t key[MAC_KEY_LEN], struct bytes message, uint8_t ret[MAC_LEN]);
/* In constant time. */
bool mac_check(const uint8_t key[MAC_KEY_LEN], struct bytes message, const uint8_t mac[MAC_LEN]);

#endif
