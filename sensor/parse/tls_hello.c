/* tls_hello.c - one number or run of bytes after the other, each inside the
 * length that was announced for it. */
#include "parse/tls_hello.h"

#include "base/hash.h"

#define EXTENSION_SERVER_NAME 0 /* RFC 6066 section 3 */
#define EXTENSION_GROUPS 10     /* RFC 8422 section 5.1.1, once elliptic_curves */
#define EXTENSION_FORMATS 11
#define EXTENSION_ALPN 16     /* RFC 7301 section 3.1 */
#define EXTENSION_VERSIONS 43 /* RFC 8446 section 4.2.1 */
#define SNI_HOST_NAME 0
#define RANDOM_LEN 32

enum stage {
	STAGE_VERSION,
	STAGE_SESSION,
	STAGE_CIPHERS,
	STAGE_CIPHER,
	STAGE_COMPRESSION,
	STAGE_EXTENSIONS,
	STAGE_TYPE,
	STAGE_LENGTH,
	STAGE_GROUPS,
	STAGE_GROUP,
	STAGE_FORMATS,
	STAGE_FORMAT,
	STAGE_VERSIONS,
	STAGE_VERSION_OFFERED,
	STAGE_NAMES,
	STAGE_NAME_TYPE,
	STAGE_NAME,
	STAGE_OTHER_NAME,
	STAGE_PROTOCOLS,
	STAGE_PROTOCOL,
};

enum kept { KEPT_NOT, KEPT_SNI, KEPT_ALPN };

/* Bytes of the number a stage reads. */
static const uint8_t widths[] = {
	[STAGE_VERSION] = 2,
	[STAGE_SESSION] = 1,
	[STAGE_CIPHERS] = 2,
	[STAGE_CIPHER] = 2,
	[STAGE_COMPRESSION] = 1,
	[STAGE_EXTENSIONS] = 2,
	[STAGE_TYPE] = 2,
	[STAGE_LENGTH] = 2,
	[STAGE_GROUPS] = 2,
	[STAGE_GROUP] = 2,
	[STAGE_FORMATS] = 1,
	[STAGE_FORMAT] = 1,
	[STAGE_VERSIONS] = 1,
	[STAGE_VERSION_OFFERED] = 2,
	[STAGE_NAMES] = 2,
	[STAGE_NAME_TYPE] = 1,
	[STAGE_NAME] = 2,
	[STAGE_OTHER_NAME] = 2,
	[STAGE_PROTOCOLS] = 2,
	[STAGE_PROTOCOL] = 1,
};

/* RFC 8701: 0x0a0a, 0x1a1a ... 0xfafa. */
static bool is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static void keep(struct hello *hello, uint16_t *list, uint16_t *count, uint16_t max, uint16_t value)
{
	if (is_grease(value))
		return;
	if (*count == max)
		hello->cut = true;
	else
		list[(*count)++] = value;
}

/* Enters a list of len bytes whose members stage reads. */
static bool enter(struct hello *hello, uint32_t len, enum stage stage)
{
	if (len > hello->left[hello->depth])
		return false;
	hello->depth++;
	hello->left[hello->depth] = len;
	hello->stage = (uint8_t)stage;
	return true;
}

static bool skip(struct hello *hello, uint32_t len, enum stage stage, enum kept kept)
{
	if (len > hello->left[hello->depth])
		return false;
	hello->skip = len;
	hello->stage = (uint8_t)stage;
	hello->kept = (uint8_t)kept;
	return true;
}

static bool begin_extension(struct hello *hello, uint32_t len)
{
	uint32_t type = hello->value; /* kept there by STAGE_TYPE */

	hello->value = 0;
	if (!enter(hello, len, STAGE_TYPE))
		return false;
	switch (type) {
	case EXTENSION_SERVER_NAME:
		hello->stage = STAGE_NAMES;
		if (hello->sni_seen)
			return false;
		hello->sni_seen = true;
		return len > 0;
	case EXTENSION_GROUPS:
		hello->stage = STAGE_GROUPS;
		return len > 0;
	case EXTENSION_FORMATS:
		hello->stage = STAGE_FORMATS;
		return len > 0;
	case EXTENSION_ALPN:
		hello->stage = STAGE_PROTOCOLS;
		return len > 0;
	case EXTENSION_VERSIONS:
		hello->stage = STAGE_VERSIONS;
		return len > 0;
	default:
		return skip(hello, len, STAGE_TYPE, KEPT_NOT);
	}
}

