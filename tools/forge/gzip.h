/* gzip.h - RFC 1952 by zlib, the only file that uses it. */
#ifndef FORGE_GZIP_H
#define FORGE_GZIP_H

#include "buf.h"

/* Appends data, compressed at level 1..9. */
void gzip_add(struct buf *out, const void *data, size_t len, int level);

#endif
