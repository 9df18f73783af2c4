/* frame.h - bytes as they came from a wire or a file, before anybody looked.
 *
 * Borrowed: the bytes belong to the source's block and are valid until that
 * block is given back (capture/source.h).  Never changed, kept no longer than its block is held. */
#ifndef SEKISHO_BASE_FRAME_H
#define SEKISHO_BASE_FRAME_H

#include <stdint.h>

/* Link types as in the LINKTYPE_ registry of tcpdump.org, as far as we decode them. */
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

struct frame {
	const uint8_t *data;
	uint32_t caplen;   /* bytes at data */
	uint32_t wirelen;  /* bytes on the wire; >= caplen unless the file lies */
	uint64_t ts_ns;    /* as stamped by the source, ns since 1970; may go backwards */
	uint64_t number;   /* of this source, from 1, as capture tools count */
	uint16_t link;     /* enum link_type, or a number we do not decode */
	uint16_t source;   /* which file or interface, from 0 */
	uint32_t block;    /* the source's block that lends the bytes */
	uint32_t vlan;     /* 0, or 0x10000 | TCI taken off by the kernel */
};

#endif
