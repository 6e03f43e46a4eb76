/* The one source of chance of a schedule: whatever is drawn follows from the seed, so a failure comes again. splitmix64 (Steele, Lea, Flood 2014). */
#ifndef QIZHENG_TESTS_SIM_RANDOM_H
#define QIZHENG_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

struct random random_of(uint64_t seed);
uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t bound); /* [0, bound), bound > 0 */
uint64_t random_from(struct random *random, uint64_t low, uint64_t high); /* [low, high] */
bool random_one_in(struct random *random, uint64_t times); /* never where times is 0 */

#endif
