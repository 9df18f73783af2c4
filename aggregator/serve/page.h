/* page.h - an incident as the API shows it. */
#ifndef SEKISHO_SERVE_PAGE_H
#define SEKISHO_SERVE_PAGE_H

#include "serve/out.h"
#include "store/sql.h"

/* Members of a summary, into an object that is open. */
void summary_put(struct sql *sql, int64_t incident, int64_t now, struct out *out);
/* A whole answer: every merchant. */
void merchants_put(struct sql *sql, struct out *out);
/* What was seen of the subject over the time of the incident, and what was not. */
void saw_put(struct sql *sql, int64_t incident, struct out *out);
/* Every byte of the subject was read over that time, so what was counted is all there was. */
bool saw_all(struct sql *sql, int64_t incident);
/* Members of a page beyond the summary. */
void page_put(struct sql *sql, int64_t incident, struct out *out);

#endif
