#include "base/spsc.h"

#include <assert.h>
#include <string.h>

#define SPSC_MAGIC UINT64_C(0x31676e6972736b73) /* "sksring1" */
#define SPSC_SIZE_MIN 4096
#define HEAD_LEN 8
#define PADDING UINT32_MAX

/* What stands before each record. */
struct head {
	uint32_t len; /* of the record, or PADDING: nothing more until the end of data */
	uint32_t zero;
};

_Static_assert(sizeof(struct head) == HEAD_LEN, "records stay 8-byte aligned");
_Static_assert(sizeof(struct spsc_control) % 64 == 0, "data begins on a cache line");

static uint64_t record_size(uint32_t len)
{
	return HEAD_LEN + (((uint64_t)len + 7) & ~UINT64_C(7));
}

static struct head *head_at(const struct spsc *ring, uint64_t position)
{
	return (struct head *)(void *)(ring->data + (position & (ring->size - 1)));
}

size_t spsc_bytes(uint64_t size)
{
	return sizeof(struct spsc_control) + size;
}

void spsc_format(void *mem, uint64_t size)
{
	struct spsc_control *control = mem;

	assert(size >= SPSC_SIZE_MIN && (size & (size - 1)) == 0);
	atomic_store(&control->head, 0);
	atomic_store(&control->tail, 0);
	control->size = size;
	control->magic = SPSC_MAGIC;
}

bool spsc_attach(struct spsc *ring, void *mem, size_t mem_len, bool as_producer)
{
	struct spsc_control *control = mem;

	if (mem_len < sizeof(*control) || control->magic != SPSC_MAGIC)
		return false;
	uint64_t size = control->size;
	if (size < SPSC_SIZE_MIN || (size & (size - 1)) != 0 || mem_len - sizeof(*control) < size)
		return false;
	uint64_t head = atomic_load_explicit(&control->head, memory_order_acquire);
	uint64_t tail = atomic_load_explicit(&control->tail, memory_order_acquire);
	if (head - tail > size || head % 8 != 0 || tail % 8 != 0)
		return false;
	*ring = (struct spsc){.control = control,
		.data = (uint8_t *)mem + sizeof(*control),
		.size = size,
		.reserved = head,
		.seen = tail,
		.cached = as_producer ? tail : head};
	return true;
}

void *spsc_reserve(struct spsc *ring, uint32_t len)
{
	uint64_t head = atomic_load_explicit(&ring->control->head, memory_order_relaxed);
	uint64_t to_end = ring->size - (head & (ring->size - 1));
	uint64_t need = record_size(len);
	uint64_t padding = to_end < need ? to_end : 0;

	if (len > ring->size / 4)
		return NULL;
	if (head + padding + need - ring->cached > ring->size) {
		ring->cached = atomic_load_explicit(&ring->control->tail, memory_order_acquire);
		if (head + padding + need - ring->cached > ring->size)
			return NULL;
	}
	if (padding > 0)
		*head_at(ring, head) = (struct head){.len = PADDING};
	ring->reserved = head + padding;
	ring->reserved_len = len;
	return (uint8_t *)head_at(ring, ring->reserved) + HEAD_LEN;
}

void spsc_commit(struct spsc *ring, uint32_t len)
{
	assert(len <= ring->reserved_len);
	*head_at(ring, ring->reserved) = (struct head){.len = len};
	ring->reserved_len = 0;
	atomic_store_explicit(
		&ring->control->head, ring->reserved + record_size(len), memory_order_release);
}

/* The other side may be another process and may be broken into: every number
 * it wrote is read once and checked before it is used. */
void *spsc_next(struct spsc *ring, uint32_t *len, uint64_t *position)
{
	if (ring->broken)
		return NULL;
	if (ring->seen == ring->cached)
		ring->cached = atomic_load_explicit(&ring->control->head, memory_order_acquire);
	uint64_t left = ring->cached - ring->seen;
	if (left == 0)
		return NULL;
	ring->broken = true;
	if (left > ring->size || left % 8 != 0)
		return NULL;
	uint32_t found = *(volatile uint32_t *)&head_at(ring, ring->seen)->len;
	uint64_t to_end = ring->size - (ring->seen & (ring->size - 1));
	if (found == PADDING) {
		if (to_end >= left)
			return NULL;
		ring->seen += to_end;
		left -= to_end;
		to_end = ring->size;
		found = *(volatile uint32_t *)&head_at(ring, ring->seen)->len;
	}
	if (found > ring->size / 4 || record_size(found) > left || record_size(found) > to_end)
		return NULL;
	ring->broken = false;
	*len = found;
	*position = ring->seen;
	ring->seen += record_size(found);
	return (uint8_t *)head_at(ring, *position) + HEAD_LEN;
}

void spsc_release(struct spsc *ring)
{
	atomic_store_explicit(&ring->control->tail, ring->seen, memory_order_release);
}

uint64_t spsc_fill(const struct spsc *ring)
{
	uint64_t tail = atomic_load_explicit(&ring->control->tail, memory_order_acquire);
	uint64_t head = atomic_load_explicit(&ring->control->head, memory_order_acquire);

	return head - tail;
}
