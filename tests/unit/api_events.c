/* The event stream: what it tells, where it goes on, when it ends, and how many there may be. */
#include "tests/lib/readers.h"

/* A stream that was asked for; pieces are read by hand. */
struct tap {
    struct readers *r;
    struct http_reply reply;
    struct buf text; /* everything that came */
    bool has_ended;
};

static struct tap tap_open(struct readers *r, const char *name, const char *query, const char *last,
                           const char *prefer) {
    struct tap tap = {.r = r};
    struct ask question = {
        .path = "/v1/events", .query = query, .prefer = prefer, .last_event = last};
    r->host->tokens = 0;
    buf_init(&tap.text, 1024 * 1024);
    tap.reply = ask_as(r->host, name, reader_alg(name), ++r->number, question);
    return tap;
}

static void tap_read(struct tap *tap, unsigned pieces) {
    cr_assert_eq(tap->reply.status, 200);
    for (unsigned i = 0; i < pieces && !tap->has_ended; i++) {
        struct buf piece;
        buf_init(&piece, HTTP_PIECE);
        cr_assert(tap->reply.stream.next(tap->reply.stream.ctx, &piece, &tap->has_ended) == ERR_OK);
        cr_assert(buf_add(&tap->text, buf_bytes(&piece)) == ERR_OK);
        buf_done(&piece);
    }
}

static void tap_close(struct tap *tap) {
    http_reply_done(&tap->reply);
    buf_done(&tap->text);
}

/* Ids of events of that name, in the order of their coming, joined by blanks. */
static void ids_of(struct tap *tap, const char *name, char *out, size_t room) {
    const char *at = buf_text(&tap->text);
    char wanted[64];
    size_t len = 0;
    (void)snprintf(wanted, sizeof wanted, "event: %s\nid: ", name);
    out[0] = 0;
    while ((at = strstr(at, wanted))) {
        at += strlen(wanted);
        len += (size_t)snprintf(out + len, room - len, "%s%.*s", len ? " " : "",
                                (int)strcspn(at, "\n"), at);
        cr_assert(len < room);
    }
}

static void expect_ids(struct tap *tap, const char *name, const char *ids) {
    char got[4096];
    ids_of(tap, name, got, sizeof got);
    cr_expect_str_eq(got, ids, "%s: %s, not %s", name, got, ids);
}

Test(api_events, everything_from_the_beginning_and_then_what_is_new) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "court", "from=0", NULL, NULL);
    cr_expect_str_eq(tap.reply.content_type, "text/event-stream");
    tap_read(&tap, 4);
    expect_ids(&tap, "record", "1.1 2.1 3.1 4.1 5.1");
    expect_ids(&tap, "checkpoint", "6.0");
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    tap_read(&tap, 2);
    expect_ids(&tap, "record", "1.1 2.1 3.1 4.1 5.1 6.1");
    expect_ids(&tap, "checkpoint", "6.0 7.0");
    cr_expect(!tap.has_ended);
    tap_close(&tap);
    readers_close(r);
}

Test(api_events, without_a_place_it_begins_now) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "court", NULL, NULL, NULL);
    tap_read(&tap, 3);
    expect_ids(&tap, "record", "");
    expect_ids(&tap, "checkpoint", "6.0");
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    tap_read(&tap, 2);
    expect_ids(&tap, "record", "6.1");
    tap_close(&tap);
    readers_close(r);
}

