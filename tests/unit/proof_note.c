/* Signed notes and verifier keys: the known answers, and everything that is not the one text of its value. */
#include "tests/lib/note.h"

#define DASH "\xe2\x80\x94"
#define NAME "log.example/a"
#define SIG "AAAAAQI=" /* key id 1, signature 0x02 */
#define LINE DASH " " NAME " " SIG "\n"

static enum err parse(struct bytes raw, struct note *ret) {
    struct problem why = {.err = ERR_OK};
    enum err err = note_parse(raw, ret, &why);
    cr_assert(err == why.err && (err == ERR_OK) == (why.detail[0] == 0));
    return err;
}

static enum err parse_text(const char *raw) {
    struct bytes copy = exact_copy(bytes_text(raw));
    struct note note = {.count = 77};
    enum err err = parse(copy, &note);
    cr_assert(!err || note.count == 77); /* nothing is written where it fails */
    if (!err) note_done(&note);
    exact_free(copy);
    return err;
}

/* -- verifier keys -- */

static void vkey_is(struct bytes text, const struct vkey *want) {
    struct vkey vkey;
    struct problem why;
    struct buf out;
    buf_init(&out, 1024);
    cr_assert(vkey_parse(text, &vkey, &why) == ERR_OK, "%s", why.detail);
    cr_assert(vkey_same(&vkey, want));
    cr_assert(vkey_format(&vkey, &out) == ERR_OK && bytes_equal(buf_bytes(&out), text));
    buf_done(&out);
}

Test(proof_note, vkeys_are_those_of_the_known_answers) {
    struct buf kat;
    if (!kat_read(&kat)) return;
    struct signer log = kat_signer("log.example.gov/contracts", NOTE_TYPE_ED25519, 0x00);
    struct signer witness = kat_signer("witness.example.gov/w1", NOTE_TYPE_COSIGNATURE, 0x20);
    vkey_is(kat_value(&kat, "log vkey:"), &log.vkey);
    vkey_is(kat_value(&kat, "witness vkey:"), &witness.vkey);
    cr_assert(log.vkey.id == 0x032b1aab && witness.vkey.id == 0x173a951a);
    signer_done(&log);
    signer_done(&witness);
    buf_done(&kat);
}

Test(proof_note, vkeys_are_those_of_the_vectors) {
    struct json *vectors = vector_read_json("tlog.json");
    struct signer log =
        signer_make(json_text(json_member(vectors, "origin")), NOTE_TYPE_ED25519, "tlog log");
    struct signer cosigner = signer_make(json_text(json_member(vectors, "cosigner")),
                                         NOTE_TYPE_COSIGNATURE, "tlog cosigner");
    vkey_is(json_bytes(vectors, "log_vkey"), &log.vkey);
    vkey_is(json_bytes(vectors, "cosigner_vkey"), &cosigner.vkey);
    signer_done(&log);
    signer_done(&cosigner);
    json_done(vectors);
}

static enum err vkey_parse_text(const char *text) {
    struct bytes copy = exact_copy(bytes_text(text));
    struct vkey vkey = {.id = 77};
    struct problem why = {.err = ERR_OK};
    enum err err = vkey_parse(copy, &vkey, &why);
    cr_assert(err == why.err && (!err || vkey.id == 77));
    exact_free(copy);
    return err;
}

#define KAT_KEY "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

