#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/safe_text.h"

bool err_set(struct err *err, int status, const char *format, ...)
{
	char raw[sizeof(err->text) + 8]; /* safe_line never shortens, so more could not be shown */
	va_list args;

	va_start(args, format);
	int len = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	err->status = status;
	safe_line(err->text, sizeof(err->text),
		bytes_of(raw, len > 0 ? strnlen(raw, sizeof(raw)) : 0));
	return false;
}
