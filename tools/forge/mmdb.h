/* mmdb.h - a small MaxMind DB (format 2.0, maxmind.github.io/MaxMind-DB) with
 * made-up countries and networks for the documentation addresses. */
#ifndef FORGE_MMDB_H
#define FORGE_MMDB_H

/* Dies when the file cannot be written. */
void mmdb_write(const char *file);

#endif
