/* See sm2.h. */
#include "ledger/crypto/sm2.h"

#include "ledger/crypto/evp.h"

#define USER_ID "1234567812345678"

enum err sm2_parse(const uint8_t point[64], void **ret_handle) {
    return evp_ec_key("SM2", point, NULL, ret_handle);
}

enum err sm2_public(const uint8_t secret[32], uint8_t ret_point[64]) {
    return evp_ec_public("SM2", secret, ret_point);
}

enum err sm2_sign(const uint8_t secret[32], const uint8_t point[64], struct bytes message,
                  uint8_t ret_sig[KEY_SIG_LEN]) {
    void *handle;
    enum err err = evp_ec_key("SM2", point, secret, &handle);
    if (err) return err;
    err = evp_sign(handle, "SM3", bytes_text(USER_ID), message, ret_sig);
    evp_free(handle);
    return err;
}

enum err sm2_verify(void *handle, struct bytes message, const uint8_t sig[KEY_SIG_LEN]) {
    return evp_verify(handle, "SM3", bytes_text(USER_ID), message, sig);
}