Test(proof_note, vkeys_of_another_form_are_refused) {
    const char *bad[] = {
        "",
        "+",
        "++",
        "log.example.gov/contracts",
        "log.example.gov/contracts+032b1aab",
        "log.example.gov/contracts+032b1aab+",
        "+032b1aab+" KAT_KEY,                                  /* no name */
        "log.example.gov/contract+032b1aab+" KAT_KEY,          /* another name */
        "log.example.gov /contracts+032b1aab+" KAT_KEY,        /* a space */
        "log.example.gov/contracts+032b1aac+" KAT_KEY,         /* another id */
        "log.example.gov/contracts+032B1AAB+" KAT_KEY,         /* upper case */
        "log.example.gov/contracts+32b1aab+" KAT_KEY,          /* 7 digits */
        "log.example.gov/contracts+0032b1aab+" KAT_KEY,        /* 9 digits */
        "log.example.gov/contracts+032b1aab+" KAT_KEY "\n",    /* a newline */
        "log.example.gov/contracts+032b1aab+" KAT_KEY "=",     /* padding too much */
        "log.example.gov/contracts+032b1aab+" KAT_KEY " url",  /* something behind it */
        "log.example.gov/contracts+032b1aab+AQOhB7/zzhC+HXDd", /* a key cut short */
        "log.example.gov/contracts+032b1aab+" KAT_KEY "AAAA",  /* a key too long */
        "log.example.gov/contracts+032b1aab+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "log.example.gov/contracts+032b1aab+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "log.example.gov/contracts+032b1aab+/wOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "log.example.gov/contracts+032b1aab+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    cr_assert(vkey_parse_text("log.example.gov/contracts+032b1aab+" KAT_KEY) == ERR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(vkey_parse_text(bad[i]) == ERR_NOTE, "%s", bad[i]);
    }
}

Test(proof_note, vkeys_differ_by_name_type_and_key) {
    struct signer a = signer_make("a", NOTE_TYPE_ED25519, "1");
    struct signer other_name = signer_make("b", NOTE_TYPE_ED25519, "1");
    struct signer other_type = signer_make("a", NOTE_TYPE_COSIGNATURE, "1");
    struct signer other_key = signer_make("a", NOTE_TYPE_ED25519, "2");
    cr_assert(vkey_same(&a.vkey, &a.vkey));
    cr_assert(!vkey_same(&a.vkey, &other_name.vkey) && a.vkey.id != other_name.vkey.id);
    cr_assert(!vkey_same(&a.vkey, &other_type.vkey) && a.vkey.id != other_type.vkey.id);
    cr_assert(!vkey_same(&a.vkey, &other_key.vkey) && a.vkey.id != other_key.vkey.id);
    struct vkey collision = other_key.vkey; /* an attacker may find a key with the same id */
    collision.id = a.vkey.id;
    cr_assert(!vkey_same(&a.vkey, &collision));
    signer_done(&a);
    signer_done(&other_name);
    signer_done(&other_type);
    signer_done(&other_key);
}

/* -- key names: in vkeys and in lines alike -- */

static bool name_in_vkey(const char *name) {
    struct signer signer = signer_make("x", NOTE_TYPE_ED25519, "name");
    struct vkey vkey;
    enum err err = vkey_make(name, NOTE_TYPE_ED25519, key_secret_public(signer.key), &vkey);
    cr_assert(err == ERR_OK || err == ERR_NOTE);
    signer_done(&signer);
    return !err;
}

static bool name_in_note(const char *name) {
    char note[1024];
    (void)snprintf(note, sizeof note, "text\n\n" DASH " %s " SIG "\n", name);
    return parse_text(note) == ERR_OK;
}

Test(proof_note, key_names_are_utf8_without_spaces_plus_and_control_characters) {
    const char *good[] = {"a",
                          "qizheng.invalid/0badc0de/node/1",
                          "\xe5\xa5\x91\xe8\xaf\x81",
                          "a\xc2\xa1",
                          "a\xe2\x80\x8b", /* U+200B is no White_Space */
                          "\xf0\x9f\x93\x9c",
                          DASH,
                          "-",
                          "=",
                          "\x7f"};
    const char *bad[] = {"",
                         " ",
                         "a b",
                         " a",
                         "a ",
                         "a+b",
                         "+",
                         "a\tb",
                         "a\x01",
                         "a\x1f",
                         "a\xc2\x85",     /* U+0085 */
                         "a\xc2\xa0",     /* U+00A0 */
                         "a\xe1\x9a\x80", /* U+1680 */
                         "a\xe2\x80\x80",
                         "a\xe2\x80\x8a", /* U+2000, U+200A */
                         "a\xe2\x80\xa8",
                         "a\xe2\x80\xa9", /* U+2028, U+2029 */
                         "a\xe2\x80\xaf",
                         "a\xe2\x81\x9f", /* U+202F, U+205F */
                         "a\xe3\x80\x80",
                         "\xe3\x80\x80", /* U+3000 */
                         "\xff",
                         "\xc0\xaf",
                         "\xed\xa0\x80",
                         "a\xe2\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert(name_in_vkey(good[i]) && name_in_note(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(!name_in_vkey(bad[i]) && !name_in_note(bad[i]), "name %zu", i);
    }
}

Test(proof_note, key_names_in_vkeys_have_a_limit) {
    char name[LIMIT_VKEY_NAME + 2];
    memset(name, 'a', sizeof name);
    name[LIMIT_VKEY_NAME + 1] = 0;
    cr_assert(!name_in_vkey(name) && name_in_note(name)); /* an unknown name is just ignored */
    char text[512];
    (void)snprintf(text, sizeof text, "%s+00000000+" KAT_KEY, name);
    cr_assert(vkey_parse_text(text) == ERR_NOTE);
    name[LIMIT_VKEY_NAME] = 0;
    cr_assert(name_in_vkey(name));
}

/* -- notes -- */

Test(proof_note, note_parse_cuts_text_and_lines) {
    const char *raw = "first\n\nthird\n\n" LINE DASH " b " SIG "\n";
    struct note note;
    cr_assert(parse(bytes_text(raw), &note) == ERR_OK);
    cr_assert(bytes_is(note.text, "first\n\nthird\n") && note.count == 2);
    cr_assert(bytes_is(note.lines[0].name, NAME) && note.lines[0].id == 1);
    cr_assert(note.lines[0].sig.len == 1 && note.lines[0].sig.data[0] == 2);
    cr_assert(bytes_is(note.lines[0].raw, DASH " " NAME " " SIG));
    cr_assert(bytes_is(note.lines[1].name, "b"));
    note_done(&note);
    note_done(&note); /* a zeroed note may be freed */
}

Test(proof_note, notes_of_another_form_are_refused) {
    const struct {
        const char *raw, *why;
    } bad[] = {
        {"", "nothing"},
        {"\n", "one newline"},
        {"\n\n", "no line"},
        {"text\n", "no empty line"},
        {"text\n\n", "no signature"},
        {"text\n" LINE, "no empty line before the signature"},
        {LINE, "no text"},
        {"\n" LINE, "an empty line, but no text before it"},
        {"text\n\n" DASH " " NAME " " SIG, "no final newline"},
        {"text\n\n" LINE "\n", "an empty line at the end"},
        {"text\n\n" LINE "\n" LINE "x", "something behind the last line"},
        {"text\n\n" LINE "x\n", "a last line that is no signature"},
        {"text\n\nx\n" LINE, "a first line that is no signature"},
        {"text\r\n\r\n" LINE, "carriage returns"},
        {"te\txt\n\n" LINE, "a tab in the text"},
        {"te\x01xt\n\n" LINE, "a control character in the text"},
        {"te\x1fxt\n\n" LINE, "U+001F in the text"},
        {"te\xffxt\n\n" LINE, "not UTF-8"},
        {"te\xc0\xafxt\n\n" LINE, "overlong UTF-8"},
        {"text\n\n- " NAME " " SIG "\n", "a hyphen for the dash"},
        {"text\n\n\xe2\x80\x93 " NAME " " SIG "\n", "an en dash"},
        {"text\n\n" DASH NAME " " SIG "\n", "no space behind the dash"},
        {"text\n\n" DASH "  " NAME " " SIG "\n", "two spaces behind the dash"},
        {"text\n\n" DASH " " NAME "  " SIG "\n", "two spaces behind the name"},
        {"text\n\n" DASH " " NAME "\t" SIG "\n", "a tab behind the name"},
        {"text\n\n" DASH " " NAME "\n", "no signature"},
        {"text\n\n" DASH " " NAME " \n", "an empty signature"},
        {"text\n\n" DASH " " NAME " " SIG " \n", "a space at the end"},
        {"text\n\n " LINE, "a space at the beginning"},
        {"text\n\n" DASH " " NAME " " SIG " x\n", "a third field"},
        {"text\n\n" DASH " " NAME " AAAAAQI\n", "no padding"},
        {"text\n\n" DASH " " NAME " AAAAAQI==\n", "padding too much"},
        {"text\n\n" DASH " " NAME " AAAAAQJ=\n", "unused bits"},
        {"text\n\n" DASH " " NAME " AAAA-QI=\n", "base64url"},
        {"text\n\n" DASH " " NAME " AAAA*QI=\n", "no base64"},
        {"text\n\n" DASH " " NAME " AAAAAQ==\n", "a key id and no signature"},
        {"text\n\n" DASH " " NAME " AAAA\n", "a key id cut short"},
        {"text\n\n" DASH " a+b " SIG "\n", "a plus in the name"},
    };
    cr_assert(parse_text("text\n\n" LINE) == ERR_OK);
    cr_assert(parse_text("\n\n" LINE) == ERR_OK); /* the text is one newline */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(parse_text(bad[i].raw) == ERR_NOTE, "%s", bad[i].why);
    }
    const char nul[] = "te\0xt\n\n" LINE;
    struct note note;
    cr_assert(parse(bytes_of(nul, sizeof nul - 1), &note) == ERR_NOTE);
}

