/* gzip.c - RFC 1952 by zlib. */
#include "gzip.h"

#include <zlib.h>

void gzip_add(struct buf *out, const void *data, size_t len, int level)
{
	z_stream z = {0};
	uint8_t block[16384];
	int rc;

	if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die("no memory to compress");
	z.next_in = (z_const Bytef *)data;
	z.avail_in = (uInt)len;
	do {
		z.next_out = block;
		z.avail_out = sizeof(block);
		rc = deflate(&z, Z_FINISH);
		buf_add(out, block, sizeof(block) - z.avail_out);
	} while (rc == Z_OK || rc == Z_BUF_ERROR);
	deflateEnd(&z);
}
