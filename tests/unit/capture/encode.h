/* encode.h - writes capture files in memory, as the formats are described and
 * without a line of the reader.  Owner: the caller, encode_free(). */
#ifndef SEKISHO_TEST_CAPTURE_ENCODE_H
#define SEKISHO_TEST_CAPTURE_ENCODE_H

#include "base/bytes.h"

struct encode {
	uint8_t *data;
	size_t len, room;
	bool big; /* byte order of what is written next */
};

void encode_free(struct encode *e);
struct bytes encode_bytes(const struct encode *e);
void encode_u16(struct encode *e, uint16_t v);
void encode_u32(struct encode *e, uint32_t v);
void encode_raw(struct encode *e, const void *data, size_t len);

#define PCAP_MICRO 0xa1b2c3d4u
#define PCAP_NANO 0xa1b23c4du
#define PCAP_MODIFIED 0xa1b2cd34u

void encode_pcap(struct encode *e, uint32_t magic, uint32_t link);
/* A record; modified: with the 8 bytes more of that form.  The bytes are
 * encode_payload(fill, .) so that a reader that is off by one is seen. */
void encode_record(struct encode *e, bool modified, uint32_t s, uint32_t fraction, uint32_t len,
	uint32_t wirelen, uint8_t fill);
/* Byte i of a frame made with fill. */
uint8_t encode_payload(uint8_t fill, size_t i);

/* A block around body. */
void encode_block(struct encode *e, uint32_t type, const void *body, size_t len);
void encode_section(struct encode *e);
/* resolution < 0, offset 0: without that option. */
void encode_interface(
	struct encode *e, uint16_t link, uint32_t snaplen, int resolution, int64_t offset_s);
/* Enhanced packet with a comment option behind the bytes. */
void encode_packet(struct encode *e, uint32_t interface, uint64_t units, uint32_t len,
	uint32_t wirelen, uint8_t fill);
void encode_obsolete(struct encode *e, uint16_t interface, uint64_t units, uint32_t len,
	uint32_t wirelen, uint8_t fill);
/* Simple packet with len bytes in the block. */
void encode_simple(struct encode *e, uint32_t len, uint32_t wirelen, uint8_t fill);

/* What gzip makes of it, one member appended to *to. */
void encode_gzip(struct encode *to, struct bytes from);

#endif
