#include "mask/mask.h"

#include "base/addr.h"
#include "mask/draft.h"

#define VALUE_KEPT 3  /* bytes of a query value that may stay */
#define DIGITS_KEPT 2 /* and digits in it: a security code has 3 */
#define QUERY_KEY_MAX 32

static void finish(struct draft *draft, struct masked *out)
{
	draft_cover_base64(draft);
	draft_cover_digits(draft);
	draft_finish(draft, out);
}

/* "203.0.113.10" or "203.0.113.10:8080": says where to, and is too short for a card. */
static bool is_address4(struct bytes name)
{
	struct bytes head = bytes_head(name, bytes_find_byte(name, ':'));
	struct bytes port = bytes_skip(name, head.len);
	struct addr addr;

	for (size_t i = 1; i < port.len; i++) {
		if (port.ptr[i] < '0' || port.ptr[i] > '9')
			return false;
	}
	return head.len <= 15 && port.len <= 6 && addr_parse(head, &addr) && addr_is4(&addr);
}

static size_t digits_in(struct bytes text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] >= '0' && text.ptr[i] <= '9';
	return count;
}

static size_t find_any(struct bytes text, const char *set)
{
	size_t i = 0;

	while (i < text.len && (text.ptr[i] == '\0' || strchr(set, text.ptr[i]) == NULL))
		i++;
	return i;
}

/* One "key=value", or what stands for one. */
static void add_parameter(struct draft *draft, struct bytes parameter)
{
	size_t equals = bytes_find_byte(parameter, '=');
	struct bytes key = bytes_head(parameter, equals),
		     value = bytes_skip(parameter, key.len + 1);

	if (key.len > QUERY_KEY_MAX)
		draft_add_length(draft, key.len);
	else
		draft_add(draft, key);
	if (equals == SIZE_MAX)
		return;
	draft_add(draft, bytes_text("="));
	if (value.len > VALUE_KEPT || digits_in(value) > DIGITS_KEPT)
		draft_add_length(draft, value.len);
	else
		draft_add(draft, value);
}

static void add_query(struct draft *draft, struct bytes query)
{
	while (query.len > 0 && !draft->cut) {
		size_t len = find_any(query, "&;#");
		add_parameter(draft, bytes_head(query, len));
		draft_add(draft, bytes_head(bytes_skip(query, len), 1));
		query = bytes_skip(query, len + 1);
	}
}

/* scheme://user:password@host -> scheme://host; the rest of the URL. */
static struct bytes add_authority(struct draft *draft, struct bytes url)
{
	size_t scheme = bytes_find(url, bytes_text("://"));
	size_t head = find_any(url, "/?#");

	if (scheme == SIZE_MAX || scheme + 1 != head)
		return url;
	draft_add(draft, bytes_head(url, scheme + 3));
	url = bytes_skip(url, scheme + 3);
	struct bytes authority = bytes_head(url, find_any(url, "/?#"));
	for (size_t at; (at = bytes_find_byte(authority, '@')) != SIZE_MAX;) {
		authority = bytes_skip(authority, at + 1);
		url = bytes_skip(url, at + 1);
	}
	return url;
}

void mask_text(struct masked *out, struct bytes text)
{
	struct draft draft = {.len = 0};

	draft_add(&draft, text);
	finish(&draft, out);
}

void mask_key(struct masked *out, struct bytes key)
{
	mask_text(out, key);
}

void mask_name(struct masked *out, struct bytes name)
{
	struct draft draft = {.len = 0};

	draft_add(&draft, name);
	if (is_address4(name))
		draft_finish(&draft, out);
	else
		finish(&draft, out);
}

void mask_url(struct masked *out, struct bytes url)
{
	struct draft draft = {.len = 0};

	url = add_authority(&draft, url);
	size_t path = find_any(url, "?#");
	draft_add(&draft, bytes_head(url, path));
	draft_add(&draft, bytes_head(bytes_skip(url, path), 1));
	add_query(&draft, bytes_skip(url, path + 1));
	finish(&draft, out);
}
