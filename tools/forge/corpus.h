/* corpus.h - the captures that speed is measured on: many interleaved flows as
 * on a tap, made straight into a file.
 *
 * http   clear shops: 90 % GET, 10 % POST of a form, bodies 300 B to 24 KiB of
 *        HTML, JavaScript, JSON and binary, a third of the text as gzip
 * tls    valid hellos with six names, then records of random bytes
 * small  DNS, SYN and bare ACK of 60 to 110 bytes, many flows */
#ifndef FORGE_CORPUS_H
#define FORGE_CORPUS_H

#include <stdint.h>

/* Dies when kind is unknown or the file cannot be written. */
void corpus_write(const char *kind, const char *file, uint64_t megabytes, uint64_t seed);

#endif
