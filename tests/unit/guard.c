#include "guard.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARDS_MAX 4096

static struct {
	void *map;
	size_t len;
} guards[GUARDS_MAX];
static size_t guard_cnt;

static uint8_t *guard_map(size_t len, size_t *page, size_t *inner)
{
	*page = (size_t)sysconf(_SC_PAGESIZE);
	*inner = (len + *page) / *page * *page;
	if (guard_cnt == GUARDS_MAX)
		guard_free();
	uint8_t *map =
		mmap(NULL, *inner + 2 * *page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + *page, *inner, PROT_READ | PROT_WRITE) == -1)
		abort();
	guards[guard_cnt].map = map;
	guards[guard_cnt++].len = *inner + 2 * *page;
	return map + *page;
}

struct bytes guarded(const void *data, size_t len)
{
	size_t page, inner;
	uint8_t *start = guard_map(len, &page, &inner) + inner - len;

	if (len > 0)
		memcpy(start, data, len);
	return bytes_of(start, len);
}

struct bytes guarded_front(const void *data, size_t len)
{
	size_t page, inner;
	uint8_t *start = guard_map(len, &page, &inner);

	if (len > 0)
		memcpy(start, data, len);
	return bytes_of(start, len);
}

void guard_free(void)
{
	while (guard_cnt > 0) {
		guard_cnt--;
		munmap(guards[guard_cnt].map, guards[guard_cnt].len);
	}
}

static uint64_t drawn = 1;

void draw_seed(uint64_t seed)
{
	drawn = seed;
}

uint32_t draw(void)
{
	drawn = drawn * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(drawn >> 33);
}
