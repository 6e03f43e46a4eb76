/* Runs every file of the corpora through its target, without a fuzzer: `fuzz_replay CORPUS`. One line `ok NAME: N inputs` or `FAIL NAME: why` per target; each runs in
 * a process of its own, so that one finding does not hide the next, and an input may take as long as under the fuzzer. A target without a corpus fails. */
#include "tests/fuzz/lib/fuzz.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_EACH 20 /* for one input; the fuzzer allows 5, on a machine that does little else */
#define DIR_LEN 4096
#define PATH_LEN (DIR_LEN + 264) /* a name in it */
#define INPUT_MAX (4u * 1024 * 1024)

typedef int fuzz_target(const uint8_t *data, size_t size);

#define X(name) int fuzz_target_##name(const uint8_t *data, size_t size);
#include "fuzz_table.h"
#undef X

static const struct {
    const char *name;
    fuzz_target *run;
} targets[] = {
#define X(name) {#name, fuzz_target_##name},
#include "fuzz_table.h"
#undef X
};

static void input_run(fuzz_target *run, const char *path) {
    FILE *file = fopen(path, "rb");
    FUZZ_CHECK(file && fseek(file, 0, SEEK_END) == 0);
    long len = ftell(file);
    FUZZ_CHECK(len >= 0 && len <= (long)INPUT_MAX && fseek(file, 0, SEEK_SET) == 0);
    /* exactly as long as the input, so that a read past its end is seen */
    uint8_t *data = malloc(len ? (size_t)len : 1);
    FUZZ_CHECK(data && fread(data, 1, (size_t)len, file) == (size_t)len);
    (void)fclose(file);
    (void)alarm(SECONDS_EACH);
    (void)run(data, (size_t)len);
    (void)alarm(0);
    free(data);
}

/* Says which input it was before the process ends. */
static const char *current;

static void say_current(int signal_) {
    (void)signal_;
    (void)!write(STDERR_FILENO, current, strlen(current));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(1);
}

/* In the child. Exit status: 0 where all inputs passed; how many stands in the pipe. */
static void corpus_run(fuzz_target *run, const char *dir, int out) {
    char path[PATH_LEN];
    uint32_t count = 0;
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    (void)signal(SIGABRT, say_current);
    (void)signal(SIGALRM, say_current);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
            current = path;
            input_run(run, path);
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    FUZZ_CHECK(write(out, &count, sizeof count) == (ssize_t)sizeof count);
    exit(0);
}

static bool target_run(size_t at, const char *corpus) {
    char dir[DIR_LEN];
    int ends[2], status = 0;
    uint32_t count = 0;
    (void)snprintf(dir, sizeof dir, "%s/%s", corpus, targets[at].name);
    (void)fflush(stdout);
    FUZZ_CHECK(pipe(ends) == 0);
    pid_t child = fork();
    FUZZ_CHECK(child >= 0);
    if (child == 0) corpus_run(targets[at].run, dir, ends[1]);
    (void)close(ends[1]);
    bool told = read(ends[0], &count, sizeof count) == (ssize_t)sizeof count;
    (void)close(ends[0]);
    FUZZ_CHECK(waitpid(child, &status, 0) == child);
    bool good = told && WIFEXITED(status) && WEXITSTATUS(status) == 0 && count > 0;
    if (good)
        (void)printf("ok %s: %u inputs\n", targets[at].name, count);
    else
        (void)printf("FAIL %s: %s\n", targets[at].name,
                     told && count == 0 ? "no corpus" : "an input is a finding, see above");
    return good;
}

int main(int argc, char **argv) {
    bool good = argc == 2;
    if (!good) (void)fprintf(stderr, "usage: fuzz_replay CORPUS\n");
    if (argc == 2)
        for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
            if (!target_run(i, argv[1])) good = false;
    return good ? 0 : 1;
}
