/* api.h - what API.md promises, over the store.  http_answer and http_limit. */
#ifndef SEKISHO_SERVE_API_H
#define SEKISHO_SERVE_API_H

#include "ingest/zmq.h"
#include "serve/http.h"

struct api {
	struct sql *sql;
	const struct hub *hub;
	const char *db;
	const char *policy_out; /* NULL: not written */
};

int api_answer(void *owner, const struct http_request *request, struct out *out, int *wait_s);
size_t api_limit(const char *path);

#endif