static bool begin_name(struct hello *hello, uint32_t len)
{
	if (len == 0 || len > HELLO_SNI_MAX || hello->sni_len > 0)
		return false;
	return skip(hello, len, STAGE_NAME_TYPE, KEPT_SNI);
}

static bool begin_protocol(struct hello *hello, uint32_t len)
{
	if (hello->alpn_len > 0 && hello->alpn_len < HELLO_ALPN_MAX)
		hello->alpn[hello->alpn_len++] = ',';
	return len > 0 && skip(hello, len, STAGE_PROTOCOL, KEPT_ALPN);
}

/* A number is complete. */
static bool take_number(struct hello *hello, uint16_t value)
{
	switch ((enum stage)hello->stage) {
	case STAGE_VERSION:
		hello->version = value;
		return skip(hello, RANDOM_LEN, STAGE_SESSION, KEPT_NOT);
	case STAGE_SESSION:
		return skip(hello, value, STAGE_CIPHERS, KEPT_NOT);
	case STAGE_CIPHERS:
		return value % 2 == 0 && enter(hello, value, STAGE_CIPHER);
	case STAGE_CIPHER:
		keep(hello, hello->ciphers, &hello->cipher_cnt, HELLO_CIPHERS_MAX, value);
		return true;
	case STAGE_COMPRESSION:
		return skip(hello, value, STAGE_EXTENSIONS, KEPT_NOT);
	case STAGE_EXTENSIONS:
		return enter(hello, value, STAGE_TYPE) && hello->left[0] == value;
	case STAGE_TYPE:
		keep(hello, hello->extensions, &hello->extension_cnt, HELLO_EXTENSIONS_MAX, value);
		hello->value = value;
		hello->stage = STAGE_LENGTH;
		return true;
	case STAGE_LENGTH:
		return begin_extension(hello, value);
	case STAGE_GROUPS:
		return value % 2 == 0 && enter(hello, value, STAGE_GROUP);
	case STAGE_GROUP:
		keep(hello, hello->curves, &hello->curve_cnt, HELLO_CURVES_MAX, value);
		return true;
	case STAGE_FORMATS:
		return enter(hello, value, STAGE_FORMAT);
	case STAGE_FORMAT:
		if (hello->format_cnt < HELLO_FORMATS_MAX)
			hello->formats[hello->format_cnt++] = (uint8_t)value;
		else
			hello->cut = true;
		return true;
	case STAGE_VERSIONS:
		return value % 2 == 0 && enter(hello, value, STAGE_VERSION_OFFERED);
	case STAGE_VERSION_OFFERED:
		if (!is_grease(value) && value > hello->highest)
			hello->highest = value;
		return true;
	case STAGE_NAMES:
		return value > 0 && enter(hello, value, STAGE_NAME_TYPE);
	case STAGE_NAME_TYPE:
		hello->stage = value == SNI_HOST_NAME ? STAGE_NAME : STAGE_OTHER_NAME;
		return true;
	case STAGE_NAME:
		return begin_name(hello, value);
	case STAGE_OTHER_NAME:
		return skip(hello, value, STAGE_NAME_TYPE, KEPT_NOT);
	case STAGE_PROTOCOLS:
		return value > 0 && enter(hello, value, STAGE_PROTOCOL);
	case STAGE_PROTOCOL:
		return begin_protocol(hello, value);
	}
	return false;
}

/* Leaves what is read to its end; a structure may not end inside a member, and
 * nothing may follow a list in its extension. */
static bool leave(struct hello *hello)
{
	bool member = hello->stage == STAGE_LENGTH || hello->stage == STAGE_NAME ||
		      hello->stage == STAGE_OTHER_NAME;

	while (hello->depth > 0 && hello->left[hello->depth] == 0) {
		if (member)
			return false;
		hello->depth--;
		if (hello->stage == STAGE_CIPHER) {
			hello->stage = STAGE_COMPRESSION;
			return hello->left[0] > 0;
		}
		if (hello->depth == 2 && hello->left[2] > 0)
			return false;
		hello->stage = STAGE_TYPE;
	}
	return true;
}

static void take_skipped(struct hello *hello, struct bytes part)
{
	uint8_t *to = hello->kept == KEPT_SNI ? hello->sni : hello->alpn;
	uint16_t *len = hello->kept == KEPT_SNI ? &hello->sni_len : &hello->alpn_len;
	size_t room = (hello->kept == KEPT_SNI ? HELLO_SNI_MAX : HELLO_ALPN_MAX) - (size_t)*len;

	hello->skip -= (uint32_t)part.len;
	if (hello->kept == KEPT_NOT)
		return;
	if (part.len > room) /* of ALPN only: a name longer than its room was refused */
		hello->cut = true;
	part = bytes_head(part, room);
	memcpy(to + *len, part.ptr, part.len);
	*len = (uint16_t)(*len + part.len);
}

