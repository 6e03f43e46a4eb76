/* The HTTP server: civetweb, hardened (docs/OPERATING.md); the only file that knows it.
 *
 * It refuses what the framing of HTTP/1.1 leaves open (RFC 9112 section 6: repeated or malformed Content-Length, any Transfer-Encoding, a missing or repeated Host), keeps an
 * own deadline per request, limits bodies per route and drains before it stops. */
#ifndef QIZHENG_API_SERVER_H
#define QIZHENG_API_SERVER_H

#include "api/api.h"

struct server;

struct server_options {
    const char *listen; /* "127.0.0.1:8080" */
    unsigned threads;   /* connections served at a time */
    unsigned request_timeout_ms;
    const char *
        trusted_proxies; /* addresses, comma separated, whose X-Forwarded-For is believed; NULL: none */
};

enum err server_start(const struct server_options *options, const struct api *api,
                      struct server **ret, struct problem *ret_why) MUST_CHECK;
/* The port it listens on (for listen ":0"). */
unsigned server_port(const struct server *server);
/* From now on new requests get 503 draining and Connection: close; returns when none is in flight or after timeout_ms. */
void server_drain(struct server *server, unsigned timeout_ms);
void server_stop(struct server *server); /* accepts NULL */

#endif
