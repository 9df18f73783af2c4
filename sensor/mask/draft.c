#include "mask/draft.h"

#include <stdio.h>

#include "base/safe_text.h"
#include "pan/pan.h"

#define RUN_MIN 12      /* digits from which a run is covered */
#define RUN_CARD_MIN 14 /* shorter cards would show too much with BIN and last four */
#define RUN_CARD_MAX 19
#define RUN_HEAD 2   /* digits that stay of a run that is no card */
#define GAP_MAX 3    /* characters between digits that are seen through */
#define LEVELS_MAX 4 /* escapes inside escapes */
#define BASE64_RUN_MIN 16
#define PACKED_MIN 6 /* bytes of 12 packed digits */
#define PACKED_MAX 19

/* A byte after decoding, and the bytes of the draft it stands for. */
struct unit {
	uint8_t value;
	uint16_t start, end;
};

struct units {
	struct unit unit[DRAFT_MAX];
	size_t count;
};

/* Digits of a run: indices of units, the last one of each digit. */
struct run {
	uint16_t first[DRAFT_MAX], last[DRAFT_MAX];
	char digit[DRAFT_MAX];
	size_t count;
	bool plain; /* every digit is one byte of the draft */
};

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits in units at..at + len; -1: there is another byte, or the end. */
static int hex_number(const struct units *units, size_t at, size_t len)
{
	int value = 0;

	for (size_t i = at; i < at + len; i++) {
		if (i >= units->count || hex_value(units->unit[i].value) < 0)
			return -1;
		value = value << 4 | hex_value(units->unit[i].value);
	}
	return value;
}

static uint8_t value_at(const struct units *units, size_t at)
{
	return at < units->count ? units->unit[at].value : 0;
}

/* "&#52;" or "&#x34;" at the unit; its length, 0 = none. */
static size_t entity(const struct units *units, size_t at, int *value)
{
	bool hex = byte_lower(value_at(units, at + 2)) == 'x';
	size_t i = at + (hex ? 3 : 2);
	int base = hex ? 16 : 10;

	*value = 0;
	if (value_at(units, at + 1) != '#')
		return 0;
	for (size_t digits = 0; digits < 6; digits++, i++) {
		int digit = hex_value(value_at(units, i));
		if (digit < 0 || digit >= base)
			break;
		*value = *value * base + digit;
	}
	return value_at(units, i) == ';' && i > at + 2 ? i + 1 - at : 0;
}

/* The escape at the unit, its length in units (0 = none) and what it stands for. */
static size_t escape(const struct units *units, size_t at, int *value)
{
	switch (units->unit[at].value) {
	case '%':
		*value = hex_number(units, at + 1, 2);
		return *value >= 0 ? 3 : 0;
	case '\\':
		if (value_at(units, at + 1) == 'x') {
			*value = hex_number(units, at + 2, 2);
			return *value >= 0 ? 4 : 0;
		}
		*value = value_at(units, at + 1) == 'u' ? hex_number(units, at + 2, 4) : -1;
		return *value >= 0 ? 6 : 0;
	case '&':
		return entity(units, at, value);
	default:
		return 0;
	}
}

/* One level of escapes away, in place.  False: there was none. */
static bool decode(struct units *units)
{
	size_t out = 0;
	bool changed = false;

	for (size_t at = 0; at < units->count; out++) {
		int value = 0;
		size_t len = escape(units, at, &value);
		struct unit unit = units->unit[at];
		if (len > 0) {
			if (value >= 0xff10 && value <= 0xff19)
				value -= 0xff10 - '0';
			unit.value = value < 0x100 ? (uint8_t)value : 0x80;
			unit.end = units->unit[at + len - 1].end;
			changed = true;
		}
		units->unit[out] = unit;
		at += len > 0 ? len : 1;
	}
	units->count = out;
	return changed;
}

/* Units of the digit at the unit (1, or 3 for a full-width one), 0 = none. */
static size_t digit_units(const struct units *units, size_t at, char *digit)
{
	uint8_t c = units->unit[at].value;

	if (c >= '0' && c <= '9') {
		*digit = (char)c;
		return 1;
	}
	if (c != 0xef || value_at(units, at + 1) != 0xbc)
		return 0;
	c = value_at(units, at + 2);
	*digit = (char)('0' + (c & 0x0f));
	return c >= 0x90 && c <= 0x99 ? 3 : 0;
}

static void cover_units(struct draft *draft, const struct units *units, size_t first, size_t last)
{
	for (size_t i = units->unit[first].start; i < units->unit[last].end; i++)
		draft->text[i] = '*';
}

static bool is_card(const struct run *run)
{
	return run->plain && run->count >= RUN_CARD_MIN && run->count <= RUN_CARD_MAX &&
	       pan_luhn(run->digit, run->count);
}

/* open: more digits may follow behind the end of the draft. */
static void cover_run(
	struct draft *draft, const struct units *units, const struct run *run, bool open)
{
	size_t head = RUN_HEAD, tail = 0;