Test(proof_note, every_cut_of_a_note_is_refused_or_a_shorter_note) {
    const char *raw = "text\n\n" LINE LINE;
    size_t whole = strlen(raw), first = whole - strlen(LINE);
    for (size_t len = 0; len < whole; len++) {
        struct bytes copy = exact_copy(bytes_of(raw, len));
        struct note note;
        enum err err = parse(copy, &note);
        cr_assert(err == (len == first ? ERR_OK : ERR_NOTE), "%zu", len);
        if (!err) note_done(&note);
        exact_free(copy);
    }
}

/* "MUST accept at least up to 16 signatures" */
Test(proof_note, sixteen_lines_and_the_limit_are_accepted_and_one_more_is_not) {
    const size_t counts[] = {16, 17, LIMIT_NOTE_LINES, LIMIT_NOTE_LINES + 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct buf raw;
        struct note note;
        buf_init(&raw, 2 * LIMIT_NOTE);
        cr_assert(buf_add_text(&raw, "text\n\n") == ERR_OK);
        for (size_t k = 0; k < counts[i]; k++) cr_assert(buf_add_text(&raw, LINE) == ERR_OK);
        bool ok = counts[i] <= LIMIT_NOTE_LINES;
        cr_assert(parse(buf_bytes(&raw), &note) == (ok ? ERR_OK : ERR_TOO_LARGE));
        if (ok) {
            cr_assert(note.count == counts[i]);
            cr_assert(note.lines[counts[i] - 1].sig.data[0] == 2);
            note_done(&note);
        }
        buf_done(&raw);
    }
}

