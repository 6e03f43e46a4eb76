/* `bench NAME --option value ...`: see bench.h. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"ceiling", bench_ceiling}, {"single", bench_single}, {"proof", bench_proof},
                    {"upload", bench_upload},   {"lookup", bench_lookup}, {"health", bench_health},
                    {"verify", bench_verify},   {"etcd", bench_etcd}};
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 2, argv + 2);
    (void)fputs("bench: ceiling, health, single, proof, upload, lookup, verify or etcd; see "
                "tests/bench/run.py\n",
                stderr);
    return 2;
}
