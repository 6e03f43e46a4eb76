/* The worker of uploads over a host that orders at once: outcomes in the order of lines, what is waited for and what is not, and a start that goes on where a stop
 * left. */
#include "node/uploader.h"

#include "ledger/store/fault.h"
#include "node/clock.h"
#include "tests/lib/host.h"

static bool has_room = true;

static bool room(void *ctx) {
    (void)ctx;
    return has_room;
}

static struct uploader *work(struct host *host) {
    struct uploader_options options = {&host->api, room, NULL};
    struct uploader *uploader = NULL;
    cr_assert(uploader_start(&options, &uploader) == ERR_OK);
    return uploader;
}

static struct spool_id put(struct host *host, struct bytes text) {
    struct spool_draft *draft = NULL;
    struct spool_id id;
    cr_assert(spool_begin(host->api.spool, "192.0.2.1", text.len, &draft, NULL) == ERR_OK);
    cr_assert(spool_add(draft, text, NULL) == ERR_OK);
    cr_assert(spool_keep(draft, &id, NULL) == ERR_OK);
    return id;
}

static struct spool_progress progress_of(struct host *host, const struct spool_id *id) {
    struct spool_progress progress;
    cr_assert(spool_progress(host->api.spool, bytes_text(id->text), &progress) == ERR_OK);
    return progress;
}

static void sleep_ms(unsigned ms) {
    (void)usleep(ms * 1000);
}

static struct spool_progress wait_done(struct host *host, const struct spool_id *id) {
    for (int i = 0; i < 2000 && !progress_of(host, id).is_done; i++) sleep_ms(5);
    struct spool_progress progress = progress_of(host, id);
    cr_assert(progress.is_done, "%llu of %llu lines", (unsigned long long)progress.checked,
              (unsigned long long)progress.lines);
    return progress;
}

/* So many admissions, one a line. */
static struct buf admissions(struct host *host, unsigned from, unsigned to) {
    struct buf text;
    buf_init(&text, LIMIT_UPLOAD);
    for (unsigned n = from; n < to; n++) {
        char id[32];
        (void)snprintf(id, sizeof id, "org-%u", n);
        struct buf jws =
            host_admit(host, "registrar", KEY_ED25519, id, ROLE_EMPLOYER, KEY_ES256K, n);
        cr_assert(buf_add(&text, buf_bytes(&jws)) == ERR_OK);
        cr_assert(buf_add_byte(&text, '\n') == ERR_OK);
        buf_done(&jws);
    }
    return text;
}

static void kinds_are(struct host *host, const struct spool_id *id, const char *want) {
    struct spool_results *results = NULL;
    struct spool_outcome got;
    cr_assert(spool_results_open(host->api.spool, bytes_text(id->text), &results) == ERR_OK);
    for (size_t i = 0; want[i]; i++) {
        cr_assert(spool_result(results, &got) == ERR_OK, "%zu", i);
        cr_assert_eq(" RKX"[got.kind], want[i], "line %zu", i + 1);
    }
    cr_assert(spool_result(results, &got) == ERR_NOT_FOUND);
    spool_results_close(results);
}

Test(uploader, lines_become_leaves_in_their_order_and_junk_is_refused) {
    struct host *host = host_open();
    struct buf text = admissions(host, 1, 4);
    cr_assert(buf_add_text(&text, "junk\n\n") == ERR_OK);
    struct buf more = admissions(host, 3, 6); /* the first of them is the last one's again */
    cr_assert(buf_add(&text, buf_bytes(&more)) == ERR_OK);
    struct spool_id id = put(host, buf_bytes(&text));
    struct uploader *uploader = work(host);
    struct spool_progress progress = wait_done(host, &id);
    uploader_stop(uploader);
    cr_assert(progress.recorded == 5 && progress.known == 1 && progress.refused == 2);
    cr_assert(progress.checked == 8 && progress.ordered == 6);
    kinds_are(host, &id, "RRRXXKRR");
    cr_assert(store_current(host->store).size == 6 && host->submitted == host->released);
    buf_done(&text);
    buf_done(&more);
    host_close(host);
}

Test(uploader, a_line_that_is_too_long_is_refused_and_the_next_one_is_not) {
    struct host *host = host_open();
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < LIMIT_RECORD_PRESENTED + 10; i++)
        cr_assert(buf_add_byte(&text, 'x') == ERR_OK);
    cr_assert(buf_add_byte(&text, '\n') == ERR_OK);
    struct buf more = admissions(host, 1, 2);
    cr_assert(buf_add(&text, buf_bytes(&more)) == ERR_OK);
    struct spool_id id = put(host, buf_bytes(&text));
    struct uploader *uploader = work(host);
    (void)wait_done(host, &id);
    uploader_stop(uploader);
    kinds_are(host, &id, "XR");
    buf_done(&text);
    buf_done(&more);
    host_close(host);
}

/* Queue and disk may be full for a while: nothing is refused for it, and nothing lost. */
Test(uploader, what_may_go_away_is_waited_for) {
    static const enum err errs[] = {ERR_QUEUE_FULL, ERR_DISK_FULL, ERR_NO_ORDER, ERR_DIVERGED};
    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        struct host *host = host_open();
        struct buf text = admissions(host, 1, 3);
        struct spool_id id = put(host, buf_bytes(&text));
        host->submit_err = errs[i];
        struct uploader *uploader = work(host);
        sleep_ms(100);
        cr_assert(!progress_of(host, &id).is_done && progress_of(host, &id).refused == 0);
        host->submit_err = ERR_OK;
        (void)wait_done(host, &id);
        uploader_stop(uploader);
        kinds_are(host, &id, "RR");
        buf_done(&text);
        host_close(host);
    }
}

