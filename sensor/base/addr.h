/* addr.h - one IPv4 or IPv6 address.  IPv4 is kept as ::ffff:a.b.c.d, so a
 * table needs one shape; addr_is4() tells.  (A real IPv6 packet carrying a
 * mapped address is counted as IPv4 in tables; the wire never routes one.) */
#ifndef SEKISHO_BASE_ADDR_H
#define SEKISHO_BASE_ADDR_H

#include "base/bytes.h"

#define ADDR_TEXT_MAX 46 /* with NUL */

struct addr {
	uint8_t b[16]; /* network order */
};

struct prefix {
	struct addr addr;
	uint8_t bits; /* 0..128; an IPv4 /n is 96 + n, so ::/0 holds IPv4 too */
};

struct addr addr_from4(uint32_t host_order);
bool addr_is4(const struct addr *a);
/* <0, 0, >0 as memcmp of the 16 bytes. */
int addr_compare(const struct addr *a, const struct addr *b);
bool prefix_holds(const struct prefix *p, const struct addr *a);

/* Text (RFC 5952) with NUL; returns its length. */
size_t addr_text(const struct addr *a, char out[static ADDR_TEXT_MAX]);
/* Whole text must be one address; no zone ids, no leading zeros. */
bool addr_parse(struct bytes text, struct addr *out);
/* "ADDR" or "ADDR/BITS"; host bits beyond the prefix are cleared. */
bool prefix_parse(struct bytes text, struct prefix *out);

#endif
