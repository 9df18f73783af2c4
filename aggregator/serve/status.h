/* status.h - the answer to GET /status: what runs, what was seen, what was not. */
#ifndef SEKISHO_SERVE_STATUS_H
#define SEKISHO_SERVE_STATUS_H

#include "serve/api.h"

/* The whole object. */
void status_put(const struct api *api, struct out *out);
/* Two arrays of it: what the interfaces, then what the merchants and servers
 * showed in the last two days (UTC) that their run knows of. */
void status_interfaces(struct sql *sql, struct out *out);
void status_merchants(struct sql *sql, struct out *out);

#endif
