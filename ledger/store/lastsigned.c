/* The last-signed file: see keyfile.h.
 *
 *   slot, 512 bytes, at 0 and at 512: "QZLSIGN1", sequence u64, ledger id 32, size u64, root 32, zeros, SHA-256 of the first 480 bytes
 *
 * Happy path: lastsigned_open -> lastsigned_put for each size, each into the slot that is not the newest, fdatasync'd -> only then may the
 * signature leave. Of two good slots the one with the higher sequence number counts.
 *
 * Failure modes: a torn write spoils the slot that was being written, whose state was never signed; the other still holds. A write that
 * failed leaves it unknown which of the two states the disk has, so the object refuses every later put until the file is opened anew. What is read at
 * opening may come from the memory of the system alone, where the process before was killed in front of its sync, or its sync failed: so it is written
 * and synced anew before it counts, for a put of the same state writes nothing.
 *
 * Invariants: 1 size never falls. 2 one root for one size. 3 a new file appears under its name complete, or not at all. */
#include "ledger/store/keyfile.h"

#include "ledger/crypto/sha256.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "QZLSIGN1"
#define MAGIC_LEN 8
#define SLOT_LEN 512
#define SUM_AT (SLOT_LEN - SHA256_LEN)
#define FILE_LEN (2 * SLOT_LEN)

struct lastsigned {
    int fd;
    uint8_t ledger_id[32];
    struct witness_state state;
    uint64_t sequence;
    unsigned slot; /* that holds `state` */
    bool unknown;  /* a put failed: what the disk holds is not known */
};

struct slot {
    uint64_t sequence;
    uint8_t ledger_id[32];
    struct witness_state state;
};

static void slot_encode(const struct slot *slot, uint8_t ret[SLOT_LEN]) {
    memset(ret, 0, SLOT_LEN);
    memcpy(ret, MAGIC, MAGIC_LEN);
    put_u64(ret + 8, slot->sequence);
    memcpy(ret + 16, slot->ledger_id, 32);
    put_u64(ret + 48, slot->state.size);
    memcpy(ret + 56, slot->state.root, HASH_LEN);
    sha256(bytes_of(ret, SUM_AT), ret + SUM_AT);
}

/* False where the slot is torn, empty or not a slot: that is no error while the other is good. */
static bool slot_decode(const uint8_t in[SLOT_LEN], struct slot *ret) {
    uint8_t sum[SHA256_LEN];
    sha256(bytes_of(in, SUM_AT), sum);
    if (memcmp(sum, in + SUM_AT, sizeof sum) != 0) return false;
    if (memcmp(in, MAGIC, MAGIC_LEN) != 0) return false;
    ret->sequence = get_u64(in + 8);
    memcpy(ret->ledger_id, in + 16, 32);
    ret->state.size = get_u64(in + 48);
    memcpy(ret->state.root, in + 56, HASH_LEN);
    return true;
}

/* -- a new file -- */

static enum err write_first(int fd, const uint8_t ledger_id[32]) {
    uint8_t raw[FILE_LEN];
    struct slot slot = {.sequence = 1};
    memcpy(slot.ledger_id, ledger_id, 32);
    merkle_empty(slot.state.root);
    slot_encode(&slot, raw);
    slot.sequence = 2;
    slot_encode(&slot, raw + SLOT_LEN);
    enum err err = file_write_at(fd, bytes_of(raw, sizeof raw), 0);
    if (!err && fsync(fd)) err = file_err(errno);
    return err;
}

