/* Segments: what was appended and synced is read back, what was not committed disappears, and damage is told. */
#include "ledger/store/segment.h"

#include "ledger/store/fault.h"
#include "tests/lib/store.h"

#include <pthread.h>

static char dir[PATH_LEN];
static const uint8_t id[32] = {1, 2, 3};

static void setup(void) {
    char base[PATH_LEN];
    temp_make(base);
    path_in(base, "bodies", dir);
}

static void teardown(void) {
    dir[strlen(dir) - strlen("/bodies")] = 0;
    temp_remove(dir);
}

TestSuite(store_segment, .init = setup, .fini = teardown);

static struct segments *opened(uint32_t segment, uint64_t end) {
    struct segments *segments = NULL;
    struct problem why = {0};
    enum err err = segment_open(dir, id, segment, end, &segments, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
    return segments;
}

static enum err open_err(const uint8_t ledger_id[32], uint32_t segment, uint64_t end) {
    struct segments *segments = NULL;
    enum err err = segment_open(dir, ledger_id, segment, end, &segments, NULL);
    if (!err) segment_close(segments);
    return err;
}

static void append(struct segments *segments, const char *text, uint64_t offset) {
    uint32_t segment = 99;
    uint64_t got = 0;
    cr_assert(segment_append(segments, bytes_text(text), &segment, &got, NULL) == ERR_OK);
    cr_expect(segment == 0 && got == offset);
}

static void append_synced(struct segments *segments, const char *text, uint64_t offset) {
    append(segments, text, offset);
    cr_assert(segment_sync(segments, NULL) == ERR_OK);
}

static enum err read_err(struct segments *segments, uint32_t segment, uint64_t offset, uint32_t len,
                         const char *text) {
    struct buf body;
    buf_init(&body, SEGMENT_BODY_MAX);
    enum err err = segment_read(segments, segment, offset, len, &body);
    if (!err) cr_expect(bytes_is(buf_bytes(&body), text));
    buf_done(&body);
    return err;
}

static off_t segment_file_len(const char *name) {
    char path[PATH_LEN];
    path_in(dir, name, path);
    return file_len(path);
}

Test(store_segment, the_file_has_its_bytes) {
    struct segments *segments = opened(0, 0);
    append(segments, "abc", 40);
    append(segments, "d", 47);
    cr_assert(segment_sync(segments, NULL) == ERR_OK);
    segment_close(segments);
    uint8_t got[64], expected[] = {'Q', 'Z', 'S', 'E', 'G', '1', '\n', 0};
    uint8_t bodies[] = {0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd'};
    char path[PATH_LEN];
    path_in(dir, "00000000.seg", path);
    int fd = open(path, O_RDONLY);
    cr_assert(read(fd, got, sizeof got) == 52);
    close(fd);
    cr_expect(memcmp(got, expected, 8) == 0);
    cr_expect(memcmp(got + 8, id, 32) == 0);
    cr_expect(memcmp(got + 40, bodies, sizeof bodies) == 0);
    struct stat stat_;
    cr_assert(stat(path, &stat_) == 0);
    cr_expect((stat_.st_mode & 07777) == 0600);
}

Test(store_segment, bodies_come_back_and_the_tail_goes) {
    struct segments *segments = opened(0, 0);
    uint32_t segment = 9;
    uint64_t end = 0;
    append(segments, "one", 40);
    append(segments, "two", 47);
    cr_assert(segment_sync(segments, NULL) == ERR_OK);
    segment_end(segments, &segment, &end);
    cr_expect(segment == 0 && end == 54);
    append_synced(segments, "never committed", 54);
    cr_expect(segment_file_len("00000000.seg") == 73);
    segment_close(segments);
    segments = opened(0, 54);
    cr_expect(segment_file_len("00000000.seg") == 54);
    cr_expect(read_err(segments, 0, 40, 3, "one") == ERR_OK);
    cr_expect(read_err(segments, 0, 47, 3, "two") == ERR_OK);
    cr_expect(read_err(segments, 0, 54, 15, "") == ERR_CORRUPT);
    append_synced(segments, "three", 54);
    cr_expect(read_err(segments, 0, 54, 5, "three") == ERR_OK);
    segment_close(segments);
}

Test(store_segment, a_cut_forgets_what_was_appended) {
    struct segments *segments = opened(0, 0);
    append_synced(segments, "kept", 40);
    append_synced(segments, "cut", 48);
    append(segments, "cut and never written", 55);
    cr_assert(segment_cut(segments, 0, 48, NULL) == ERR_OK);
    cr_expect(segment_file_len("00000000.seg") == 48);
    append_synced(segments, "other", 48);
    cr_expect(segment_file_len("00000000.seg") == 57);
    cr_expect(read_err(segments, 0, 40, 4, "kept") == ERR_OK);
    cr_expect(read_err(segments, 0, 48, 5, "other") == ERR_OK);
    segment_close(segments);
}

/* More than is gathered: the first of them are in the file before anybody syncs, and a cut forgets both parts. */
Test(store_segment, what_is_too_much_to_gather_is_written_at_once_and_can_be_cut) {
    uint8_t *big = calloc(1, SEGMENT_BODY_MAX);
    struct segments *segments = opened(0, 0);
    uint32_t segment;
    uint64_t offset;
    append_synced(segments, "kept", 40);
    for (int i = 0; i < 10; i++)
        cr_assert(segment_append(segments, bytes_of(big, SEGMENT_BODY_MAX), &segment, &offset,
                                 NULL) == ERR_OK);
    off_t len = segment_file_len("00000000.seg");
    cr_expect(len > 48 + SEGMENT_BODY_MAX && len < 48 + 10 * SEGMENT_BODY_MAX);
    cr_assert(segment_cut(segments, 0, 48, NULL) == ERR_OK);
    cr_expect(segment_file_len("00000000.seg") == 48);
    append_synced(segments, "other", 48);
    cr_expect(segment_file_len("00000000.seg") == 57);
    cr_expect(read_err(segments, 0, 48, 5, "other") == ERR_OK);
    segment_close(segments);
    free(big);
}

Test(store_segment, no_hostile_number_reads_anything) {
    struct segments *segments = opened(0, 0);
    append_synced(segments, "body", 40);
    uint64_t offsets[] = {0, 1, 39, 41, 44, 48, 1000, 1ULL << 40, UINT64_MAX - 3, UINT64_MAX};
    uint32_t lens[] = {0, 1, 4, 5, 1000, SEGMENT_BODY_MAX, SEGMENT_BODY_MAX + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        for (size_t j = 0; j < sizeof lens / sizeof lens[0]; j++)
            cr_expect(read_err(segments, 0, offsets[i], lens[j], "") == ERR_CORRUPT);
    for (size_t j = 0; j < sizeof lens / sizeof lens[0]; j++)
        cr_expect(read_err(segments, 0, 40, lens[j], "body") ==
                  (lens[j] == 4 ? ERR_OK : ERR_CORRUPT));
    uint32_t segments_asked[] = {1, 256, 99999999, 100000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof segments_asked / sizeof segments_asked[0]; i++)
        cr_expect(read_err(segments, segments_asked[i], 40, 4, "") == ERR_CORRUPT);
    segment_close(segments);
}

Test(store_segment, what_was_committed_and_is_gone_is_corruption) {
    struct segments *segments = opened(0, 0);
    append_synced(segments, "body", 40);
    segment_close(segments);
    cr_expect(open_err(id, 0, 49) == ERR_CORRUPT); /* shorter than the commit says */
    cr_expect(open_err(id, 1, 40) == ERR_CORRUPT); /* the newest file is missing */
    cr_expect(open_err(id, 0, 39) == ERR_CORRUPT); /* inside the header */
    cr_expect(open_err(id, 1, 0) == ERR_CORRUPT);
    cr_expect(open_err(id, 100000000, 40) == ERR_CORRUPT);
    cr_expect(open_err(id, 0, UINT64_MAX) == ERR_CORRUPT);
    uint8_t other[32] = {9};
    cr_expect(open_err(other, 0, 48) == ERR_CORRUPT);
    cr_expect(open_err(id, 0, 48) == ERR_OK);
}

Test(store_segment, every_flipped_bit_of_the_header_is_corruption) {
    char path[PATH_LEN];
    segment_close(opened(0, 0));
    path_in(dir, "00000000.seg", path);
    for (off_t at = 0; at < 40; at++) {
        file_flip(path, at, 0x10);
        cr_expect(open_err(id, 0, 40) == ERR_CORRUPT, "byte %d", (int)at);
        file_flip(path, at, 0x10);
    }
    cr_expect(open_err(id, 0, 40) == ERR_OK);
}

static void make_file(const char *name) {
    char path[PATH_LEN];
    path_in(dir, name, path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    cr_assert(fd >= 0 && write(fd, "x", 1) == 1);
    close(fd);
}

Test(store_segment, later_files_go_and_foreign_files_stay) {
    segment_close(opened(0, 0));
    const char *later[] = {"00000001.seg", "00000002.seg", "99999999.seg"};
    const char *foreign[] = {"0000001.seg", "00000001.sex", "000000001.seg", "x0000001.seg", "a"};
    for (size_t i = 0; i < 3; i++) make_file(later[i]);
    for (size_t i = 0; i < 5; i++) make_file(foreign[i]);
    segment_close(opened(0, 40));
    for (size_t i = 0; i < 3; i++) cr_expect(segment_file_len(later[i]) == -1, "%s", later[i]);
    for (size_t i = 0; i < 5; i++) cr_expect(segment_file_len(foreign[i]) == 1, "%s", foreign[i]);
}

Test(store_segment, any_sees_segments_only) {
    bool any = true;
    cr_assert(segment_any(dir, &any) == ERR_OK && !any); /* no directory */
    cr_assert(mkdir(dir, 0700) == 0);
    make_file("something");
    cr_assert(segment_any(dir, &any) == ERR_OK && !any);
    make_file("00000007.seg");
    cr_assert(segment_any(dir, &any) == ERR_OK && any);
}

#define BIG SEGMENT_BODY_MAX

/* Big bodies fill the first segment, and one more begins the second. */
static struct segments *filled(uint8_t *big) {
    struct segments *segments = opened(0, 0);
    uint64_t per_segment = (LIMIT_SEGMENT - SEGMENT_HEADER_LEN) / (SEGMENT_PREFIX_LEN + BIG);
    for (uint64_t i = 0; i <= per_segment; i++) {
        uint32_t segment = 9;
        uint64_t offset = 0;
        big[0] = (uint8_t)i;
        cr_assert(segment_append(segments, bytes_of(big, BIG), &segment, &offset, NULL) == ERR_OK);
        cr_assert(segment == (i == per_segment));
    }
    return segments;
}

static const char *bad_step;
static bool bad_before;

static enum err fail_step(const char *step, bool before) {
    return strcmp(step, bad_step) == 0 && before == bad_before ? ERR_IO : ERR_OK;
}

/* The second file fails to be made, or its name to be synced: either way the first one goes on where it was, also after another opening. */
static struct segments *fail_second(struct segments *segments, const uint8_t *big, uint64_t full) {
    static const char *const steps[] = {"segment_create", "dir_sync"};
    for (int i = 0; i < 4; i++) {
        uint32_t segment = 9;
        uint64_t end = 0;
        bad_step = steps[i / 2];
        bad_before = i % 2;
        store_fault = fail_step;
        enum err err = segment_append(segments, bytes_of(big, BIG), &segment, &end, NULL);
        cr_expect(err == (i < 2 ? ERR_IO : ERR_OK));
        if (!err) err = segment_sync(segments, NULL);
        store_fault = NULL;
        cr_expect(err == ERR_IO);
        cr_assert(segment_cut(segments, 0, full, NULL) == ERR_OK);
        cr_expect(segment_file_len("00000001.seg") == -1);
        segment_close(segments);
        segments = opened(0, full);
        segment_end(segments, &segment, &end);
        cr_expect(segment == 0 && end == full);
    }
    return segments;
}

Test(store_segment, a_full_file_is_followed_by_a_new_one_and_can_be_cut_back_to) {
    uint8_t *big = calloc(1, BIG);
    struct segments *segments = filled(big);
    uint32_t segment = 0;
    uint64_t end = 0, full = (uint64_t)segment_file_len("00000000.seg");
    cr_expect(full <= LIMIT_SEGMENT && full + BIG + SEGMENT_PREFIX_LEN > LIMIT_SEGMENT);
    segment_end(segments, &segment, &end);
    cr_expect(segment == 1 && end == SEGMENT_HEADER_LEN + SEGMENT_PREFIX_LEN + BIG);
    cr_assert(segment_sync(segments, NULL) == ERR_OK);
    struct buf body;
    buf_init(&body, BIG);
    cr_expect(segment_read(segments, 1, SEGMENT_HEADER_LEN, BIG, &body) == ERR_OK);
    cr_expect(bytes_equal(buf_bytes(&body), bytes_of(big, BIG)));
    buf_done(&body);
    segment_close(segments);
    segments = opened(1, end);
    cr_assert(segment_cut(segments, 0, full, NULL) == ERR_OK);
    cr_expect(segment_file_len("00000001.seg") == -1);
    segment_end(segments, &segment, &end);
    cr_expect(segment == 0 && end == full);
    cr_expect(read_err(segments, 1, 40, 4, "") == ERR_CORRUPT);
    segments = fail_second(segments, big, full);
    cr_assert(segment_append(segments, bytes_of(big, BIG), &segment, &end, NULL) == ERR_OK);
    cr_expect(segment == 1 && end == SEGMENT_HEADER_LEN);
    cr_assert(segment_sync(segments, NULL) == ERR_OK);
    segment_close(segments);
    free(big);
}

/* Many small files, more than there are descriptor slots, read by several threads at once. */
#define FILES 600

static void make_many(void) {
    segment_close(opened(0, 0));
    for (uint32_t i = 0; i < FILES; i++) {
        char name[32], path[PATH_LEN];
        uint8_t raw[48] = {'Q', 'Z', 'S', 'E', 'G', '1', '\n', 0};
        memcpy(raw + 8, id, 32);
        put_u32(raw + 40, 4);
        put_u32(raw + 44, i);
        (void)snprintf(name, sizeof name, "%08u.seg", i);
        path_in(dir, name, path);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        cr_assert(write(fd, raw, sizeof raw) == sizeof raw);
        close(fd);
    }
}

struct reader {
    struct segments *segments;
    unsigned seed;
    unsigned wrong;
};

static void *read_many(void *arg) {
    struct reader *reader = arg;
    struct buf body;
    buf_init(&body, 16);
    for (unsigned i = 0; i < 5000; i++) {
        uint32_t segment = (uint32_t)rand_r(&reader->seed) % FILES;
        enum err err = segment_read(reader->segments, segment, 40, 4, &body);
        reader->wrong += err || get_u32(body.data) != segment;
    }
    buf_done(&body);
    return NULL;
}

static unsigned open_descriptors(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 4096; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

Test(store_segment, many_files_are_read_from_many_threads_with_few_descriptors) {
    make_many();
    unsigned before = open_descriptors();
    struct segments *segments = opened(FILES - 1, 48);
    struct reader readers[4];
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++) {
        readers[i] = (struct reader){segments, i, 0};
        cr_assert(pthread_create(&threads[i], NULL, read_many, &readers[i]) == 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        cr_assert(pthread_join(threads[i], NULL) == 0);
        cr_expect(readers[i].wrong == 0);
    }
    cr_expect(open_descriptors() - before <= 256 + 2);
    segment_close(segments);
    cr_expect(open_descriptors() == before);
}

Test(store_segment, a_missing_earlier_file_is_corruption) {
    char path[PATH_LEN];
    make_many();
    path_in(dir, "00000300.seg", path);
    cr_assert(unlink(path) == 0);
    cr_expect(open_err(id, FILES - 1, 48) == ERR_CORRUPT);
    cr_expect(open_err(id, 299, 48) == ERR_OK); /* which removes what stands behind */
    cr_expect(segment_file_len("00000301.seg") == -1);
}
