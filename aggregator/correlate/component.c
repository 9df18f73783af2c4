#include "correlate/component.h"

#include <stdbool.h>
#include <string.h>

#define DAY (INT64_C(86400) * 1000000000)
#define SAME_SINK (90 * DAY)
#define FOOTHOLD_BEFORE (7 * DAY)

static size_t root_of(struct component_thread rows[], size_t i)
{
	while (rows[i].root != i) {
		rows[i].root = rows[rows[i].root].root;
		i = rows[i].root;
	}
	return i;
}

static bool same_sink(const struct component_thread *a, const struct component_thread *b)
{
	int64_t apart = a->first > b->last ? a->first - b->last : b->first - a->last;

	return apart <= SAME_SINK && strcmp(a->sink, b->sink) == 0;
}

static bool foothold(const struct component_thread *theft, const struct component_thread *hold)
{
	return strcmp(theft->family, "theft") == 0 && strcmp(hold->family, "foothold") == 0 &&
	       strcmp(theft->server, hold->server) == 0 &&
	       hold->last >= theft->first - FOOTHOLD_BEFORE && hold->first <= theft->last;
}

static bool joined(const struct component_thread *a, const struct component_thread *b)
{
	return a->thread == b->thread || same_sink(a, b) || foothold(a, b) || foothold(b, a);
}

void component_find(struct component_thread rows[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		rows[i].root = i;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			size_t a = root_of(rows, i), b = root_of(rows, k);

			if (a != b && joined(&rows[i], &rows[k]))
				rows[a > b ? a : b].root = a < b ? a : b;
		}
	}
	for (size_t i = 0; i < count; i++)
		rows[i].root = root_of(rows, i);
}
