/* Signatures remembered: Ed25519 and RFC 6979 ECDSA are pure functions of key and message, and most of a schedule's time would go into making and checking the same ones
 * again. What is remembered was computed by the product's own code once, in this program; a signature just made is remembered as one that verifies. */
#include "ledger/crypto/ecdsa.h"
#include "ledger/crypto/ed25519.h"

#include <string.h>

#define SLOTS (1u << 15)

struct slot {
    uint64_t tag[2]; /* 128 bits of the input; 0, 0: empty */
    uint8_t sig[KEY_SIG_LEN];
    enum err err;
};

static struct slot slots[SLOTS];

/* Two independent multiplicative hashes; nobody attacks a test. */
struct hash {
    uint64_t a, b;
};

static uint64_t fold(uint64_t x, uint64_t y) {
    __uint128_t product = (__uint128_t)x * y;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void hash_add(struct hash *hash, const uint8_t *data, size_t len) {
    hash->a ^= len;
    while (len) {
        uint64_t word = 0;
        size_t some = len < 8 ? len : 8;
        memcpy(&word, data, some);
        hash->a = fold(hash->a ^ word, 0x9e3779b97f4a7c15u);
        hash->b = fold(hash->b ^ word ^ 0xd6e8feb86659fd93u, 0xa0761d6478bd642fu | 1);
        data += some;
        len -= some;
    }
}

static struct hash hash_of(uint64_t what, const uint8_t *key, size_t key_len,
                           struct bytes message) {
    struct hash hash = {what * 0xe7037ed1a0b428dbu + 1, what * 0x8ebc6af09c88c6e3u + 3};
    hash_add(&hash, key, key_len);
    hash_add(&hash, message.data, message.len);
    return hash;
}

static struct slot *slot_of(struct hash hash) {
    return &slots[hash.a % SLOTS];
}

static bool is_held(const struct slot *slot, struct hash hash) {
    return slot->tag[0] == hash.a && slot->tag[1] == hash.b;
}

static void keep(struct hash hash, enum err err, const uint8_t *sig) {
    struct slot *slot = slot_of(hash);
    slot->tag[0] = hash.a;
    slot->tag[1] = hash.b;
    slot->err = err;
    if (sig) memcpy(slot->sig, sig, KEY_SIG_LEN);
}

enum { SIGN_ED25519 = 1, VERIFY_ED25519, VERIFY_ECDSA, CHECK_ED25519 };

static struct hash verify_hash(uint64_t what, const uint8_t *key, size_t len, struct bytes message,
                               const uint8_t sig[KEY_SIG_LEN]) {
    struct hash hash = hash_of(what, key, len, message);
    hash_add(&hash, sig, KEY_SIG_LEN);
    return hash;
}

enum err __real_ed25519_check(const uint8_t point[32]);
enum err __wrap_ed25519_check(const uint8_t point[32]);
enum err __real_ed25519_sign(const uint8_t seed[32], const uint8_t point[32], struct bytes message,
                             uint8_t ret_sig[KEY_SIG_LEN]);
enum err __wrap_ed25519_sign(const uint8_t seed[32], const uint8_t point[32], struct bytes message,
                             uint8_t ret_sig[KEY_SIG_LEN]);
enum err __real_ed25519_verify(const uint8_t point[32], struct bytes message,
                               const uint8_t sig[KEY_SIG_LEN]);
enum err __wrap_ed25519_verify(const uint8_t point[32], struct bytes message,
                               const uint8_t sig[KEY_SIG_LEN]);
enum err __real_ecdsa_verify(const uint8_t parsed[64], struct bytes message,
                             const uint8_t sig[KEY_SIG_LEN]);
enum err __wrap_ecdsa_verify(const uint8_t parsed[64], struct bytes message,
                             const uint8_t sig[KEY_SIG_LEN]);

enum err __wrap_ed25519_sign(const uint8_t seed[32], const uint8_t point[32], struct bytes message,
                             uint8_t ret_sig[KEY_SIG_LEN]) {
    struct hash hash = hash_of(SIGN_ED25519, seed, 32, message);
    const struct slot *slot = slot_of(hash);
    if (is_held(slot, hash)) {
        memcpy(ret_sig, slot->sig, KEY_SIG_LEN);
        return ERR_OK;
    }
    enum err err = __real_ed25519_sign(seed, point, message, ret_sig);
    if (err) return err;
    keep(hash, ERR_OK, ret_sig);
    keep(verify_hash(VERIFY_ED25519, point, 32, message, ret_sig), ERR_OK, NULL);
    return ERR_OK;
}

enum err __wrap_ed25519_check(const uint8_t point[32]) {
    struct hash hash = hash_of(CHECK_ED25519, point, 32, bytes_of(NULL, 0));
    const struct slot *slot = slot_of(hash);
    if (is_held(slot, hash)) return slot->err;
    enum err err = __real_ed25519_check(point);
    keep(hash, err, NULL);
    return err;
}

enum err __wrap_ed25519_verify(const uint8_t point[32], struct bytes message,
                               const uint8_t sig[KEY_SIG_LEN]) {
    struct hash hash = verify_hash(VERIFY_ED25519, point, 32, message, sig);
    const struct slot *slot = slot_of(hash);
    if (is_held(slot, hash)) return slot->err;
    enum err err = __real_ed25519_verify(point, message, sig);
    keep(hash, err, NULL);
    return err;
}

enum err __wrap_ecdsa_verify(const uint8_t parsed[64], struct bytes message,
                             const uint8_t sig[KEY_SIG_LEN]) {
    struct hash hash = verify_hash(VERIFY_ECDSA, parsed, 64, message, sig);
    const struct slot *slot = slot_of(hash);
    if (is_held(slot, hash)) return slot->err;
    enum err err = __real_ecdsa_verify(parsed, message, sig);
    keep(hash, err, NULL);
    return err;
}
