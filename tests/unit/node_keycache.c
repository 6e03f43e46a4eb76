/* The key cache: what was put is found by its kid, what was not is not, and never more than its limit is kept. */
#include "node/keycache.h"

#include "tests/lib/node.h"

static struct keycache *cache;
static struct key_cache hooks;

static void setup(void) {
    cr_assert(keycache_open(&cache) == ERR_OK);
    hooks = keycache_of(cache);
}

static void teardown(void) {
    keycache_close(cache);
}

TestSuite(node_keycache, .init = setup, .fini = teardown, .timeout = 120);

static struct key_secret *key_of(enum key_alg alg, unsigned n) {
    char name[32];
    (void)snprintf(name, sizeof name, "keycache %u", n);
    return vector_key(alg, name);
}

Test(node_keycache, keys_of_every_algorithm_are_found_whole) {
    static const enum key_alg algs[] = {KEY_ES256K, KEY_ED25519, KEY_ES256, KEY_SM2};
    struct key_secret *keys[4];
    struct bytes message = bytes_text("a message");
    uint8_t sig[KEY_SIG_LEN];
    for (unsigned i = 0; i < 4; i++) {
        keys[i] = key_of(algs[i], i);
        cr_expect(hooks.get(hooks.ctx, key_secret_public(keys[i])->kid) == NULL);
        hooks.put(hooks.ctx, key_secret_public(keys[i]));
    }
    for (unsigned i = 0; i < 4; i++) {
        char kid[sizeof key_secret_public(keys[i])->kid];
        memcpy(kid, key_secret_public(keys[i])->kid, sizeof kid);
        cr_assert(key_sign(keys[i], message, sig) == ERR_OK);
        key_secret_done(keys[i]); /* the cache has copies */
        const struct key_public *found = hooks.get(hooks.ctx, kid);
        cr_assert(found);
        cr_expect_str_eq(found->kid, kid);
        cr_expect(key_verify(found, message, sig) == ERR_OK);
        sig[5] ^= 1;
        cr_expect(key_verify(found, message, sig) == ERR_SIGNATURE_INVALID);
    }
}

Test(node_keycache, what_was_not_put_is_not_found) {
    struct key_secret *key = key_of(KEY_ED25519, 1);
    hooks.put(hooks.ctx, key_secret_public(key));
    char kid[sizeof key_secret_public(key)->kid];
    memcpy(kid, key_secret_public(key)->kid, sizeof kid);
    for (size_t i = 0; kid[i]; i++) {
        kid[i] ^= 1;
        cr_expect(hooks.get(hooks.ctx, kid) == NULL);
        kid[i] ^= 1;
    }
    cr_expect(hooks.get(hooks.ctx, "") == NULL);
    cr_expect(hooks.get(hooks.ctx, kid) != NULL);
    key_secret_done(key);
}

Test(node_keycache, a_key_put_again_stays_where_it_is) {
    struct key_secret *key = key_of(KEY_ES256, 1);
    const char *kid = key_secret_public(key)->kid;
    hooks.put(hooks.ctx, key_secret_public(key));
    const struct key_public *first = hooks.get(hooks.ctx, kid);
    hooks.put(hooks.ctx, key_secret_public(key));
    cr_expect(hooks.get(hooks.ctx, kid) == first);
    key_secret_done(key);
}

/* A kid is what the cache goes by; Ed25519 keys are plain data, so copies with other kids do. */
static void put_numbered(const struct key_public *model, unsigned n) {
    struct key_public key = *model;
    (void)snprintf(key.kid, sizeof key.kid, "number-%u", n);
    hooks.put(hooks.ctx, &key);
}

static bool has_numbered(unsigned n) {
    char kid[32];
    (void)snprintf(kid, sizeof kid, "number-%u", n);
    const struct key_public *key = hooks.get(hooks.ctx, kid);
    cr_assert(!key || strcmp(key->kid, kid) == 0);
    return key != NULL;
}

Test(node_keycache, no_more_than_the_limit_is_kept) {
    struct key_secret *secret = key_of(KEY_ED25519, 1);
    const struct key_public *model = key_secret_public(secret);
    for (unsigned n = 0; n < KEYCACHE_MAX + 100; n++) put_numbered(model, n);
    for (unsigned n = 0; n < KEYCACHE_MAX + 100; n++)
        cr_assert(has_numbered(n) == (n < KEYCACHE_MAX), "%u", n);
    key_secret_done(secret);
}

static void *put_and_get(void *arg) {
    const struct key_public *model = arg;
    for (unsigned n = 0; n < 3000; n++) {
        put_numbered(model, n);
        cr_assert(has_numbered(n));
        (void)has_numbered((n * 7919) % 3000);
    }
    return NULL;
}

Test(node_keycache, threads_may_put_the_same_keys) {
    struct key_secret *secret = key_of(KEY_ED25519, 1);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(put_and_get, (void *)(uintptr_t)key_secret_public(secret));
    for (int i = 0; i < 4; i++) thread_join(threads[i]);
    for (unsigned n = 0; n < 3000; n++) cr_assert(has_numbered(n));
    key_secret_done(secret);
}
