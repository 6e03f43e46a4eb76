/* The table of rules, its settings in state, and how rules are shown. */
#include "tests/lib/scene.h"

struct fixture {
    struct memory state;
    struct overlay *overlay;
};

static struct fixture *begin(void) {
    struct fixture *f = calloc(1, sizeof *f);
    cr_assert(f && overlay_open(memory_view(&f->state), &f->overlay) == ERR_OK);
    return f;
}

static void end(struct fixture *f) {
    overlay_close(f->overlay);
    memory_done(&f->state);
    free(f);
}

static enum err put(struct fixture *f, const char *rules) {
    struct json *json = json_text_of(rules);
    enum err err = rules_put(f->overlay, json);
    json_done(json);
    return err;
}

Test(contracts_rules, rules_have_unique_ids_laws_and_readable_parameters) {
    size_t count = 0;
    for (const struct rule *rule; (rule = rule_at(count)); count++) {
        struct json *parameters = json_text_of(rule->parameters);
        cr_assert(json_kind(parameters) == JSON_KIND_OBJECT);
        cr_assert(rule_find(rule->id) == rule, "%s stands there twice", rule->id);
        cr_assert(rule->version >= 1 && rule->law[0] && rule->title[0] && rule->title_zh[0]);
        struct problem widths;
        cr_assert(strlen(rule->law) < sizeof widths.law && strlen(rule->id) < sizeof widths.rule);
        json_done(parameters);
    }
    cr_assert(count == 9 && !rule_find("LC-99") && !rule_at(1000));
}

Test(contracts_rules, rule_words_are_inverse_and_complete) {
    enum rule_action action;
    for (int i = 0; i <= RULE_OFF; i++) {
        cr_assert(rule_action_from_name(rule_action_name((enum rule_action)i), &action));
        cr_assert((int)action == i);
    }
    cr_assert(!rule_action_from_name("refuse", &action));
    cr_assert_str_eq(rule_result_name(RULE_UNKNOWN), "UNKNOWN");
    cr_assert_str_eq(rule_result_zh(RULE_FAIL), "不符合");
}

Test(contracts_rules, rules_put_takes_the_default_table_and_gives_it_back) {
    struct fixture *f = begin();
    struct json *genesis = rules_genesis_json(), *shown = NULL;
    cr_assert(rules_put(f->overlay, genesis) == ERR_OK);
    cr_assert(rules_json(overlay_view(f->overlay), &shown) == ERR_OK);
    cr_assert(json_count(shown) == json_count(genesis));
    for (size_t i = 0; i < json_count(shown); i++) {
        const char *const names[] = {"id", "version", "action", "parameters"};
        for (size_t j = 0; j < 4; j++)
            cr_assert(json_same(json_member(json_at(shown, i), names[j]),
                                json_member(json_at(genesis, i), names[j])));
        cr_assert(json_text(json_member(json_at(shown, i), "law")));
    }
    json_done(genesis);
    json_done(shown);
    end(f);
}

Test(contracts_rules, rule_rows_have_these_bytes) {
    struct fixture *f = begin();
    struct view view = overlay_view(f->overlay);
    struct buf row;
    buf_init(&row, 1024);
    cr_assert(put(f, "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\","
                     "\"parameters\":{\"months\":[0,1,2,3]}}]") == ERR_OK);
    cr_assert(view.get(view.ctx, bytes_text("g rule LC-03"), &row) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&row), bytes_of("\0\0\0\1\1{\"months\":[0,1,2,3]}", 5 + 20)));
    buf_done(&row);
    end(f);
}

Test(contracts_rules, rules_put_refuses_what_this_program_does_not_know) {
    static const char *const bad[] = {
        "[{\"id\":\"BN-99\",\"version\":1,\"action\":\"reject\",\"parameters\":{}}]",
        "[{\"id\":\"LC-09\",\"version\":2,\"action\":\"reject\",\"parameters\":{}}]",
        "[{\"id\":\"LC-09\",\"version\":1,\"action\":\"refuse\",\"parameters\":{}}]",
        "[{\"id\":\"LC-09\",\"version\":1,\"action\":\"reject\",\"parameters\":{\"x\":1}}]",
        "[{\"id\":\"LC-09\",\"version\":1,\"action\":\"reject\",\"parameters\":[]}]",
        "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"reject\",\"parameters\":{}}]",
        "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\",\"parameters\":{\"months\":6}}]",
        "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\",\"parameters\":{\"months\":[0,1,2]}}"
        "]",
        "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\","
        "\"parameters\":{\"months\":[0,1,2,\"6\"]}}]",
        "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\","
        "\"parameters\":{\"months\":[0,1,2,-6]}}]",
        "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\","
        "\"parameters\":{\"month\":[0,1,2,6]}}]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fixture *f = begin();
        cr_assert(put(f, bad[i]) == ERR_PROTOCOL, "%s", bad[i]);
        end(f);
    }
}

