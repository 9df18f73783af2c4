/* tls.h - TLS 1.3 as a tap sees it (RFC 8446): valid hellos, then records of
 * random bytes.  Nothing is encrypted: what was said is thrown away. */
#ifndef FORGE_TLS_H
#define FORGE_TLS_H

#include "stage.h"

/* Says both sides' handshake in a scene that has said nothing yet.  sni and
 * alpn ("h2", "http/1.1"): "" for none. */
void tls_handshake(struct stage *stage, struct scene *scene, const char *sni, const char *alpn);
/* Says len bytes of application data in records of at most 16 KiB. */
size_t tls_records(
	struct stage *stage, struct scene *scene, unsigned side, size_t len, int64_t delay_ns);
/* Replaces what the scene said by a handshake and records of the same sizes;
 * its plants then cover the records. */
void tls_wrap(struct stage *stage, struct scene *scene);
/* The client's first message alone, for the corpora. */
void tls_client_hello(struct buf *out, struct rng *rng, const char *sni, const char *alpn);
void tls_server_hello(struct buf *out, struct rng *rng);

#endif
