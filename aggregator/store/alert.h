/* alert.h - an alert as it is stored: what of it makes threads and pages.
 * Texts are borrowed from the event; they are hostile but masked. */
#ifndef SEKISHO_STORE_ALERT_H
#define SEKISHO_STORE_ALERT_H

#include "store/json_in.h"
#include "store/sql.h"

#define SUBJECT_MAX 96
#define SINK_MAX 320
#define WORDS_MAX 224
#define THREAD_WAYS_MAX 256    /* shapes of one thread; later ones are one row "other" */
#define THREAD_REMOTES_MAX 256 /* addresses of one thread */
#define THREAD_NAMES_MAX 64

struct alert {
	const struct json_in *sekisho;
	const char *run, *server, *category, *family, *technique, *remote;
	const char *method, *host, *field, *key, *message, *initiator, *name;
	char subject[SUBJECT_MAX], sink[SINK_MAX];
	char url[SINK_MAX];       /* without query */
	char encoding[WORDS_MAX]; /* words with spaces between */
	int64_t sensor, finding, part, event;
	int64_t tenant, merchant, first, time, port;
	int64_t confidence, severity, confirmed, why, shared, n;
	double score;
};

/* Stores the finding; returns its thread's id, or 0 (then the store failed). */
int64_t thread_put(struct sql *sql, const struct alert *alert);

#endif
