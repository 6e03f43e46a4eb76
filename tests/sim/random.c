/* See random.h. */
#include "tests/sim/random.h"

#include <assert.h>

struct random random_of(uint64_t seed) {
    struct random random = {seed};
    return random;
}

uint64_t random_next(struct random *random) {
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t random_below(struct random *random, uint64_t bound) {
    assert(bound > 0);
    return random_next(random) % bound; /* bounds are small: the bias is below 2^-50 */
}

uint64_t random_from(struct random *random, uint64_t low, uint64_t high) {
    assert(low <= high);
    return low + random_below(random, high - low + 1);
}

bool random_one_in(struct random *random, uint64_t times) {
    return times && random_below(random, times) == 0;
}
