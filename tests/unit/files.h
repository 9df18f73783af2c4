/* files.h - small files for those who read some; a failure ends the test. */
#ifndef SEKISHO_TESTS_FILES_H
#define SEKISHO_TESTS_FILES_H

#include <stddef.h>

void file_write(const char *path, const void *data, size_t len);
void file_write_text(const char *path, const char *text);

#endif
