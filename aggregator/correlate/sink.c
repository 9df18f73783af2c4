/* sink.c - the only file that includes libpsl. */
#include "correlate/sink.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"

void sink_name(const char *raw, char *out, size_t size)
{
	size_t n = 0, len = strcspn(raw, "/@ ");
	const char *colon = memchr(raw, ':', len);

	if (colon != NULL && memchr(colon + 1, ':', len - (size_t)(colon + 1 - raw)) == NULL)
		len = (size_t)(colon - raw);
	if (raw[0] == '[')
		len = 0; /* an IPv6 literal: the address says it */
	while (len > 0 && raw[len - 1] == '.')
		len--;
	while (n < len && n + 1 < size) {
		out[n] = (char)byte_lower((uint8_t)raw[n]);
		n++;
	}
	out[n] = '\0';
}

static bool is_address(const char *name)
{
	struct addr addr;

	return addr_parse(bytes_text(name), &addr);
}

static void path_sink(const struct sink_in *in, const char *name, char *out, size_t size)
{
	snprintf(out, size, "path %s%.*s", name, (int)strcspn(in->url, "?#"), in->url);
}

void sink_of(const struct sink_in *in, char *out, size_t size)
{
	char name[254];

	sink_name(in->name, name, sizeof(name));
	if (in->fetched && in->url[0] != '\0') {
		path_sink(in, name, out, size);
		return;
	}
	if (in->fetched) {
		snprintf(out, size, "%s", in->ip);
		return;
	}
	if (name[0] != '\0' && !is_address(name)) {
		const char *registrable = psl_registrable_domain(psl_builtin(), name);

		snprintf(out, size, "%s", registrable != NULL ? registrable : name);
		return;
	}
	snprintf(out, size, strchr(in->ip, ':') != NULL ? "[%s]:%lld" : "%s:%lld", in->ip,
		(long long)in->port);
}