/* Cut behind any event, and taken up again there: nothing is lost and nothing comes twice. */
Test(api_events, a_stream_goes_on_behind_every_event) {
    struct readers *r = readers_open("LC-03");
    for (uint8_t i = 0; i < 4; i++)
        (void)readers_contract(r, i % 2 ? "acme" : "zeta", "conclude",
                               "{\"end\":\"2027-11-30\",\"probation_months\":6}", NULL,
                               (uint8_t)(i / 2 + 1));
    struct tap whole = tap_open(r, "court", "from=0", NULL, NULL);
    tap_read(&whole, 4);
    const char *all = buf_text(&whole.text), *events = strstr(all, "event: ");
    char findings[512];
    ids_of(&whole, "finding", findings, sizeof findings);
    cr_assert(strstr(findings, ".3"), "a record with two findings: %s", findings);
    for (const char *at = events; (at = strstr(at, "\nid: "));) {
        char id[32];
        at += strlen("\nid: ");
        (void)snprintf(id, sizeof id, "%.*s", (int)strcspn(at, "\n"), at);
        const char *rest = strstr(at, "\n\n") + 2;
        for (int by_query = 0; by_query < 2; by_query++) {
            char query[64];
            (void)snprintf(query, sizeof query, "from=%s", id);
            struct tap tap =
                tap_open(r, "court", by_query ? query : "from=0", by_query ? NULL : id, NULL);
            tap_read(&tap, 4);
            const char *got = strstr(buf_text(&tap.text), "event: ");
            cr_expect_str_eq(got ? got : "", rest, "behind %s", id);
            tap_close(&tap);
        }
    }
    tap_close(&whole);
    readers_close(r);
}

Test(api_events, each_role_is_told_what_it_may_see) {
    struct readers *r = readers_open(NULL);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "zeta", "conclude", "{}", NULL, 2);
    for (size_t n = 0; n < READERS_NAMES; n++) {
        char want[256] = "";
        if (strcmp(readers_names[n], "operator") == 0) continue;
        for (uint64_t i = 1; i < r->size; i++)
            if (readers_may(r, readers_names[n], i))
                (void)snprintf(want + strlen(want), sizeof want - strlen(want), "%s%d.1",
                               *want ? " " : "", (int)i);
        struct tap tap = tap_open(r, readers_names[n], "from=0", NULL, NULL);
        tap_read(&tap, 4);
        expect_ids(&tap, "record", want);
        expect_ids(&tap, "checkpoint", "8.0");
        tap_close(&tap);
    }
    readers_close(r);
}

Test(api_events, what_is_not_final_is_not_told) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "court", "from=5.1", NULL, NULL);
    tap_read(&tap, 3);
    r->host->is_unpublished = true;
    struct buf jws =
        host_admit(r->host, "registrar", KEY_ED25519, "late", ROLE_COURT, KEY_ES256K, 77);
    cr_assert_eq(ask_status(r->host, ask_post(&jws)), 202);
    buf_done(&jws);
    tap_read(&tap, 3);
    expect_ids(&tap, "record", "");
    host_publish(r->host);
    tap_read(&tap, 2);
    expect_ids(&tap, "record", "6.1");
    tap_close(&tap);
    readers_close(r);
}

Test(api_events, it_ends_by_itself) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "court", "from=0&limit=2", NULL, NULL);
    tap_read(&tap, 50);
    cr_expect(tap.has_ended);
    expect_ids(&tap, "record", "1.1 2.1");
    tap_close(&tap);
    tap = tap_open(r, "court", "from=0", NULL, "wait=0");
    tap_read(&tap, 1);
    cr_expect(tap.has_ended);
    tap_close(&tap);
    tap = tap_open(r, "court", "from=0", NULL, NULL);
    tap_read(&tap, 20);
    cr_expect(!tap.has_ended);
    r->host->now_ms += (uint64_t)LIMIT_EVENTS_S * 1000;
    tap_read(&tap, 1);
    cr_expect(tap.has_ended, "a token's life is over");
    tap_close(&tap);
    readers_close(r);
}

Test(api_events, it_ends_when_its_reader_is_suspended) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "zeta", "from=0", NULL, NULL);
    tap_read(&tap, 4);
    cr_expect(!tap.has_ended);
    (void)readers_put(r, (struct act){.issuer = "registrar",
                                      .type = "participant",
                                      .act = "suspend",
                                      .base = "{\"id\":\"zeta\",\"reason\":\"other\"}"});
    tap_read(&tap, 2);
    cr_expect(tap.has_ended);
    tap_close(&tap);
    readers_close(r);
}

