/* safe_text.c - any bytes give text of printable, whole characters, the same
 * whatever the room, and the bytes can be had back from it. */

#include "base/safe_text.h"
#include "require.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t nibble(char c)
{
	return (uint8_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static void check_reversible(const char *text, size_t len, const uint8_t *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		require(n < size);
		if (text[i] != '\\') {
			require((uint8_t)text[i++] == data[n]);
			continue;
		}
		require(i + 4 <= len && text[i + 1] == 'x');
		require((nibble(text[i + 2]) << 4 | nibble(text[i + 3])) == data[n]);
		i += 4;
	}
	require(n == size);
}

static void check_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t step = safe_char(bytes_of(text + i, len - i));

		require(step >= 1 && step <= 4);
		require((uint8_t)text[i] >= 0x20 && text[i] != 0x7f);
		i += step;
	}
	require(text[len] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[4 * INPUT_MAX + 1], cut[4 * INPUT_MAX + 1];

	if (size > INPUT_MAX)
		return 0;
	size_t len = safe_text(whole, sizeof(whole), bytes_of(data, size));
	check_printable(whole, len);
	check_reversible(whole, len, data, size);
	for (size_t room = 1; room <= len && room < 64; room++) {
		size_t part = safe_text(cut, room, bytes_of(data, size));

		require(part < room && part + 4 >= room);
		require(memcmp(cut, whole, part) == 0);
		check_printable(cut, part);
	}
	len = safe_line(whole, sizeof(whole), bytes_of(data, size));
	check_printable(whole, len);
	require(safe_line(cut, sizeof(cut), bytes_of(whole, len)) == len);
	require(memcmp(cut, whole, len) == 0);
	return 0;
}
