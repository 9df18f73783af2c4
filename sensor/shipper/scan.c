/* scan.c - whole records of a segment, whatever stands between them.
 *
 * Behind a damaged record the next whole one is searched for in steps of 8
 * bytes.  Text of an event cannot pass for a head: its bytes are above 0x1f,
 * which makes a length out of range. */
#include <assert.h>

#include "shipper/disk.h"

#define SECTOR 4096u

static bool select_file(struct spool *spool, uint64_t segment)
{
	struct window *window = &spool->window;
	char name[NAME_SIZE];

	if (window->fd != -1 && window->segment == segment)
		return true;
	scan_forget(spool);
	segment_name(spool->super.epoch, segment, name);
	window->fd = spool->io.open(spool->io.self, name, false);
	window->segment = segment;
	return window->fd != -1;
}

/* len bytes at at, or NULL: beyond the end or unreadable. */
static const uint8_t *look(
	struct spool *spool, const struct segment *segment, uint32_t at, uint32_t len)
{
	struct window *window = &spool->window;

	assert(len <= WINDOW_BYTES);
	if (len > segment->used || at > segment->used - len)
		return NULL;
	if (!select_file(spool, segment->first_seq))
		return NULL;
	if (at < window->at || at - window->at > window->len ||
		window->len - (at - window->at) < len) {
		uint32_t want = segment->used - at;
		want = want < WINDOW_BYTES ? want : WINDOW_BYTES;
		window->at = at;
		window->len = (uint32_t)disk_read(&spool->io, window->fd, window->data, want, at);
		if (window->len < len)
			return NULL;
	}
	return window->data + (at - window->at);
}

static bool is_plausible(const struct segment *segment, const struct disk_head *head)
{
	return head->len >= sizeof(struct record) && head->len <= SPOOL_BODY_MAX &&
	       head->seq >= segment->first_seq && head->seq < segment->end_seq;
}

static bool whole(struct spool *spool, const struct segment *segment, uint32_t at,
	struct disk_head *head, struct bytes *body)
{
	const uint8_t *data = look(spool, segment, at, sizeof(*head));

	if (data == NULL)
		return false;
	memcpy(head, data, sizeof(*head));
	if (!is_plausible(segment, head))
		return false;
	data = look(spool, segment, at, (uint32_t)sizeof(*head) + head->len);
	if (data == NULL)
		return false;
	*body = bytes_of(data + sizeof(*head), head->len);
	return disk_crc(spool->super.epoch, head, *body) == head->crc;
}

bool scan_next(struct spool *spool, const struct segment *segment, uint64_t min, uint32_t *at,
	struct disk_head *head, struct bytes *body)
{
	while (*at <= segment->used - sizeof(*head)) {
		if (look(spool, segment, *at, sizeof(*head)) == NULL) {
			*at = (*at | (SECTOR - 1)) + 1; /* unreadable: not every 8 bytes of it */
			continue;
		}
		if (!whole(spool, segment, *at, head, body)) {
			*at += 8;
			continue;
		}
		if (head->seq >= min)
			return true;
		*at += disk_size(head->len);
	}
	*at = segment->used;
	return false;
}

uint32_t scan_tail(struct spool *spool, const struct segment *segment, uint32_t at, uint64_t *seq)
{
	uint32_t end = at;

	for (; at + 8 <= segment->used; at += 8) {
		struct disk_head head;
		uint64_t word;
		const uint8_t *data = look(spool, segment, at, 8);
		if (data == NULL)
			break;
		memcpy(&word, data, sizeof(word));
		if (word == 0)
			continue;
		end = at + 8;
		data = look(spool, segment, at, sizeof(head));
		if (data == NULL)
			continue;
		memcpy(&head, data, sizeof(head));
		if (is_plausible(segment, &head) && head.seq == *seq)
			++*seq;
	}
	return end;
}

void scan_forget(struct spool *spool)
{
	if (spool->window.fd != -1)
		spool->io.close(spool->io.self, spool->window.fd);
	spool->window.fd = -1;
	spool->window.at = spool->window.len = 0;
}