Test(contracts_rules, rule_setting_comes_from_state_and_absent_is_off) {
    struct fixture *f = begin();
    struct view view = overlay_view(f->overlay);
    struct rule_setting setting;
    cr_assert(rule_setting_get(view, false, "LC-03", &setting) == ERR_OK);
    cr_assert(setting.action == RULE_OFF && !setting.parameters);
    cr_assert(rule_setting_get(view, true, "LC-03", &setting) == ERR_OK);
    cr_assert(setting.action == RULE_REJECT && setting.parameters);
    rule_setting_done(&setting);
    cr_assert(put(f, "[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\","
                     "\"parameters\":{\"months\":[0,1,2,3]}}]") == ERR_OK);
    cr_assert(rule_setting_get(view, false, "LC-03", &setting) == ERR_OK);
    int64_t months = 0;
    cr_assert(json_int(json_at(json_member(setting.parameters, "months"), 3), &months));
    cr_assert(setting.action == RULE_FLAG && months == 3);
    rule_setting_done(&setting);
    struct json *shown = NULL;
    cr_assert(rules_json(view, &shown) == ERR_OK);
    const struct json *second = json_at(shown, 1);
    cr_assert_str_eq(json_text(json_member(second, "action")), "off");
    cr_assert_str_eq(json_text(json_member(second, "default_action")), "reject");
    json_done(shown);
    end(f);
}

Test(contracts_rules, rule_rows_that_are_damaged_stop_the_reader) {
    static const struct {
        const char *row;
        size_t len;
        enum err err;
    } table[] = {{"", 0, ERR_CORRUPT},
                 {"\0\0\0\1", 4, ERR_CORRUPT},
                 {"\0\0\0\1\3{}", 7, ERR_CORRUPT},
                 {"\0\0\0\2\0{}", 7, ERR_PROTOCOL},
                 {"\0\0\0\1\0{", 6, ERR_CORRUPT}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct fixture *f = begin();
        struct rule_setting setting;
        memory_put(&f->state, bytes_text("g rule LC-05"), bytes_of(table[i].row, table[i].len));
        cr_assert(rule_setting_get(memory_view(&f->state), false, "LC-05", &setting) ==
                      table[i].err,
                  "%zu", i);
        end(f);
    }
}

