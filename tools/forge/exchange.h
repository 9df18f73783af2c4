/* exchange.h - the exchanges of a scenario.  Each takes its head line and the
 * lines of its block (none for one-line exchanges), and fails with a message. */
#ifndef FORGE_EXCHANGE_H
#define FORGE_EXCHANGE_H

#include "stage.h"

/* http CLIENT SERVER[:80] ... end */
void exchange_http(
	struct stage *stage, const struct line *head, const struct line *block, size_t cnt);
/* tcp|udp|icmp CLIENT SERVER[:PORT], send|recv TEXT, ... end */
void exchange_raw(
	struct stage *stage, const struct line *head, const struct line *block, size_t cnt);
/* dns CLIENT RESOLVER A|AAAA|TXT NAME [VALUE...] [cname NAME] [ttl N] [nx] [lost] */
void exchange_dns(struct stage *stage, const struct line *head);
/* tls CLIENT SERVER[:443] [sni NAME] [alpn NAME] [send N recv N]... */
void exchange_tls(struct stage *stage, const struct line *head);
/* syn CLIENT SERVER[:PORT] [refused] */
void exchange_syn(struct stage *stage, const struct line *head);

#endif
