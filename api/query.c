/* See query.h. Scopes are contracts/scopes.h's: this file turns its rows into lists, and the handlers judge each record by it once more before they show it. */
#include "api/query.h"

#include "contracts/scopes.h"
#include "contracts/state_keys.h"

#include <stdlib.h>
#include <string.h>

#define TERMS 5  /* scope, issuer, type, tag, rules */
#define LISTS 48 /* of one term: rules there are */

struct term {
    struct store_walk *lists[LISTS];
    size_t count;
};

struct query {
    struct store_view *view;
    struct term terms[TERMS];
    size_t count;
};

enum err query_open(struct store_view *view, struct query **ret) {
    struct query *query = calloc(1, sizeof *query);
    if (!query) return ERR_NO_MEMORY;
    query->view = view;
    *ret = query;
    return ERR_OK;
}

enum err query_close(struct query *query) {
    enum err err = ERR_OK;
    if (!query) return err;
    for (size_t i = 0; i < query->count; i++) {
        for (size_t j = 0; j < query->terms[i].count; j++) {
            enum err closed = store_walk_close(query->terms[i].lists[j]);
            if (!err) err = closed;
        }
    }
    free(query);
    return err;
}

void query_term(struct query *query) {
    if (query->count < TERMS) query->count++;
}

enum err query_list(struct query *query, struct store_key prefix) {
    struct term *term = &query->terms[query->count - 1];
    if (term->count == LISTS) return ERR_INTERNAL;
    enum err err = store_walk_open(query->view, prefix, &term->lists[term->count]);
    if (!err) term->count++;
    return err;
}

/* -- scope -- */

static enum err refuse_scope(struct problem *ret_why) {
    return problem_set(
        ret_why, ERR_SCOPE,
        "None of the reader's roles may read these records. GET /v1/types lists what "
        "each role may read.");
}

static bool sees_all(const struct reader *reader) {
    const struct scope *scope;
    for (size_t i = 0; (scope = scope_at(i)); i++)
        if (reader->roles & scope->role && scope->reach == SCOPE_ALL && !scope->type) return true;
    return false;
}

/* A row that reaches the reader's own records alone needs its own list: of any type, since it may be narrower than that only by the judgement of each record. */
static enum err scope_list(struct query *query, const struct reader *reader,
                           const struct scope *scope, bool *own) {
    if (scope->reach == SCOPE_NONE || !(reader->roles & scope->role)) return ERR_OK;
    if (scope->reach == SCOPE_ALL) return query_list(query, key_type_prefix(scope->type));
    if (*own) return ERR_OK;
    *own = true;
    struct state_key prefix = state_key_owned_prefix(reader->id);
    enum err err = query_list(query, key_issuer_prefix(reader->id));
    return err ? err : query_list(query, key_state(state_key_bytes(&prefix)));
}

enum err query_scope(struct query *query, const struct reader *reader, struct problem *ret_why) {
    const struct scope *scope;
    bool own = false;
    if (sees_all(reader)) return ERR_OK;
    query_term(query);
    for (size_t i = 0; (scope = scope_at(i)); i++) {
        enum err err = scope_list(query, reader, scope, &own);
        if (err) return err;
    }
    return query->terms[query->count - 1].count ? ERR_OK : refuse_scope(ret_why);
}

/* Some type of records that others issued. */
static bool sees_others(const struct reader *reader) {
    const struct scope *scope;
    for (size_t i = 0; (scope = scope_at(i)); i++)
        if (reader->roles & scope->role && scope->reach == SCOPE_ALL) return true;
    return false;
}

enum err query_issuer(struct query *query, const struct reader *reader, const char *issuer,
                      struct problem *ret_why) {
    if (strcmp(issuer, reader->id) != 0 && !sees_others(reader)) return refuse_scope(ret_why);
    query_term(query);
    return query_list(query, key_issuer_prefix(issuer));
}

enum err query_type(struct query *query, const struct reader *reader, const char *type,
                    struct problem *ret_why) {
    if (scope_reach_of(reader->roles, type) == SCOPE_NONE) return refuse_scope(ret_why);
    query_term(query);
    return query_list(query, key_type_prefix(type));
}

/* -- walking -- */

/* The first index of the term at or after `from`. */
static enum err term_seek(struct term *term, uint64_t from, unsigned *looks, uint64_t *ret) {
    enum err found = ERR_NOT_FOUND;
    for (size_t i = 0; i < term->count; i++) {
        uint64_t index = 0;
        enum err err = store_walk_seek(term->lists[i], from, &index);
        if (*looks) --*looks;
        if (err == ERR_NOT_FOUND) continue;
        if (err) return err;
        if (found || index < *ret) *ret = index;
        found = ERR_OK;
    }
    return found;
}

/* Moves *at up until every term has it. *ret_agree: they do. */
static enum err terms_pass(struct query *query, uint64_t *at, uint64_t until, unsigned *looks,
                           bool *ret_agree) {
    *ret_agree = true;
    for (size_t i = 0; i < query->count; i++) {
        uint64_t index = 0;
        enum err err = term_seek(&query->terms[i], *at, looks, &index);
        if (err == ERR_NOT_FOUND || (!err && index >= until)) {
            *at = until;
            *ret_agree = false;
            return ERR_OK;
        }
        if (err) return err;
        if (index > *at) *ret_agree = false;
        *at = index;
    }
    return ERR_OK;
}

enum err query_next(struct query *query, uint64_t *at, uint64_t until, unsigned *looks,
                    bool *ret_found) {
    *ret_found = false;
    if (*at == 0) *at = 1; /* the genesis is no record */
    while (!*ret_found && *at < until && *looks) {
        --*looks;
        enum err err = terms_pass(query, at, until, looks, ret_found);
        if (err) return err;
    }
    return ERR_OK;
}
