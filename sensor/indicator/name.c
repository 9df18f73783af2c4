#include "indicator/name.h"

#include <ctype.h>
#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>

#define VALUE_MAX 2048

/* hxxp -> http, [.] (.) {.} -> '.', [:] -> ':'; everything in lower case. */
static size_t refang(struct bytes text, char out[VALUE_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len < VALUE_MAX - 1; i++) {
		uint8_t c = text.ptr[i];
		bool wrapped = i + 2 < text.len && (c == '[' || c == '(' || c == '{') &&
			       (text.ptr[i + 1] == '.' || text.ptr[i + 1] == ':') &&
			       (text.ptr[i + 2] == ']' || text.ptr[i + 2] == ')' ||
				       text.ptr[i + 2] == '}');
		out[len++] = (char)byte_lower(wrapped ? text.ptr[i + 1] : c);
		i += wrapped ? 2 : 0;
	}
	out[len] = '\0';
	return len;
}

/* Takes scheme, user, path, query and port off; [v6]:port to v6. */
static char *host_part(char *text)
{
	char *scheme = strstr(text, "://");
	char *host = scheme != NULL ? scheme + 3 : text;
	bool url = scheme != NULL;

	host[strcspn(host, url ? "/?#" : "?#")] = '\0';
	char *at = strrchr(host, '@');
	host = at != NULL ? at + 1 : host;
	if (host[0] == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
		return host;
	}
	char *colon = strchr(host, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL) /* not IPv6 */
		*colon = '\0';
	return host;
}

static bool is_loopback(const struct prefix *prefix)
{
	struct prefix v4, v6;

	prefix_parse(bytes_text("127.0.0.0/8"), &v4);
	prefix_parse(bytes_text("::1/128"), &v6);
	return prefix_holds(&v4, &prefix->addr) || prefix_holds(&v6, &prefix->addr);
}

static bool read_prefix(const char *text, struct list_value *out, const char **why)
{
	struct prefix *prefix = &out->prefix;

	if (!prefix_parse(bytes_text(text), prefix))
		return false;
	out->kind = prefix->bits == 128 ? INDICATOR_ADDRESS : INDICATOR_PREFIX;
	if (prefix->bits < (addr_is4(&prefix->addr) ? 96 + 8 : 16))
		*why = "the prefix is too wide; at least /8 (IPv6: /16) is taken";
	else if (is_loopback(prefix))
		*why = "loopback addresses are refused";
	else if (addr_is4(&prefix->addr) && prefix->addr.b[12] == 0)
		*why = "addresses of 0.0.0.0/8 are refused";
	return true;
}

static bool plain_name(const char *name)
{
	size_t label = 0;

	for (; *name != '\0'; name++) {
		if (*name == '.' ? label == 0
				 : !isalnum((unsigned char)*name) && *name != '-' && *name != '_')
			return false;
		label = *name == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

static bool all_digits(const char *name)
{
	return name[strspn(name, "0123456789.")] == '\0';
}

static void read_domain(char *text, struct list_value *out, const char **why)
{
	char *ascii = NULL;

	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	else if (text[0] == '.')
		text++;
	size_t len = strlen(text);
	if (len > 0 && text[len - 1] == '.')
		text[len - 1] = '\0';
	out->kind = INDICATOR_DOMAIN;
	if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK) {
		if (!plain_name(text)) {
			*why = "neither an address, nor a prefix, nor a domain";
			return;
		}
		ascii = strdup(text); /* names with '_' exist in DNS, IDNA refuses them */
	}
	if (ascii == NULL || strlen(ascii) > DOMAIN_MAX || !plain_name(ascii) || all_digits(ascii))
		*why = "neither an address, nor a prefix, nor a domain";
	else if (strchr(ascii, '.') == NULL)
		*why = "a single label would match too much";
	else if (psl_is_public_suffix(psl_builtin(), ascii))
		*why = "a public suffix would match too much";
	else
		memcpy(out->domain, ascii, strlen(ascii) + 1);
	free(ascii);
}

bool list_value_read(struct bytes text, struct list_value *out, const char **why)
{
	char copy[VALUE_MAX];

	*why = NULL;
	memset(out, 0, sizeof(*out));
	text = bytes_trim(text);
	if (text.len == 0 || text.len >= VALUE_MAX)
		*why = text.len == 0 ? "an empty value" : "a value of 2 KiB or more";
	if (*why != NULL)
		return false;
	refang(text, copy);
	if (read_prefix(copy, out, why))
		return *why == NULL;
	char *host = host_part(copy);
	if (!read_prefix(host, out, why))
		read_domain(host, out, why);
	return *why == NULL;
}
