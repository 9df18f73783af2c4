#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/safe_text.h"

#define LINE_MAX_BYTES 1536
#define EVE_MS_LEN 23 /* of "2026-01-31T09:15:02.123456+0000", up to milliseconds */

static const char *const words[] = {"info", "warn", "error"};

void log_line(enum log_level level, const char *format, ...)
{
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES], eve[CLOCK_EVE_MAX];
	va_list args;

	clock_eve(clock_real_ns(), eve);
	int head = snprintf(line, sizeof(line), "%.*sZ %s ", EVE_MS_LEN, eve, words[level]);
	if (head < 0)
		return;
	va_start(args, format);
	int len = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	size_t n = (size_t)head;
	n += safe_line(line + n, sizeof(line) - n - 1,
		bytes_of(raw, len > 0 ? strnlen(raw, sizeof(raw)) : 0));
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) == -1)
		return; /* nobody is left to be told */
}
