/* text.c - addresses, prefixes and host names of a policy. */
#include "policy/load.h"

#define MAPPED_BITS 96
#define LABEL_MAX 63

bool load_full(struct load *load)
{
	return err_set(load->err, EXIT_CANNOT, "policy: out of memory");
}

static bool covers_ipv4(const struct prefix *prefix)
{
	const struct addr zero = addr_from4(0);

	return prefix->bits <= MAPPED_BITS && prefix_holds(prefix, &zero);
}

bool load_prefix(struct load *load, const struct yaml_node *node, struct prefix *out)
{
	const char *text;
	char canonical[ADDR_TEXT_MAX];
	struct addr addr;

	if (!yaml_text(node, &text, load->err))
		return false;
	struct bytes whole = bytes_text(text);
	if (!prefix_parse(whole, out))
		return yaml_error(node, load->err,
			"\"%s\" is no address and no prefix; write 192.0.2.1, 192.0.2.0/24 or "
			"2001:db8::/32",
			text);
	if (covers_ipv4(out) || out->bits == 0)
		return yaml_error(node, load->err,
			"\"%s\" holds every address; name the prefixes that are meant", text);
	size_t slash = bytes_find_byte(whole, '/');
	if (slash == SIZE_MAX || !addr_parse(bytes_head(whole, slash), &addr) ||
		addr_compare(&addr, &out->addr) == 0)
		return true;
	addr_text(&out->addr, canonical);
	return yaml_error(node, load->err,
		"\"%s\" has bits set beyond its length; write %s%s for the network, or leave out "
		"%s "
		"for the one address",
		text, canonical, text + slash, text + slash);
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* What is wrong with a host name, or NULL.  labels: how many it has. */
static const char *host_fault(struct bytes name, uint32_t *labels)
{
	size_t label = 0;
	bool letter = false;

	*labels = 1;
	if (name.len == 0 || name.len > NAME_LEN_MAX)
		return "must have 1 to 253 bytes";
	for (size_t i = 0; i < name.len; i++) {
		char c = (char)name.ptr[i];

		if (c == '*')
			return "needs no \"*\": names below a host name are meant too; write it "
			       "without";
		if (c == '.' && label == 0)
			return "has an empty label";
		if (c != '.' && !label_char(c))
			return "may hold letters, digits, \"-\" and \"_\" only; no port, no URL, "
			       "and other scripts as xn--...";
		letter |= c != '.' && (c < '0' || c > '9');
		label = c == '.' ? 0 : label + 1;
		*labels += c == '.';
		if (label > LABEL_MAX)
			return "has a label of more than 63 bytes";
	}
	if (label == 0)
		return "has an empty label";
	if (!letter)
		return "is an address or a number; write a host name here";
	return *labels < 2 ? "has one label only, it would hold everything below; write it in full"
			   : NULL;
}

bool load_host(struct load *load, const struct yaml_node *node, uint32_t *off, uint32_t *len)
{
	const char *text;
	uint32_t labels;

	if (!yaml_text(node, &text, load->err))
		return false;
	struct bytes name = bytes_text(text);
	if (name.len > 1 && name.ptr[name.len - 1] == '.')
		name.len--;
	const char *fault = host_fault(name, &labels);
	if (fault != NULL)
		return yaml_error(node, load->err, "host name \"%s\" %s", text, fault);
	if (labels > load->draft.labels_max)
		load->draft.labels_max = (uint16_t)labels;
	*off = draft_text(&load->draft, name, true);
	*len = (uint32_t)name.len;
	return *off != UINT32_MAX || load_full(load);
}
