#include "encode.h"

#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW_BITS (15 + 16)

static void grow(struct encode *e, size_t more)
{
	if (e->data != NULL && more <= e->room - e->len)
		return;
	size_t room = 2 * (e->len + more) + 64;
	uint8_t *data = realloc(e->data, room);

	if (data == NULL)
		abort();
	e->data = data;
	e->room = room;
}

void encode_free(struct encode *e)
{
	free(e->data);
	*e = (struct encode){.data = NULL};
}

struct bytes encode_bytes(const struct encode *e)
{
	return bytes_of(e->data, e->len);
}

static void put(struct encode *e, uint64_t v, unsigned bytes)
{
	grow(e, bytes);
	for (unsigned i = 0; i < bytes; i++)
		e->data[e->len++] = (uint8_t)(v >> 8 * (e->big ? bytes - 1 - i : i));
}

void encode_u16(struct encode *e, uint16_t v)
{
	put(e, v, 2);
}

void encode_u32(struct encode *e, uint32_t v)
{
	put(e, v, 4);
}

void encode_raw(struct encode *e, const void *data, size_t len)
{
	grow(e, len);
	if (len > 0)
		memcpy(e->data + e->len, data, len);
	e->len += len;
}

uint8_t encode_payload(uint8_t fill, size_t i)
{
	return (uint8_t)(fill + 7 * i);
}

static void put_payload(struct encode *e, uint8_t fill, size_t len)
{
	grow(e, len);
	for (size_t i = 0; i < len; i++)
		e->data[e->len++] = encode_payload(fill, i);
}

static void pad(struct encode *e)
{
	while (e->len % 4 != 0)
		put(e, 0, 1);
}

void encode_pcap(struct encode *e, uint32_t magic, uint32_t link)
{
	put(e, magic, 4);
	put(e, 2, 2);
	put(e, 4, 2);
	put(e, 0, 4);
	put(e, 0, 4);
	put(e, 65535, 4);
	put(e, link, 4);
}

void encode_record(struct encode *e, bool modified, uint32_t s, uint32_t fraction, uint32_t len,
	uint32_t wirelen, uint8_t fill)
{
	put(e, s, 4);
	put(e, fraction, 4);
	put(e, len, 4);
	put(e, wirelen, 4);
	if (modified) {
		put(e, 2, 4);      /* interface */
		put(e, 0x0800, 2); /* protocol */
		put(e, 4, 1);      /* packet type */
		put(e, 0, 1);
	}
	put_payload(e, fill, len);
}

/* Starts a block; returns where its length stands. */
static size_t begin_block(struct encode *e, uint32_t type)
{
	put(e, type, 4);
	put(e, 0, 4);
	return e->len - 4;
}

static void end_block(struct encode *e, size_t length_at)
{
	pad(e);
	uint32_t len = (uint32_t)(e->len - length_at + 8);

	put(e, len, 4);
	memcpy(e->data + length_at, e->data + e->len - 4, 4);
}

void encode_block(struct encode *e, uint32_t type, const void *body, size_t len)
{
	size_t at = begin_block(e, type);

	encode_raw(e, body, len);
	end_block(e, at);
}

static void put_comment(struct encode *e)
{
	put(e, 1, 2);
	put(e, 5, 2);
	encode_raw(e, "hello", 5);
	pad(e);
}

static void put_end_of_options(struct encode *e)
{
	put(e, 0, 2);
	put(e, 0, 2);
}

void encode_section(struct encode *e)
{
	size_t at = begin_block(e, 0x0a0d0d0a);

	put(e, 0x1a2b3c4d, 4);
	put(e, 1, 2);
	put(e, 0, 2);
	put(e, UINT64_MAX, 8);
	put_comment(e);
	put_end_of_options(e);
	end_block(e, at);
}

void encode_interface(
	struct encode *e, uint16_t link, uint32_t snaplen, int resolution, int64_t offset_s)
{
	size_t at = begin_block(e, 1);

	put(e, link, 2);
	put(e, 0, 2);
	put(e, snaplen, 4);
	if (resolution >= 0 || offset_s != 0) {
		put_comment(e);
		if (resolution >= 0) {
			put(e, 9, 2);
			put(e, 1, 2);
			put(e, (uint64_t)resolution, 1);
			pad(e);
		}
		if (offset_s != 0) {
			put(e, 14, 2);
			put(e, 8, 2);
			put(e, (uint64_t)offset_s, 8);
		}
		put_end_of_options(e);
	}
	end_block(e, at);
}

void encode_packet(struct encode *e, uint32_t interface, uint64_t units, uint32_t len,
	uint32_t wirelen, uint8_t fill)
{
	size_t at = begin_block(e, 6);

	put(e, interface, 4);
	put(e, units >> 32, 4);
	put(e, units & UINT32_MAX, 4);
	put(e, len, 4);
	put(e, wirelen, 4);
	put_payload(e, fill, len);
	pad(e);
	put_comment(e);
	put_end_of_options(e);
	end_block(e, at);
}

void encode_obsolete(struct encode *e, uint16_t interface, uint64_t units, uint32_t len,
	uint32_t wirelen, uint8_t fill)
{
	size_t at = begin_block(e, 2);

	put(e, interface, 2);
	put(e, 3, 2); /* drops */
	put(e, units >> 32, 4);
	put(e, units & UINT32_MAX, 4);
	put(e, len, 4);
	put(e, wirelen, 4);
	put_payload(e, fill, len);
	end_block(e, at);
}

void encode_simple(struct encode *e, uint32_t len, uint32_t wirelen, uint8_t fill)
{
	size_t at = begin_block(e, 3);

	put(e, wirelen, 4);
	put_payload(e, fill, len);
	end_block(e, at);
}

void encode_gzip(struct encode *to, struct bytes from)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)from.ptr, .avail_in = (uInt)from.len};

	if (Z_OK != deflateInit2(&z, 6, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY))
		abort();
	size_t bound = deflateBound(&z, (uLong)from.len);

	grow(to, bound);
	z.next_out = to->data + to->len;
	z.avail_out = (uInt)bound;
	if (Z_STREAM_END != deflate(&z, Z_FINISH))
		abort();
	to->len += bound - z.avail_out;
	deflateEnd(&z);
}
