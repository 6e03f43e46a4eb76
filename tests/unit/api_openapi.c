/* Tests of api/routes.c and api/openapi.c: every row of the table says what the description needs, in texts that need no escaping. That the whole is OpenAPI 3.1 and
 * true of a running node is tests/integration/openapi.sh's. */
#include <criterion/criterion.h>

#include "api/route.h"
#include "api/schemas.h"

#include <stdio.h>
#include <string.h>

static bool is_plain(const char *text) {
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20) return false;
    }
    return true;
}

/* Whether schemas.json has a member of that name. */
static bool is_described(const char *name) {
    char member[128];
    int len = snprintf(member, sizeof member, "\"%s\": {", name);
    return memmem(schemas_json, schemas_json_len, member, (size_t)len) != NULL;
}

Test(api_openapi, every_row_is_whole) {
    cr_assert_geq(route_count, 17);
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        size_t method = strlen(route->method);
        cr_expect(strncmp(route->name, route->method, method) == 0 && route->name[method] == ' ' &&
                      route->name[method + 1] == '/',
                  "%s is method and path", route->name);
        cr_expect(route->summary && is_plain(route->summary) && strlen(route->summary) < 120,
                  "%s has a summary of one sentence", route->name);
        cr_expect(route->handle != NULL && route->gives[0].status, "%s answers", route->name);
        cr_expect_eq(route->body_limit > 0, route->takes[0].media != NULL,
                     "%s: a body has a limit and a media type, or neither", route->name);
        cr_expect(route->body_limit == 0 || strcmp(route->method, "GET") != 0);
    }
}

Test(api_openapi, every_answer_is_described) {
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        for (size_t j = 0; j < ROUTE_ANSWERS && route->gives[j].status; j++) {
            const struct route_answer *answer = &route->gives[j];
            cr_expect(is_plain(answer->meaning) && is_plain(answer->media), "%s", route->name);
            cr_expect(!answer->schema || is_described(answer->schema), "%s", answer->schema);
        }
        for (size_t j = 0; j < ROUTE_BODIES && route->takes[j].media; j++)
            cr_expect(is_described(route->takes[j].schema), "%s", route->takes[j].schema);
    }
}

Test(api_openapi, problems_come_under_their_own_status_and_once) {
    for (size_t i = 0; i < route_count; i++) {
        bool seen[ERR_COUNT] = {false};
        for (int status = 100; status < 600; status++) {
            enum err err;
            for (size_t j = 0; (err = route_problem(&routes[i], status, j)); j++) {
                cr_expect_eq(err_status(err), status);
                cr_expect_not(seen[err], "%s: %s", routes[i].name, err_code(err));
                seen[err] = true;
            }
        }
        cr_expect(seen[ERR_REQUEST] && seen[ERR_DRAINING] && seen[ERR_INTERNAL]);
        cr_expect_eq(seen[ERR_TOO_LARGE] && seen[ERR_TIMEOUT], routes[i].body_limit > 0);
        for (const enum err *at = routes[i].refuses; at && *at; at++) cr_expect(seen[*at]);
    }
}

Test(api_openapi, titles_of_problems_need_no_escaping) {
    for (int i = 0; i < ERR_COUNT; i++) cr_expect(is_plain(err_title((enum err)i)));
}