/* Lines of `bytes` signature bytes by a key with the longest name. */
static void long_lines_add(struct buf *raw, size_t count, size_t bytes) {
    static uint8_t sig[4096];
    struct signer signer;
    char name[LIMIT_VKEY_NAME + 1];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    signer = signer_make(name, NOTE_TYPE_ED25519, "log");
    for (size_t i = 0; i < count; i++)
        cr_assert(note_line_format(&signer.vkey, bytes_of(sig, bytes), raw) == ERR_OK);
    signer_done(&signer);
}

Test(proof_note, a_checkpoint_of_as_many_nodes_as_there_may_be_fits) {
    struct buf raw;
    struct note note;
    buf_init(&raw, 2 * LIMIT_NOTE);
    for (int i = 0; i < LIMIT_VKEY_NAME; i++) cr_assert(buf_add_byte(&raw, 'n') == ERR_OK);
    cr_assert(buf_add_text(&raw, "\n18446744073709551615\n"
                                 "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n") == ERR_OK);
    long_lines_add(&raw, LIMIT_NODES, 64);     /* log lines */
    long_lines_add(&raw, LIMIT_NODES, 8 + 64); /* cosignatures */
    cr_assert(parse(buf_bytes(&raw), &note) == ERR_OK && note.count == 2 * LIMIT_NODES);
    note_done(&note);
    buf_done(&raw);
}