static void spend(struct hello *hello, uint32_t len)
{
	for (uint8_t i = 0; i <= hello->depth; i++)
		hello->left[i] -= len;
}

void hello_begin(struct hello *hello, uint32_t len)
{
	*hello = (struct hello){.left = {len}, .stage = STAGE_VERSION};
}

static enum hello_rc take_byte(struct hello *hello, uint8_t byte)
{
	if (hello->got == 0 && hello->left[hello->depth] < widths[hello->stage])
		return HELLO_BAD;
	spend(hello, 1);
	if (hello->stage == STAGE_LENGTH) /* value has the type: both fit */
		hello->value = hello->value << 8 | byte;
	else
		hello->value = (hello->got == 0 ? 0 : hello->value << 8) | byte;
	if (++hello->got < widths[hello->stage])
		return HELLO_MORE;
	hello->got = 0;
	uint16_t value = (uint16_t)hello->value;
	if (hello->stage == STAGE_LENGTH)
		hello->value >>= 16;
	return take_number(hello, value) ? HELLO_DONE : HELLO_BAD;
}

enum hello_rc hello_take(struct hello *hello, struct rd *in)
{
	while (rd_left(in) > 0) {
		if (hello->skip > 0) {
			size_t len = rd_left(in) < hello->skip ? rd_left(in) : hello->skip;
			spend(hello, (uint32_t)len);
			take_skipped(hello, rd_bytes(in, len));
		} else {
			enum hello_rc rc = take_byte(hello, rd_u8(in));
			if (rc == HELLO_MORE)
				continue;
			if (rc == HELLO_BAD)
				return HELLO_BAD;
		}
		if (hello->skip > 0)
			continue;
		if (!leave(hello))
			return HELLO_BAD;
		if (hello->left[0] == 0) /* the oldest hellos have no extensions */
			return hello->stage == STAGE_EXTENSIONS || hello->stage == STAGE_TYPE
				       ? HELLO_DONE
				       : HELLO_BAD;
	}
	return HELLO_MORE;
}

uint16_t hello_version(const struct hello *hello)
{
	return hello->highest != 0 ? hello->highest : hello->version;
}

#define JA3_NUMBER_MAX 6 /* "65535-" */
#define JA3_TEXT_MAX                                                                               \
	((HELLO_CIPHERS_MAX + HELLO_EXTENSIONS_MAX + HELLO_CURVES_MAX + HELLO_FORMATS_MAX + 5) *   \
		JA3_NUMBER_MAX)

struct ja3 {
	size_t len;
	char text[JA3_TEXT_MAX];
};

static void ja3_number(struct ja3 *ja3, uint16_t value, char end)
{
	uint16_t unit = 10000;

	while (unit > 1 && value < unit)
		unit /= 10;
	for (; unit > 0; unit /= 10)
		ja3->text[ja3->len++] = (char)('0' + value / unit % 10);
	ja3->text[ja3->len++] = end;
}

static void ja3_list(struct ja3 *ja3, const uint16_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ja3_number(ja3, list[i], i + 1 < count ? '-' : ',');
	if (count == 0)
		ja3->text[ja3->len++] = ',';
}

bool hello_ja3(const struct hello *hello, char hex[static HELLO_JA3_LEN])
{
	struct ja3 ja3;
	uint8_t sum[HELLO_JA3_LEN / 2];
	uint16_t formats[HELLO_FORMATS_MAX];

	if (hello->cut)
		return false;
	ja3.len = 0;
	for (size_t i = 0; i < hello->format_cnt; i++)
		formats[i] = hello->formats[i];
	ja3_number(&ja3, hello->version, ',');
	ja3_list(&ja3, hello->ciphers, hello->cipher_cnt);
	ja3_list(&ja3, hello->extensions, hello->extension_cnt);
	ja3_list(&ja3, hello->curves, hello->curve_cnt);
	ja3_list(&ja3, formats, hello->format_cnt);
	hash_md5(ja3.text, ja3.len - 1, sum); /* without the last comma */
	for (size_t i = 0; i < sizeof(sum); i++) {
		*hex++ = "0123456789abcdef"[sum[i] >> 4];
		*hex++ = "0123456789abcdef"[sum[i] & 15];
	}
	return true;
}
