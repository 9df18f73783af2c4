/* evidence.c - the shape of what stands around a card, without its values. */
#include "base/safe_text.h"
#include "mask/draft.h"
#include "mask/mask.h"

#define KEY_MAX 32
#define KEPT_VALUE_MAX 64
#define BIN_DIGITS 6

/* What becomes of a byte. */
enum cover {
	COVER_VALUE, /* letters '*', digits '#' */
	COVER_KEY,   /* letters stay */
	COVER_HOST,  /* letters and digits stay */
	COVER_SHOWN, /* a digit of BIN or last four */
	COVER_CARD,  /* any other digit of a card, two packed ones: '*' */
};

struct sheet {
	struct bytes in;
	uint8_t cover[MASKED_MAX]; /* enum cover */
	bool packed;               /* any byte may be two digits */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return byte_lower(c) >= 'a' && byte_lower(c) <= 'z';
}

static uint8_t at(const struct sheet *sheet, size_t i)
{
	return i < sheet->in.len ? sheet->in.ptr[i] : 0;
}

/* The digits in len bytes at off, behind so many of the hit's; their number with them.  A digit
 * shown by one hit and hidden by another, which overlaps it, is hidden. */
static size_t mark_digits(
	struct sheet *sheet, const struct pan_hit *hit, size_t digits, size_t off, size_t len)
{
	size_t tail = hit->digits >= PAN_LAST4_DIGITS ? 4 : 2;

	for (size_t i = off; i < off + len && i < sheet->in.len; i++) {
		if (!is_digit(sheet->in.ptr[i]))
			continue;
		bool shown = digits < BIN_DIGITS || digits + tail >= hit->digits;
		digits++;
		if (sheet->cover[i] != COVER_CARD)
			sheet->cover[i] = shown ? COVER_SHOWN : COVER_CARD;
	}
	return digits;
}

static void mark_hit(struct sheet *sheet, const struct pan_hit *hit)
{
	size_t digits = 0;

	if (hit->off > sheet->in.len || hit->len > sheet->in.len - hit->off)
		return;
	switch (hit->form) {
	case PAN_PACKED:
		memset(sheet->cover + hit->off, COVER_CARD, hit->len);
		sheet->packed = true;
		break;
	case PAN_SPLIT:
		for (size_t i = 0; i < PAN_PIECES_MAX; i++)
			digits = mark_digits(sheet, hit, digits, hit->off + hit->piece[i].off,
				hit->piece[i].len);
		break;
	default:
		mark_digits(sheet, hit, digits, hit->off, hit->len);
	}
}

/* Bytes of the name at i: a letter or '_', then [A-Za-z0-9_.%-] and brackets; 0 = none. */
static size_t name_len(const struct sheet *sheet, size_t i)
{
	size_t len = 0;

	if (!is_letter(at(sheet, i)) && at(sheet, i) != '_')
		return 0;
	while (len <= KEY_MAX) {
		uint8_t c = at(sheet, i + len);
		if (!is_letter(c) && !is_digit(c) && (c == 0 || strchr("_-.[]%", c) == NULL))
			break;
		len++;
	}
	return len <= KEY_MAX ? len : 0;
}

static bool has_upper(const struct sheet *sheet, size_t i, size_t len)
{
	for (size_t n = i; n < i + len; n++) {
		if (at(sheet, n) >= 'A' && at(sheet, n) <= 'Z')
			return true;
	}
	return false;
}

/* Where the value begins if a bare name of len bytes at i is a key, else 0.  At
 * the beginning the window may have cut a value: no upper case there, so that no
 * end of base64 or of a name passes for a key. */
static size_t after_bare(const struct sheet *sheet, size_t i, size_t len)
{
	uint8_t before = i > 0 ? at(sheet, i - 1) : 0;
	size_t end = i + len;

	if (i > 0 && strchr("&?;{,\n", before) == NULL)
		return 0;
	if (i == 0 && has_upper(sheet, i, len))
		return 0;
	while (at(sheet, end) == ' ' && end < i + len + 2)
		end++;
	if (at(sheet, end) == ':' && (before == '{' || before == '\n'))
		return end + 1;
	return at(sheet, end) == '=' && at(sheet, end + 1) != '=' ? end + 1 : 0;
}