/* Written under another name and linked when complete, so that a crash never leaves half a file under this one. */
static enum err create_file(const char *path, const uint8_t ledger_id[32],
                            struct problem *ret_why) {
    struct buf name;
    buf_init(&name, 4096);
    enum err err = buf_format(&name, "%s.XXXXXX", path);
    char *temporary = err || !buf_text(&name) ? NULL : (char *)name.data;
    int fd = temporary ? mkostemp(temporary, O_CLOEXEC) : -1; /* mode 0600 */
    if (fd < 0) {
        buf_done(&name);
        return problem_set(ret_why, ERR_IO, "%s cannot be made: %s.", path, strerror(errno));
    }
    err = fault_before(FAULT_LASTSIGNED_CREATE);
    if (!err) err = write_first(fd, ledger_id);
    close(fd);
    if (!err && link(temporary, path) && errno != EEXIST) err = file_err(errno);
    (void)unlink(temporary);
    if (!err) err = file_sync_parent_dir(path);
    if (!err) err = fault_after(FAULT_LASTSIGNED_CREATE);
    buf_done(&name);
    return err ? problem_set(ret_why, err, "%s cannot be made.", path) : ERR_OK;
}

/* -- opening -- */

static enum err open_fd(const char *path, const uint8_t ledger_id[32], bool create, int *ret_fd,
                        struct problem *ret_why) {
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, flags);
    if (fd < 0 && errno == ENOENT && create) {
        enum err err = create_file(path, ledger_id, ret_why);
        if (err) return err;
        fd = open(path, flags);
    }
    if (fd < 0 && errno == ENOENT)
        return problem_set(
            ret_why, ERR_ROLLBACK,
            "%s is missing, so nobody knows what this key has signed: put it back, or "
            "return with a new key.",
            path);
    if (fd < 0)
        return problem_set(ret_why, file_err(errno), "%s cannot be opened: %s.", path,
                           strerror(errno));
    *ret_fd = fd;
    return ERR_OK;
}