Test(api_events, it_ends_when_the_key_of_its_token_is_revoked) {
    struct readers *r = readers_open(NULL);
    struct key_secret *key = vector_key(KEY_ES256K, "zeta");
    struct tap tap = tap_open(r, "zeta", "from=0", NULL, NULL);
    struct tap other = tap_open(r, "acme", "from=0", NULL, NULL);
    char claims[160];
    tap_read(&tap, 4);
    cr_expect(!tap.has_ended);
    (void)snprintf(claims, sizeof claims, "{\"id\":\"zeta\",\"reason\":\"lost\",\"kid\":\"%s\"}",
                   key_secret_public(key)->kid);
    (void)readers_put(
        r, (struct act){
               .issuer = "registrar", .type = "participant", .act = "revoke", .base = claims});
    tap_read(&tap, 2);
    tap_read(&other, 2);
    cr_expect(tap.has_ended);
    cr_expect(!other.has_ended, "the others' goes on");
    tap_close(&other);
    tap_close(&tap);
    key_secret_done(key);
    readers_close(r);
}

Test(api_events, it_ends_when_the_clock_is_outside_of_the_keys_time) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "zeta", "from=0", NULL, NULL);
    tap_read(&tap, 1); /* its beginning, nothing told yet */
    cr_expect(!tap.has_ended);
    r->host->now_ms = (uint64_t)(HOST_KEY_FROM - 1) * 1000;
    tap_read(&tap, 1);
    cr_expect(tap.has_ended);
    cr_expect_not(strstr(buf_text(&tap.text), "event:"));
    tap_close(&tap);
    readers_close(r);
}

Test(api_events, silence_is_broken_by_comments) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "court", "from=6.0", NULL, NULL);
    tap_read(&tap, 3);
    cr_expect_str_eq(buf_text(&tap.text), ": qizheng\nretry: 2000\n\n");
    r->host->now_ms += 10000;
    tap_read(&tap, 2);
    cr_expect_str_eq(buf_text(&tap.text), ": qizheng\nretry: 2000\n\n:\n\n");
    tap_close(&tap);
    readers_close(r);
}

Test(api_events, there_are_so_many_of_one_address_and_so_many_in_all) {
    struct readers *r = readers_open(NULL);
    struct tap taps[LIMIT_EVENTS_SOURCE];
    for (size_t i = 0; i < LIMIT_EVENTS_SOURCE; i++)
        taps[i] = tap_open(r, "court", NULL, NULL, NULL);
    struct tap more = tap_open(r, "court", NULL, NULL, NULL);
    reply_is_problem(more.reply, ERR_RATE);
    tap_close(&taps[1]);
    taps[1] = tap_open(r, "court", NULL, NULL, NULL);
    tap_read(&taps[1], 1);
    for (size_t i = 0; i < LIMIT_EVENTS_SOURCE; i++) tap_close(&taps[i]);
    r->host->api.streams_max = 1;
    taps[0] = tap_open(r, "court", NULL, NULL, NULL);
    more = tap_open(r, "auditor", NULL, NULL, NULL);
    reply_is_problem(more.reply, ERR_RATE);
    tap_close(&taps[0]);
    readers_close(r);
}

Test(api_events, places_and_limits_of_wrong_form_are_refused) {
    struct readers *r = readers_open(NULL);
    const char *const bad[] = {"from=",     "from=x",  "from=-1", "from=1.",
                               "from=1.99", "from=.1", "from=01", "from=99999999999999999999",
                               "limit=0",   "limit=",  "limit=x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tap tap = tap_open(r, "court", bad[i], NULL, NULL);
        cr_expect_eq(tap.reply.status, 400, "%s: %d", bad[i], tap.reply.status);
        tap_close(&tap);
    }
    struct tap tap = tap_open(r, "court", NULL, "x.y", NULL);
    reply_is_problem(tap.reply, ERR_REQUEST);
    buf_done(&tap.text);
    readers_close(r);
}

/* A place beyond the ledger waits for it to grow there. */
Test(api_events, a_place_beyond_the_end_is_waited_for) {
    struct readers *r = readers_open(NULL);
    struct tap tap = tap_open(r, "court", "from=7", NULL, NULL);
    tap_read(&tap, 5);
    expect_ids(&tap, "checkpoint", "");
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 2);
    tap_read(&tap, 2);
    expect_ids(&tap, "record", "7.1");
    tap_close(&tap);
    readers_close(r);
}
