#include "base/addr.h"

#include <arpa/inet.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct addr addr_from4(uint32_t host_order)
{
	struct addr a;

	memcpy(a.b, mapped, sizeof(mapped));
	for (int i = 0; i < 4; i++)
		a.b[12 + i] = (uint8_t)(host_order >> (24 - 8 * i));
	return a;
}

bool addr_is4(const struct addr *a)
{
	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool prefix_holds(const struct prefix *p, const struct addr *a)
{
	size_t whole = p->bits / 8;
	unsigned rest = p->bits % 8;

	if (memcmp(p->addr.b, a->b, whole) != 0)
		return false;
	return rest == 0 || ((p->addr.b[whole] ^ a->b[whole]) >> (8 - rest)) == 0;
}

static size_t put_decimal(char *out, unsigned byte)
{
	size_t n = 0;

	if (byte >= 100)
		out[n++] = (char)('0' + byte / 100);
	if (byte >= 10)
		out[n++] = (char)('0' + byte / 10 % 10);
	out[n++] = (char)('0' + byte % 10);
	return n;
}

static size_t put_hex(char *out, unsigned group)
{
	size_t n = 0;

	for (int shift = 12; shift >= 0; shift -= 4)
		if (n > 0 || shift == 0 || group >> shift != 0)
			out[n++] = "0123456789abcdef"[group >> shift & 15];
	return n;
}

/* RFC 5952 section 4.2: the longest run of two or more zero groups, the first
 * of equals, is what "::" stands for. */
static int longest_zeros(const unsigned group[static 8], int *len)
{
	int best = -1;

	*len = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > *len) {
			best = i;
			*len = n;
		}
		i += n;
	}
	return best;
}

static size_t text6(const struct addr *a, char *out)
{
	unsigned group[8];
	int zeros, zeros_len;
	size_t n = 0;

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
	zeros = longest_zeros(group, &zeros_len);
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			out[n++] = ':';
			out[n++] = ':';
			i += zeros_len - 1;
			continue;
		}
		if (n > 0 && out[n - 1] != ':')
			out[n++] = ':';
		n += put_hex(out + n, group[i]);
	}
	return n;
}

size_t addr_text(const struct addr *a, char out[static ADDR_TEXT_MAX])
{
	size_t n = 0;

	if (!addr_is4(a)) {
		n = text6(a, out);
	} else {
		for (int i = 12; i < 16; i++) {
			n += put_decimal(out + n, a->b[i]);
			if (i < 15)
				out[n++] = '.';
		}
	}
	out[n] = '\0';
	return n;
}

bool addr_parse(struct bytes text, struct addr *out)
{
	char copy[ADDR_TEXT_MAX];
	struct in_addr four;

	if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, 0, text.len) != NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, &four) == 1) {
		*out = addr_from4(ntohl(four.s_addr));
		return true;
	}
	return inet_pton(AF_INET6, copy, out->b) == 1;
}

static bool bits_parse(struct bytes text, unsigned max, unsigned *bits)
{
	if (text.len == 0 || text.len > 3 || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	*bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*bits = *bits * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return *bits <= max;
}

bool prefix_parse(struct bytes text, struct prefix *out)
{
	size_t slash = bytes_find_byte(text, '/');
	bool four = bytes_find_byte(text, ':') == SIZE_MAX;
	unsigned bits = four ? 32 : 128;

	if (!addr_parse(bytes_head(text, slash), &out->addr))
		return false;
	if (slash != SIZE_MAX && !bits_parse(bytes_skip(text, slash + 1), bits, &bits))
		return false;
	if (four)
		bits += 96;
	out->bits = (uint8_t)bits;
	if (bits % 8 != 0)
		out->addr.b[bits / 8] &= (uint8_t)(0xff00 >> bits % 8);
	for (size_t i = (bits + 7) / 8; i < sizeof(out->addr.b); i++)
		out->addr.b[i] = 0;
	return true;
}