/* The same for a name in quotes, plain or escaped; i is the name's first byte. */
static size_t after_quoted(const struct sheet *sheet, size_t i, size_t len)
{
	bool escaped = i > 1 && at(sheet, i - 2) == '\\';
	size_t open = i - (escaped ? 2 : 1), end = i + len;

	while (open > 0 && (at(sheet, open - 1) == ' ' || at(sheet, open - 1) == '\n'))
		open--;
	if (open > 0 && at(sheet, open - 1) != '{' && at(sheet, open - 1) != ',')
		return 0;
	if (escaped && at(sheet, end++) != '\\')
		return 0;
	if (at(sheet, end++) != '"')
		return 0;
	while (at(sheet, end) == ' ' && end < i + len + 4)
		end++;
	return at(sheet, end) == ':' ? end + 1 : 0;
}

static size_t value_len(const struct sheet *sheet, size_t i)
{
	size_t len = 0;

	while (len <= KEPT_VALUE_MAX && i + len < sheet->in.len) {
		uint8_t c = at(sheet, i + len);
		if (c <= ' ' || strchr("\"'&;,?\\}<>", c) != NULL)
			break;
		len++;
	}
	return len <= KEPT_VALUE_MAX ? len : 0;
}

static void mark(struct sheet *sheet, size_t i, size_t len, enum cover cover)
{
	for (size_t n = i; n < i + len && n < sheet->in.len; n++) {
		if (sheet->cover[n] == COVER_VALUE)
			sheet->cover[n] = (uint8_t)cover;
	}
}

static bool only(struct bytes text, const char *more)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (!is_letter(c) && !is_digit(c) && (c == 0 || strchr(more, c) == NULL))
			return false;
	}
	return true;
}

/* Values that say where to and are nobody's secret stay. */
static void keep_value(struct sheet *sheet, struct bytes key, size_t i)
{
	static const char *const hosts[] = {"host", "hostname", "domain"};
	static const char *const others[] = {"url", "action", "method"};

	while (i < sheet->in.len &&
		(at(sheet, i) == ' ' || at(sheet, i) == '"' || at(sheet, i) == '\\'))
		i++;
	size_t len = value_len(sheet, i);
	struct bytes value = bytes_head(bytes_skip(sheet->in, i), len);
	for (size_t n = 0; n < 3; n++) {
		if (bytes_equal_nocase(key, bytes_text(hosts[n])) && only(value, ".-:"))
			mark(sheet, i, len, COVER_HOST);
		if (bytes_equal_nocase(key, bytes_text(others[n])) && only(value, ".-:/_~"))
			mark(sheet, i, len, COVER_KEY);
	}
}

static void mark_keys(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->in.len; i++) {
		if (i > 0 && (is_letter(at(sheet, i - 1)) || is_digit(at(sheet, i - 1))))
			continue;
		size_t len = name_len(sheet, i);
		if (len == 0)
			continue;
		bool quoted = i > 0 && at(sheet, i - 1) == '"';
		size_t value = quoted ? after_quoted(sheet, i, len) : after_bare(sheet, i, len);
		if (value == 0)
			continue;
		mark(sheet, i, len, COVER_KEY);
		keep_value(sheet, bytes_head(bytes_skip(sheet->in, i), len), value);
	}
}

static uint8_t covered(const struct sheet *sheet, size_t i)
{
	uint8_t c = sheet->in.ptr[i], cover = sheet->cover[i];

	if (cover == COVER_CARD)
		return '*';
	if (cover == COVER_VALUE && sheet->packed)
		return '.';
	if (is_digit(c))
		return cover == COVER_SHOWN || cover == COVER_HOST ? c : '#';
	if (is_letter(c))
		return cover == COVER_KEY || cover == COVER_HOST ? c : '*';
	return c >= ' ' && c < 0x7f ? c : '.';
}

void mask_evidence(
	struct masked *out, struct bytes around, const struct pan_hit hits[], uint32_t count)
{
	struct sheet sheet = {.in = bytes_head(around, MASKED_MAX)};
	struct draft draft = {.cut = around.len > MASKED_MAX};

	for (uint32_t i = 0; i < count; i++)
		mark_hit(&sheet, &hits[i]);
	mark_keys(&sheet);
	for (size_t i = 0; i < sheet.in.len && !sheet.packed; i++)
		sheet.packed = draft_packed(sheet.in, i) > 0;
	for (size_t i = 0; i < sheet.in.len;) {
		size_t len = safe_char(bytes_skip(sheet.in, i));
		bool wide = len > 1;
		draft.text[draft.len++] = wide ? '*' : covered(&sheet, i);
		i += wide ? len : 1;
	}
	draft_cover_base64(&draft);
	draft_cover_digits(&draft);
	draft_finish(&draft, out);
}
