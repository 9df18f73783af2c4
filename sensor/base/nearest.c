#include "base/nearest.h"

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Rows of the table of distances: before the last, last, current. */
static unsigned distance(struct bytes a, struct bytes b)
{
	unsigned rows[3][NEAREST_WORD_MAX + 1];

	for (unsigned j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			uint8_t x = byte_lower(a.ptr[i - 1]), y = byte_lower(b.ptr[j - 1]);

			row[j] = least(last[j - 1] + (x != y), least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == byte_lower(b.ptr[j - 2]) &&
				y == byte_lower(a.ptr[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

struct nearest nearest_of(struct bytes word)
{
	return (struct nearest){.word = word, .best = NULL, .distance = UINT32_MAX};
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	struct bytes other = bytes_text(candidate);
	size_t longer = other.len > nearest->word.len ? other.len : nearest->word.len;

	if (longer > NEAREST_WORD_MAX)
		return;
	unsigned found = distance(nearest->word, other);
	if (found > (longer < 3 ? 1 : longer / 3) || found >= nearest->distance)
		return;
	nearest->best = candidate;
	nearest->distance = found;
}

const char *nearest_word(struct bytes word, const char *const words[], size_t count)
{
	struct nearest nearest = nearest_of(word);

	for (size_t i = 0; i < count; i++)
		nearest_offer(&nearest, words[i]);
	return nearest.best;
}