	if (run->count < RUN_MIN && !open)
		return;
	if (!open && is_card(run)) {
		head = 6;
		tail = 4;
	} else if (!run->plain) {
		head = 0;
	}
	for (size_t i = head; i + tail < run->count; i++)
		cover_units(draft, units, run->first[i], run->last[i]);
}

/* May the byte stand between the digits of one number? */
static bool separates(uint8_t c)
{
	uint8_t lower = byte_lower(c);

	return !(lower >= 'a' && lower <= 'z') && c != '*' && c != '#';
}

static void cover_level(struct draft *draft, const struct units *units, struct run *run)
{
	size_t gap = 0, len;
	char digit = '0';

	run->count = 0;
	run->plain = true;
	for (size_t at = 0; at < units->count; at += len) {
		const struct unit *unit = &units->unit[at];
		len = digit_units(units, at, &digit);
		if (len > 0) {
			run->first[run->count] = (uint16_t)at;
			run->last[run->count] = (uint16_t)(at + len - 1);
			run->digit[run->count++] = digit;
			run->plain = run->plain && len == 1 && unit->end - unit->start == 1;
			gap = 0;
			continue;
		}
		len = 1;
		gap += (unit->value & 0xc0) != 0x80; /* characters, not bytes */
		if (gap <= GAP_MAX && separates(unit->value))
			continue;
		cover_run(draft, units, run, false);
		run->count = 0;
		run->plain = true;
	}
	cover_run(draft, units, run, draft->cut);
}

void draft_add(struct draft *draft, struct bytes bytes)
{
	size_t room = DRAFT_MAX - draft->len;

	if (bytes.len > room) {
		bytes.len = room;
		draft->cut = true;
	}
	if (bytes.len > 0)
		memcpy(draft->text + draft->len, bytes.ptr, bytes.len);
	draft->len += bytes.len;
}

void draft_add_length(struct draft *draft, size_t len)
{
	char text[32];
	int used = snprintf(text, sizeof(text), "[%zu]", len);

	draft_add(draft, bytes_of(text, (size_t)used));
}

void draft_cover_digits(struct draft *draft)
{
	struct units units;
	struct run run;

	units.count = draft->len;
	for (size_t i = 0; i < draft->len; i++)
		units.unit[i] = (struct unit){
			.value = draft->text[i], .start = (uint16_t)i, .end = (uint16_t)(i + 1)};
	for (int level = 0; level < LEVELS_MAX; level++) {
		cover_level(draft, &units, &run);
		if (!decode(&units))
			break;
	}
	explicit_bzero(&units, sizeof(units));
	explicit_bzero(&run, sizeof(run));
}

/* Is c what base64 makes of digits at that place of a quad? */
static bool base64_of_digits(uint8_t c, size_t phase)
{
	static const char *const classes[] = {"MNO", "DTjz", "AEIMQUYcgk", "012345wxyz"};

	return c != '\0' && strchr(classes[phase], c) != NULL;
}

void draft_cover_base64(struct draft *draft)
{
	bool covered[DRAFT_MAX] = {false};

	for (size_t turn = 0; turn < 4; turn++) {
		size_t start = 0;
		for (size_t i = 0; i <= draft->len; i++) {
			if (i < draft->len && base64_of_digits(draft->text[i], (i + turn) % 4))
				continue;
			if (i - start >= BASE64_RUN_MIN)
				memset(covered + start, true, i - start);
			start = i + 1;
		}
	}
	for (size_t i = 0; i < draft->len; i++) {
		if (covered[i])
			draft->text[i] = '*';
	}
}

size_t draft_packed(struct bytes text, size_t i)
{
	size_t digits = 0;

	if (text.len - i < 3 || (text.ptr[i] != 0x57 && text.ptr[i] != 0x5a && text.ptr[i] != 0x6b))
		return 0;
	size_t len = text.ptr[i + 1];
	if (len < PACKED_MIN || len > PACKED_MAX)
		return 0;
	while (i + 2 + digits < text.len && digits < PACKED_MIN &&
		text.ptr[i + 2 + digits] >> 4 <= 9 && (text.ptr[i + 2 + digits] & 0x0f) <= 9)
		digits++;
	if (digits < PACKED_MIN && i + 2 + digits < text.len)
		return 0;
	return text.len - i < 2 + len ? text.len - i : 2 + len;
}

static void cover_packed(struct draft *draft)
{
	for (size_t i = 0; i < draft->len;) {
		size_t len = draft_packed(bytes_of(draft->text, draft->len), i);
		if (len > 2)
			memset(draft->text + i + 2, '*', len - 2);
		i += len > 0 ? len : 1;
	}
}

void draft_finish(struct draft *draft, struct masked *out)
{
	char text[4 * DRAFT_MAX + 1];

	cover_packed(draft);
	struct bytes all = bytes_of(draft->text, draft->len);
	size_t len = safe_text(text, sizeof(text), all);

	out->cut = draft->cut || len > MASKED_MAX;
	if (len > MASKED_MAX)
		len = safe_text(text, MASKED_MAX + 1, all);
	out->len = (uint16_t)len;
	out->zero = 0;
	memcpy(out->text, text, len);
	explicit_bzero(draft, sizeof(*draft));
	explicit_bzero(text, sizeof(text));
}
