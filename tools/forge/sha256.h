/* sha256.h - FIPS 180-4 SHA-256 of a short run of bytes, as 64 hex digits. */
#ifndef FORGE_SHA256_H
#define FORGE_SHA256_H

#include <stddef.h>

void sha256_hex(const void *data, size_t len, char hex[static 65]);

#endif