/* Found by the fuzzer: a row whose JSON can be read, but has not the parameters that the rule counts on. */
Test(contracts_rules, rule_rows_with_parameters_of_another_shape_stop_the_reader) {
    static const struct {
        const char *id, *text;
        bool good;
    } rows[] = {{"LC-03", "{\"months\":[0,1,2,6]}", true},
                {"LC-03", "{\"months\":[0,1,2]}", false},
                {"LC-03", "{\"months\":6}", false},
                {"LC-03", "{\"months\":[0,1,2,\"6\"]}", false},
                {"LC-03", "{\"nonths\":[0,1,2,6]}", false},
                {"LC-03", "{}", false},
                {"LC-03", "[]", false},
                {"LC-05", "{}", true},
                {"LC-05", "[]", false},
                {"LC-05", "{\"months\":6}", false},
                {"LC-05", "2", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture *f = begin();
        struct rule_setting setting = {0};
        char key[32], row[64] = "\0\0\0\1\1";
        (void)snprintf(key, sizeof key, "g rule %s", rows[i].id);
        memcpy(row + 5, rows[i].text, strlen(rows[i].text));
        memory_put(&f->state, bytes_text(key), bytes_of(row, 5 + strlen(rows[i].text)));
        enum err err = rule_setting_get(memory_view(&f->state), false, rows[i].id, &setting);
        cr_expect(err == (rows[i].good ? ERR_OK : ERR_CORRUPT), "%s %s", rows[i].id, rows[i].text);
        if (!err) rule_setting_done(&setting);
        end(f);
    }
}

Test(contracts_rules, rule_hits_show_their_words_and_cut_them_at_whole_characters) {
    static struct rule_hits hits;
    struct rule_setting setting = {.rule = rule_find("LC-10"), .action = RULE_FLAG};
    char filler[300];
    for (size_t pad = 240; pad < 256; pad++) {
        hits.count = 0;
        memset(filler, 'a', sizeof filler);
        filler[pad] = 0;
        struct rule_hit *hit = rule_hits_add(&hits, &setting, RULE_FAIL, "/elements");
        rule_hit_say(hit, "%s", "missing");
        rule_hit_say_zh(hit, "%s%s", filler, "劳动劳动劳动");
        cr_assert(utf8_valid(bytes_text(hit->detail_zh)) && strlen(hit->detail_zh) >= 252);
    }
    struct json *shown = NULL;
    hits.items[0].has_finding = true;
    hits.items[0].finding[31] = 0xab;
    cr_assert(rule_hits_json(&hits, &shown) == ERR_OK && json_count(shown) == 1);
    const struct json *hit = json_at(shown, 0);
    cr_assert_str_eq(json_text(json_member(hit, "rule")), "LC-10");
    cr_assert_str_eq(json_text(json_member(hit, "result")), "FAIL");
    cr_assert_str_eq(json_text(json_member(hit, "result_zh")), "不符合");
    cr_assert_str_eq(json_text(json_member(hit, "action")), "flag");
    cr_assert_str_eq(json_text(json_member(hit, "detail")), "missing");
    cr_assert_str_eq(json_text(json_member(hit, "finding")) + 60, "00ab");
    json_done(shown);
}

/* -- parameters, the rules' neighbours -- */

static enum err parameters(const char *object, int64_t *ret_window) {
    struct fixture *f = begin();
    struct json *json = json_text_of(object);
    struct parameters read = {0};
    enum err err = parameters_put(f->overlay, json);
    if (!err) err = parameters_get(overlay_view(f->overlay), &read);
    *ret_window = read.admission_window_s;
    json_done(json);
    end(f);
    return err;
}

Test(contracts_rules, parameters_take_the_default_and_refuse_what_they_do_not_know) {
    int64_t window;
    struct json *standard = machine_parameters_default();
    struct buf text = json_bytes_of(standard);
    cr_assert(
        bytes_is(buf_bytes(&text),
                 "{\"admission_window_s\":604800,\"tag_versions\":{\"benefit\":1,\"labour\":1}}"));
    cr_assert(parameters("{}", &window) == ERR_OK && window == 604800);
    cr_assert(parameters("{\"admission_window_s\":60}", &window) == ERR_OK && window == 60);
    cr_assert(parameters("{\"admission_window_s\":59}", &window) == ERR_PROTOCOL);
    cr_assert(parameters("{\"admission_window_s\":\"60\"}", &window) == ERR_PROTOCOL);
    cr_assert(parameters("{\"admission_window_s\":315360001}", &window) == ERR_PROTOCOL);
    cr_assert(parameters("{\"window_s\":604800}", &window) == ERR_PROTOCOL);
    buf_done(&text);
    json_done(standard);
}

Test(contracts_rules, parameters_that_are_lost_or_damaged_stop_the_reader) {
    struct fixture *f = begin();
    struct parameters read;
    cr_assert(parameters_get(overlay_view(f->overlay), &read) == ERR_CORRUPT);
    uint8_t row[25] = {0};
    for (size_t len = 0; len <= sizeof row; len++) {
        for (size_t i = 0; i < 3; i++) put_u64(row + 8 * i, i ? 1 : 60);
        memory_put(&f->state, bytes_text("g parameters"), bytes_of(row, len));
        cr_assert(parameters_get(overlay_view(f->overlay), &read) ==
                  (len == 24 ? ERR_OK : ERR_CORRUPT));
    }
    put_u64(row, 59); /* no window is as short */
    memory_put(&f->state, bytes_text("g parameters"), bytes_of(row, 24));
    cr_assert(parameters_get(overlay_view(f->overlay), &read) == ERR_CORRUPT);
    end(f);
}