/* "Remember that post-quantum signatures can be up to nearly 5kB in size." Those of ML-DSA-44 have 2420 bytes. */
Test(proof_note, sixteen_lines_by_post_quantum_keys_fit) {
    struct buf raw;
    struct note note;
    buf_init(&raw, 2 * LIMIT_NOTE);
    cr_assert(buf_add_text(&raw, "text\n\n") == ERR_OK);
    long_lines_add(&raw, 16, 8 + 2420);
    cr_assert(parse(buf_bytes(&raw), &note) == ERR_OK && note.count == 16);
    note_done(&note);
    buf_done(&raw);
}

Test(proof_note, notes_up_to_the_limit_are_accepted_and_one_byte_more_is_not) {
    for (size_t len = LIMIT_NOTE - 1; len <= LIMIT_NOTE + 1; len++) {
        struct buf raw;
        struct note note;
        buf_init(&raw, 2 * LIMIT_NOTE);
        while (raw.len < len - strlen("\n\n" LINE)) cr_assert(buf_add_byte(&raw, 'a') == ERR_OK);
        cr_assert(buf_add_text(&raw, "\n\n" LINE) == ERR_OK && raw.len == len);
        enum err err = parse(buf_bytes(&raw), &note);
        cr_assert(err == (len > LIMIT_NOTE ? ERR_TOO_LARGE : ERR_OK));
        if (!err) note_done(&note);
        buf_done(&raw);
    }
}

Test(proof_note, a_line_is_a_keys_only_by_name_and_id_together) {
    struct signer log = signer_make(NAME, NOTE_TYPE_ED25519, "log");
    struct signer same_name = signer_make(NAME, NOTE_TYPE_COSIGNATURE, "log");
    struct buf raw;
    struct note note;
    buf_init(&raw, LIMIT_NOTE);
    cr_assert(buf_add_text(&raw, "text\n\n") == ERR_OK);
    cr_assert(note_line_format(&same_name.vkey, bytes_text("1"), &raw) == ERR_OK);
    struct vkey same_id = log.vkey;
    same_id.name[0] = 'x';
    cr_assert(note_line_format(&same_id, bytes_text("2"), &raw) == ERR_OK);
    cr_assert(parse(buf_bytes(&raw), &note) == ERR_OK && note.count == 2);
    cr_assert(!note_line_by(&note.lines[0], &log.vkey) && !note_line_by(&note.lines[1], &log.vkey));
    cr_assert(note_line_by(&note.lines[0], &same_name.vkey));
    note_done(&note);
    cr_assert(note_line_format(&log.vkey, bytes_text("3"), &raw) == ERR_OK);
    cr_assert(note_line_format(&log.vkey, bytes_text("4"), &raw) == ERR_OK);
    cr_assert(parse(buf_bytes(&raw), &note) == ERR_OK && note.count == 4);
    cr_assert(note_line_by(&note.lines[2], &log.vkey) && note_line_by(&note.lines[3], &log.vkey));
    cr_assert(!note_line_by(&note.lines[1], &log.vkey));
    cr_assert(bytes_is(note.lines[2].sig, "3") && bytes_is(note.lines[3].sig, "4"));
    note_done(&note);
    buf_done(&raw);
    signer_done(&log);
    signer_done(&same_name);
}

Test(proof_note, the_example_of_the_standard_is_read) {
    const char *raw = "Ognuno sta solo sul cuor della terra\n"
                      "trafitto da un raggio di sole:\n"
                      "\n"
                      "ed \xc3\xa8 subito sera.\n"
                      "\n" DASH " quasimodo.example/salvatore "
                      "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+"
                      "EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    struct note note;
    cr_assert(parse(bytes_text(raw), &note) == ERR_OK);
    cr_assert(note.count == 1 && note.lines[0].id == 0x367ba04b && note.lines[0].sig.len == 64);
    cr_assert(note.text.len == strlen(raw) - note.lines[0].raw.len - 2);
    note_done(&note);
}
