/* See p256.h. */
#include "ledger/crypto/p256.h"

#include "ledger/crypto/evp.h"

#include <string.h>

/* SEC 2: the order n of secp256r1, and floor(n / 2), big-endian. */
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t half[32] = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
                                 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

enum err p256_parse(const uint8_t point[64], void **ret_handle) {
    return evp_ec_key("P-256", point, NULL, ret_handle);
}

enum err p256_public(const uint8_t secret[32], uint8_t ret_point[64]) {
    return evp_ec_public("P-256", secret, ret_point);
}

enum err p256_sign(const uint8_t secret[32], const uint8_t point[64], struct bytes message,
                   uint8_t ret_sig[KEY_SIG_LEN]) {
    void *handle;
    enum err err = evp_ec_key("P-256", point, secret, &handle);
    if (err) return err;
    err = evp_sign(handle, "SHA256", bytes_of(NULL, 0), message, ret_sig);
    evp_free(handle);
    if (!err) (void)p256_normalise(ret_sig);
    return err;
}

enum err p256_verify(void *handle, struct bytes message, const uint8_t sig[KEY_SIG_LEN]) {
    return evp_verify(handle, "SHA256", bytes_of(NULL, 0), message, sig);
}

bool p256_normalise(uint8_t sig[KEY_SIG_LEN]) {
    uint8_t *s = sig + 32;
    if (memcmp(s, half, 32) <= 0 || memcmp(s, order, 32) >= 0) return false;
    unsigned borrow = 0;
    for (int i = 31; i >= 0; i--) { /* s = n - s */
        unsigned difference = 256u + order[i] - s[i] - borrow;
        s[i] = (uint8_t)difference;
        borrow = difference < 256;
    }
    return true;
}