static enum err lock_and_read(int fd, const char *path, uint8_t ret[FILE_LEN],
                              struct problem *ret_why) {
    struct stat stat;
    if (flock(fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK
                   ? problem_set(ret_why, ERR_LOCKED, "%s is in use by another process.", path)
                   : problem_set(ret_why, ERR_IO, "%s cannot be locked: %s.", path,
                                 strerror(errno));
    if (fstat(fd, &stat)) return problem_set(ret_why, ERR_IO, "%s cannot be looked at.", path);
    if (!S_ISREG(stat.st_mode) || stat.st_size != FILE_LEN)
        return problem_set(ret_why, ERR_CORRUPT, "%s is not a file of %d bytes.", path, FILE_LEN);
    enum err err = file_read_at(fd, ret, FILE_LEN, 0);
    return err ? problem_set(ret_why, err, "%s cannot be read.", path) : ERR_OK;
}

/* Picks the newest good slot. */
static enum err load(struct lastsigned *file, const char *path, struct problem *ret_why) {
    uint8_t raw[FILE_LEN];
    struct slot slots[2];
    bool good[2];
    enum err err = lock_and_read(file->fd, path, raw, ret_why);
    if (err) return err;
    for (unsigned i = 0; i < 2; i++) {
        good[i] = slot_decode(raw + i * SLOT_LEN, &slots[i]);
        if (good[i] && memcmp(slots[i].ledger_id, file->ledger_id, 32) != 0)
            return problem_set(ret_why, ERR_CORRUPT, "%s belongs to another ledger.", path);
    }
    if (!good[0] && !good[1])
        return problem_set(ret_why, ERR_CORRUPT,
                           "Both halves of %s are damaged: return with a new key.", path);
    if (good[0] && good[1] && slots[0].sequence == slots[1].sequence)
        return problem_set(ret_why, ERR_CORRUPT, "Both halves of %s have one number.", path);
    file->slot = !good[0] || (good[1] && slots[1].sequence > slots[0].sequence) ? 1 : 0;
    file->state = slots[file->slot].state;
    file->sequence = slots[file->slot].sequence;
    if (file->sequence == UINT64_MAX)
        return problem_set(ret_why, ERR_CORRUPT, "%s has a number that nobody counts up to.", path);
    return ERR_OK;
}

/* The newest slot and the file's name: what was loaded is on the disk from here on. The same bytes are written once more, since a sync that failed leaves Linux
 * believing that there is nothing to write; torn, they are what was there before, or a slot whose state was never signed. */
static enum err settle(const struct lastsigned *file, const char *path, struct problem *ret_why) {
    uint8_t raw[SLOT_LEN];
    struct slot slot = {.sequence = file->sequence, .state = file->state};
    memcpy(slot.ledger_id, file->ledger_id, 32);
    slot_encode(&slot, raw);
    enum err err = fault_before(FAULT_LASTSIGNED_SETTLE);
    if (!err)
        err = file_write_at(file->fd, bytes_of(raw, sizeof raw), (uint64_t)file->slot * SLOT_LEN);
    if (!err && fdatasync(file->fd)) err = file_err(errno);
    if (!err) err = file_sync_parent_dir(path);
    if (!err) err = fault_after(FAULT_LASTSIGNED_SETTLE);
    return err ? problem_set(ret_why, err, "%s cannot be synced.", path) : ERR_OK;
}

enum err lastsigned_open(const char *path, const uint8_t ledger_id[32], bool create,
                         struct lastsigned **ret, struct problem *ret_why) {
    int fd = -1;
    enum err err = open_fd(path, ledger_id, create, &fd, ret_why);
    if (err) return err;
    struct lastsigned *file = calloc(1, sizeof *file);
    if (!file) {
        close(fd);
        return problem_set(ret_why, ERR_NO_MEMORY, "No memory to open %s.", path);
    }
    file->fd = fd;
    memcpy(file->ledger_id, ledger_id, 32);
    err = load(file, path, ret_why);
    if (!err) err = settle(file, path, ret_why);
    if (err) {
        lastsigned_close(file);
        return err;
    }
    *ret = file;
    return ERR_OK;
}

void lastsigned_close(struct lastsigned *file) {
    if (!file) return;
    close(file->fd); /* and with it the lock */
    free(file);
}

struct witness_state lastsigned_get(const struct lastsigned *file) {
    return file->state;
}

/* -- putting -- */

static enum err write_slot(struct lastsigned *file, const struct slot *slot, unsigned at) {
    uint8_t raw[SLOT_LEN];
    slot_encode(slot, raw);
    enum err err = fault_before(FAULT_LASTSIGNED_PUT);
    if (!err) err = file_write_at(file->fd, bytes_of(raw, sizeof raw), (uint64_t)at * SLOT_LEN);
    if (!err && fdatasync(file->fd)) err = file_err(errno);
    if (!err) err = fault_after(FAULT_LASTSIGNED_PUT);
    return err;
}

static enum err check_forward(const struct witness_state *old, const struct witness_state *state,
                              struct problem *ret_why) {
    if (state->size < old->size)
        return problem_set(ret_why, ERR_ROLLBACK,
                           "Size %llu is behind size %llu, which this key has signed.",
                           (unsigned long long)state->size, (unsigned long long)old->size);
    if (state->size == old->size && memcmp(state->root, old->root, HASH_LEN) != 0)
        return problem_set(ret_why, ERR_ROLLBACK, "This key has signed another root of size %llu.",
                           (unsigned long long)old->size);
    return ERR_OK;
}

enum err lastsigned_put(struct lastsigned *file, const struct witness_state *state,
                        struct problem *ret_why) {
    if (file->unknown)
        return problem_set(ret_why, ERR_IO,
                           "An earlier write of the last-signed file failed: open it anew.");
    enum err err = check_forward(&file->state, state, ret_why);
    if (err) return err;
    if (state->size == file->state.size) return ERR_OK;
    if (file->sequence >= UINT64_MAX - 1) /* the last number is refused when it is opened */
        return problem_set(ret_why, ERR_CORRUPT,
                           "The last-signed file has a number that nobody counts up to.");
    struct slot slot = {.sequence = file->sequence + 1, .state = *state};
    memcpy(slot.ledger_id, file->ledger_id, 32);
    err = write_slot(file, &slot, 1 - file->slot);
    if (err) {
        file->unknown = true;
        return problem_set(ret_why, err, "The last-signed file could not be written.");
    }
    file->state = *state;
    file->sequence = slot.sequence;
    file->slot = 1 - file->slot;
    return ERR_OK;
}
