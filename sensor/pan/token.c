/* token.c - the only file that knows libsodium. */
#include <sodium.h>

#include "pan/pan.h"

#define TOKEN_LABEL "sekisho-pan-v1"
#define TOKEN_DIGITS_MAX 19

/* The digits among len bytes at off, behind those that are there; their number. */
static size_t add_written(uint8_t digits[static TOKEN_DIGITS_MAX], size_t count, struct bytes buf,
	size_t off, size_t len)
{
	for (size_t i = off; i < off + len && i < buf.len && count < TOKEN_DIGITS_MAX; i++) {
		if (buf.ptr[i] >= '0' && buf.ptr[i] <= '9')
			digits[count++] = buf.ptr[i];
	}
	return count;
}

static size_t collect(
	uint8_t digits[static TOKEN_DIGITS_MAX], struct bytes buf, const struct pan_hit *hit)
{
	size_t count = 0;

	switch (hit->form) {
	case PAN_PACKED:
		for (; count < hit->digits && hit->off + count / 2 < buf.len; count++) {
			uint8_t c = buf.ptr[hit->off + count / 2];
			digits[count] = (uint8_t)('0' + (count % 2 == 0 ? c >> 4 : c & 0x0f));
		}
		return count;
	case PAN_SPLIT:
		for (size_t i = 0; i < PAN_PIECES_MAX; i++)
			count = add_written(digits, count, buf, hit->off + hit->piece[i].off,
				hit->piece[i].len);
		return count;
	default:
		return add_written(digits, 0, buf, hit->off, hit->len);
	}
}

void pan_token(const uint8_t token_key[static 32], struct bytes buf, const struct pan_hit *hit,
	uint8_t out[static PAN_TOKEN_LEN])
{
	crypto_auth_hmacsha256_state state;
	uint8_t digits[TOKEN_DIGITS_MAX], full[crypto_auth_hmacsha256_BYTES];
	size_t count = collect(digits, buf, hit);

	crypto_auth_hmacsha256_init(&state, token_key, 32);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)TOKEN_LABEL, strlen(TOKEN_LABEL));
	crypto_auth_hmacsha256_update(&state, digits, count);
	crypto_auth_hmacsha256_final(&state, full);
	memcpy(out, full, PAN_TOKEN_LEN);
	sodium_memzero(digits, sizeof(digits));
	sodium_memzero(full, sizeof(full));
	sodium_memzero(&state, sizeof(state));
}