/* Of three lines on their way the first two were not ordered: all three are fed again. */
Test(uploader, what_the_order_did_not_take_is_fed_again) {
    struct host *host = host_open();
    struct buf text = admissions(host, 1, 4);
    struct spool_id id = put(host, buf_bytes(&text));
    host->order_fails = 2;
    struct uploader *uploader = work(host);
    (void)wait_done(host, &id);
    uploader_stop(uploader);
    kinds_are(host, &id, "RRK");
    cr_assert(store_current(host->store).size == 4 && host->submitted == host->released);
    buf_done(&text);
    host_close(host);
}

Test(uploader, it_leaves_the_queue_alone_where_it_has_no_room) {
    struct host *host = host_open();
    struct buf text = admissions(host, 1, 3);
    struct spool_id id = put(host, buf_bytes(&text));
    has_room = false;
    struct uploader *uploader = work(host);
    sleep_ms(100);
    cr_assert_eq(host->submitted, 0);
    has_room = true;
    (void)wait_done(host, &id);
    uploader_stop(uploader);
    buf_done(&text);
    host_close(host);
}

Test(uploader, a_stop_waits_for_nothing_and_a_start_goes_on) {
    struct host *host = host_open();
    struct buf text = admissions(host, 1, 6);
    struct spool_id id = put(host, buf_bytes(&text));
    host->is_held = true; /* the order has stopped */
    struct uploader *uploader = work(host);
    while (progress_of(host, &id).ordered < 5) sleep_ms(5);
    uint64_t before = clock_monotonic_us();
    uploader_stop(uploader);
    cr_assert(clock_monotonic_us() - before < 2000000 && host->submitted == host->released);
    cr_assert(progress_of(host, &id).recorded == 0);
    host->is_held = false;
    host_spool_open(host);
    uploader = work(host);
    cr_assert_eq(wait_done(host, &id).recorded, 5);
    uploader_stop(uploader);
    kinds_are(host, &id, "RRRRR");
    buf_done(&text);
    host_close(host);
}

/* Lines that had become leaves before the crash, and whose outcomes were lost with it, are known. */
Test(uploader, what_became_a_leaf_before_a_crash_is_known_after_it) {
    struct host *host = host_open();
    struct buf text = admissions(host, 1, 4);
    struct bytes rest = buf_bytes(&text), line;
    for (int i = 0; i < 2; i++) {
        cr_assert(bytes_line(&rest, &line));
        struct outcome outcome = host_apply(host, line);
        cr_assert(outcome.kind == OUTCOME_ACCEPTED);
    }
    struct spool_id id = put(host, buf_bytes(&text));
    struct uploader *uploader = work(host);
    (void)wait_done(host, &id);
    uploader_stop(uploader);
    kinds_are(host, &id, "KKR");
    cr_assert_eq(store_current(host->store).size, 4);
    buf_done(&text);
    host_close(host);
}

static enum err settle_fails(const char *step, bool before) {
    static unsigned asked;
    return strcmp(step, "spool_settle") == 0 && before && asked++ == 0 ? ERR_DISK_FULL : ERR_OK;
}

Test(uploader, an_outcome_that_has_no_room_is_written_later) {
    struct host *host = host_open();
    struct buf text = admissions(host, 1, 5);
    struct spool_id id = put(host, buf_bytes(&text));
    store_fault = settle_fails;
    struct uploader *uploader = work(host);
    (void)wait_done(host, &id);
    uploader_stop(uploader);
    store_fault = NULL;
    kinds_are(host, &id, "RRRR");
    buf_done(&text);
    host_close(host);
}

Test(uploader, several_uploads_are_worked_off_one_after_the_other) {
    struct host *host = host_open();
    struct spool_id ids[3];
    struct uploader *uploader = work(host);
    for (unsigned i = 0; i < 3; i++) {
        struct buf text = admissions(host, 10 * i + 1, 10 * i + 6);
        ids[i] = put(host, buf_bytes(&text));
        buf_done(&text);
    }
    for (unsigned i = 0; i < 3; i++) cr_assert_eq(wait_done(host, &ids[i]).recorded, 5);
    uploader_stop(uploader);
    cr_assert_eq(store_current(host->store).size, 16);
    host_close(host);
}

/* What no waiting mends is tried a few times; then the next upload has its turn, and the first one has another at the next start. */
Test(uploader, an_upload_that_breaks_again_and_again_is_set_aside_until_the_next_start) {
    static const enum err errs[] = {ERR_INTERNAL, ERR_IO, ERR_CORRUPT};
    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        struct host *host = host_open();
        struct buf first = admissions(host, 1, 3), second = admissions(host, 3, 6);
        struct spool_id bad = put(host, buf_bytes(&first));
        sleep_ms(20);
        struct spool_id good = put(host, buf_bytes(&second));
        host->submit_err = errs[i];
        struct uploader *uploader = work(host);
        for (int n = 0; n < 2000 && spool_totals(host->api.spool).aside == 0; n++) sleep_ms(5);
        host->submit_err = ERR_OK;
        cr_assert_eq(wait_done(host, &good).recorded, 3);
        cr_assert(!progress_of(host, &bad).is_done && progress_of(host, &bad).refused == 0);
        cr_assert_eq(spool_totals(host->api.spool).aside, 1);
        uploader_stop(uploader);
        host_spool_open(host);
        uploader = work(host);
        cr_assert_eq(wait_done(host, &bad).recorded, 2);
        uploader_stop(uploader);
        kinds_are(host, &bad, "RR");
        buf_done(&first);
        buf_done(&second);
        host_close(host);
    }
}
