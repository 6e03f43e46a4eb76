/* The HTTP client over libcurl. See client.h. A reply is data from outside: it is bounded while it arrives, no redirect is followed and no other protocol than
 * HTTP is spoken, so a server cannot send the client elsewhere. */
#include "api/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS 5000L
#define RETRY_MAX_S 86400
#define PROBLEM_MAX (64 * 1024)

struct client {
    CURL *curl;
    char *base_url; /* owned */
    char *ca;       /* owned; NULL: the system's */
    unsigned timeout_ms;
    char error[CURL_ERROR_SIZE];
};

/* While one call runs. */
struct transfer {
    struct client_reply *reply;
    enum err err; /* why the transfer was stopped by us */
    CURL *curl;
    enum err (*take)(void *arg, struct bytes piece); /* NULL: the body goes into the reply */
    void *arg;
    bool lasts; /* as long as it is not silent */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_begin(void) {
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum err client_open(const char *base_url, const char *ca, unsigned timeout_ms, struct client **ret,
                     struct problem *ret_why) {
    if (strncmp(base_url, "http://", 7) != 0 && strncmp(base_url, "https://", 8) != 0) {
        return problem_set(ret_why, ERR_REQUEST, "A node's URL begins with http:// or https://.");
    }
    (void)pthread_once(&curl_once, curl_begin);
    struct client *client = calloc(1, sizeof *client);
    if (!client) return ERR_NO_MEMORY;
    client->base_url = strdup(base_url);
    client->ca = ca ? strdup(ca) : NULL;
    client->curl = curl_easy_init();
    client->timeout_ms = timeout_ms;
    if (!client->base_url || (ca && !client->ca) || !client->curl) {
        client_close(client);
        return ERR_NO_MEMORY;
    }
    *ret = client;
    return ERR_OK;
}

void client_close(struct client *client) {
    if (!client) return;
    if (client->curl) curl_easy_cleanup(client->curl);
    free(client->base_url);
    free(client->ca);
    free(client);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg) {
    struct transfer *transfer = arg;
    long status = 0;
    if (transfer->take) (void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    struct bytes piece = bytes_of(data, size * count);
    transfer->err = status == 200 ? transfer->take(transfer->arg, piece)
                                  : buf_add(&transfer->reply->body, piece);
    return transfer->err ? 0 : size * count;
}

/* The value of a header line if it has that name; false otherwise. */
static bool header_value(const char *line, size_t len, const char *name, char *out, size_t room) {
    size_t name_len = strlen(name);
    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0) {
        return false;
    }
    size_t from = name_len + 1;
    while (from < len && (line[from] == ' ' || line[from] == '\t')) from++;
    while (len > from && strchr(" \t\r\n", line[len - 1])) len--;
    size_t keep = len - from < room - 1 ? len - from : room - 1;
    memcpy(out, line + from, keep);
    out[keep] = 0;
    return true;
}

static unsigned seconds_parse(const char *text) {
    unsigned long value = strtoul(text, NULL, 10);
    return value > RETRY_MAX_S ? RETRY_MAX_S : (unsigned)value;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg) {
    struct client_reply *reply = ((struct transfer *)arg)->reply;
    size_t len = size * count;
    char seconds[24];
    (void)header_value(data, len, "Content-Type", reply->content_type, sizeof reply->content_type);
    (void)header_value(data, len, "Location", reply->location, sizeof reply->location);
    if (header_value(data, len, "Retry-After", seconds, sizeof seconds)) {
        reply->retry_after_s = seconds_parse(seconds);
    }
    return len;
}

static enum err headers_list(const char *const *headers, struct curl_slist **ret) {
    /* An empty Expect keeps curl from waiting for a 100 that some proxies never send. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; list && headers && headers[i]; i++) {
        struct curl_slist *more = curl_slist_append(list, headers[i]);
        if (!more) curl_slist_free_all(list);
        list = more;
    }
    *ret = list;
    return list ? ERR_OK : ERR_NO_MEMORY;
}

/* Every option before every call: nothing of the last one stays. Failures of these are programmer errors or no memory, and curl_easy_perform tells. */
static void options_common(struct client *client, const char *url, struct curl_slist *headers,
                           struct transfer *transfer) {
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    client->error[0] = 0;
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "qizheng/" QIZHENG_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    if (client->ca) (void)curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca);
}

/* As long as it lasts, but a byte a second on the average of that time: the server sends a comment every 10 s. */
static void options_stream(CURL *curl) {
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)CLIENT_SILENT_S);
}

static void options_method(CURL *curl, const char *method, struct bytes body) {
    if (strcmp(method, "POST") != 0) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.len ? (const char *)body.data : "");
}

