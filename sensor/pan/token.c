/* token.c - the only file that knows libsodium. */
#include <sodium.h>

#include "pan/pan.h"

#define TOKEN_LABEL "sekisho-pan-v1"
#define TOKEN_DIGITS_MAX 19

void pan_token(
	const uint8_t token_key[static 32], struct bytes written, uint8_t out[static PAN_TOKEN_LEN])
{
	crypto_auth_hmacsha256_state state;
	uint8_t digits[TOKEN_DIGITS_MAX], full[crypto_auth_hmacsha256_BYTES];
	size_t count = 0;

	for (size_t i = 0; i < written.len && count < sizeof(digits); i++) {
		if (written.ptr[i] >= '0' && written.ptr[i] <= '9')
			digits[count++] = written.ptr[i];
	}
	crypto_auth_hmacsha256_init(&state, token_key, 32);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)TOKEN_LABEL, strlen(TOKEN_LABEL));
	crypto_auth_hmacsha256_update(&state, digits, count);
	crypto_auth_hmacsha256_final(&state, full);
	memcpy(out, full, PAN_TOKEN_LEN);
	sodium_memzero(digits, sizeof(digits));
	sodium_memzero(full, sizeof(full));
	sodium_memzero(&state, sizeof(state));
}
