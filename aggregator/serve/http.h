/* http.h - HTTP/1.1 on a Unix socket (mode 0660), without a thread of its own.
 *
 * Limits: 64 connections, 32 KiB of request head, HTTP_BODY_MAX or
 * HTTP_FILE_MAX of body, 5 s without progress, HTTP_WAIT_MAX_S of waiting. */
#ifndef SEKISHO_SERVE_HTTP_H
#define SEKISHO_SERVE_HTTP_H

#include "base/bytes.h"
#include "base/err.h"
#include "serve/out.h"

#define HTTP_BODY_MAX (64u << 10)
#define HTTP_FILE_MAX (16u << 20)
#define HTTP_WAIT_MAX_S 30

struct http_request {
	const char *method, *path;
	struct bytes body;
	bool last; /* the time to wait is over: answer what there is */
	void *connection;
};

/* Query parameter, or NULL. */
const char *http_query(const struct http_request *request, const char *name);

/* Writes one JSON object and returns the status; 0: nothing yet, ask again
 * after http_wake() or when *wait_s have passed. */
typedef int http_answer(
	void *owner, const struct http_request *request, struct out *out, int *wait_s);
/* The longest body this path may carry. */
typedef size_t http_limit(const char *path);

struct http;

struct http *http_open(
	const char *path, http_answer *answer, http_limit *limit, void *owner, struct err *err);
void http_close(struct http *http); /* NULL passes; unlinks the socket */
int http_fd(const struct http *http);
/* Serves what is ready; boot_ns: the clock of waits.  Returns after how many
 * milliseconds it must be called again at the latest. */
int http_turn(struct http *http, uint64_t boot_ns);
/* Those who wait are asked again in the next turn. */
void http_wake(struct http *http);

#endif