static enum err perform(struct client *client, struct transfer *transfer, size_t max_reply,
                        struct problem *ret_why) {
    CURLcode code = curl_easy_perform(client->curl);
    long status = 0;
    if (transfer->err == ERR_TOO_LARGE) {
        return problem_set(ret_why, ERR_TOO_LARGE,
                           "The reply is larger than the %zu bytes that are read of it.",
                           max_reply);
    }
    if (transfer->err) return transfer->err;
    if (code == CURLE_OUT_OF_MEMORY) return ERR_NO_MEMORY;
    if (code != CURLE_OK) {
        return problem_set(ret_why, ERR_NO_ORDER,
                           "%s does not answer: %s. Is the node running, and is this its URL?",
                           client->base_url,
                           client->error[0] ? client->error : curl_easy_strerror(code));
    }
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    transfer->reply->status = (int)status;
    return ERR_OK;
}

static enum err call_url(struct client *client, const char *path, char **ret) {
    size_t len = strlen(client->base_url) + strlen(path) + 1;
    char *url = malloc(len);
    if (!url) return ERR_NO_MEMORY;
    (void)snprintf(url, len, "%s%s", client->base_url, path);
    *ret = url;
    return ERR_OK;
}

/* transfer: with where its body goes. */
static enum err call(struct client *client, const char *method, const char *path,
                     const char *const *headers, struct bytes body, size_t max_reply,
                     struct transfer transfer, struct client_reply *ret, struct problem *ret_why) {
    struct client_reply reply;
    struct curl_slist *list = NULL;
    char *url = NULL;
    memset(&reply, 0, sizeof reply);
    buf_init(&reply.body, max_reply);
    transfer.reply = &reply;
    transfer.curl = client->curl;
    enum err err = call_url(client, path, &url);
    if (!err) err = headers_list(headers, &list);
    if (!err) {
        options_common(client, url, list, &transfer);
        if (transfer.lasts) options_stream(client->curl);
        options_method(client->curl, method, body);
        err = perform(client, &transfer, max_reply, ret_why);
    }
    curl_slist_free_all(list);
    free(url);
    if (err) {
        client_reply_done(&reply);
        return err;
    }
    *ret = reply;
    return ERR_OK;
}

enum err client_call(struct client *client, const char *method, const char *path,
                     const char *const *headers, struct bytes body, size_t max_reply,
                     struct client_reply *ret, struct problem *ret_why) {
    struct transfer transfer = {.take = NULL};
    return call(client, method, path, headers, body, max_reply, transfer, ret, ret_why);
}

enum err client_stream(struct client *client, const char *path,
                       enum err (*take)(void *arg, struct bytes piece), void *arg,
                       struct client_reply *ret, struct problem *ret_why) {
    struct transfer transfer = {.take = take, .arg = arg};
    return call(client, "GET", path, NULL, bytes_of(NULL, 0), PROBLEM_MAX, transfer, ret, ret_why);
}

/* What client_watch hands on. */
struct watched {
    bool (*each)(void *ctx, struct bytes bytes);
    void *ctx;
    bool has_ended; /* each wanted no more */
};

/* An error ends the call; which one does not matter, since has_ended says why. */
static enum err watched_take(void *arg, struct bytes piece) {
    struct watched *watched = arg;
    watched->has_ended = !watched->each(watched->ctx, piece);
    return watched->has_ended ? ERR_STATE : ERR_OK;
}

enum err client_watch(struct client *client, const char *path, const char *const *headers,
                      bool (*each)(void *ctx, struct bytes bytes), void *ctx,
                      struct client_reply *ret, struct problem *ret_why) {
    struct watched watched = {each, ctx, false};
    struct transfer transfer = {.take = watched_take, .arg = &watched, .lasts = true};
    enum err err =
        call(client, "GET", path, headers, bytes_of(NULL, 0), PROBLEM_MAX, transfer, ret, ret_why);
    if (!watched.has_ended) return err;
    memset(ret, 0, sizeof *ret);
    ret->status = 200;
    return ERR_OK;
}

void client_reply_done(struct client_reply *reply) {
    buf_done(&reply->body);
}

static void text_take(const struct json *object, const char *name, char *out, size_t room) {
    const char *text = json_text(json_member(object, name));
    (void)snprintf(out, room, "%s", text ? text : "");
}

void client_problem(const struct client_reply *reply, struct problem *ret) {
    struct json *object = NULL;
    enum err code = ERR_OK;
    if (json_parse(buf_bytes(&reply->body), &object, NULL)) object = NULL;
    const char *text = json_text(json_member(object, "code"));
    if (text && err_from_code(text, &code) && code != ERR_OK) {
        memset(ret, 0, sizeof *ret);
        ret->err = code;
        text_take(object, "detail", ret->detail, sizeof ret->detail);
        text_take(object, "pointer", ret->pointer, sizeof ret->pointer);
        text_take(object, "rule", ret->rule, sizeof ret->rule);
        text_take(object, "law", ret->law, sizeof ret->law);
    } else {
        code = reply->status >= 500 ? ERR_NO_ORDER : ERR_REQUEST;
        if (reply->status == 404) code = ERR_NOT_FOUND;
        (void)problem_set(ret, code, "The server answered with status %d and no explanation.",
                          reply->status);
    }
    json_done(object);
}
