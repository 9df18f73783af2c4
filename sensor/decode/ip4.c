/* IPv4 (RFC 791). */
#include "decode/sum.h"
#include "decode/walk.h"

#define IP4_HEADER 20
#define IP4_MORE 0x2000
#define IP4_OFFSET 0x1fff

/* Total length 0 is what segmentation offload leaves on frames beyond 64 KiB:
 * then the frame's own length counts. */
static void ip4_length(struct walk *w, uint32_t total, uint32_t header)
{
	if (total == 0 || walk_clip(w, total - header))
		return;
	w->clipped = true;
	w->counters->short_frames++;
}

enum layer ip4(struct walk *w)
{
	const uint8_t *start = w->rd.ptr;
	struct tuple *tuple = &w->out->tuple;
	struct rd h;

	if (!walk_take(w, IP4_HEADER, &h))
		return walk_short(w, IP4_HEADER);
	uint8_t first = rd_u8(&h);
	rd_u8(&h); /* type of service */
	uint32_t total = rd_u16(&h);
	uint32_t id = rd_u16(&h);
	uint32_t frag = rd_u16(&h);
	rd_u8(&h); /* time to live */
	w->proto = rd_u8(&h);
	rd_u16(&h); /* checksum */
	tuple->src = addr_from4(rd_u32(&h));
	tuple->dst = addr_from4(rd_u32(&h));

	uint32_t header = (first & 0x0fu) * 4;
	if (first >> 4 != 4)
		return walk_refuse(w, FRAME_NON_IP);
	if (header < IP4_HEADER || (total != 0 && total < header))
		return walk_refuse(w, FRAME_BAD_LENGTH);
	if (header > IP4_HEADER && !walk_take(w, header - IP4_HEADER, &h))
		return walk_short(w, header - IP4_HEADER);
	if (sum_fold(sum_bytes(start, header)) != 0xffff)
		w->flags |= PACKET_BAD_CHECKSUM;
	w->family = 4;
	w->sum_src_set = w->sum_dst_set = false;
	ip4_length(w, total, header);
	if ((frag & (IP4_MORE | IP4_OFFSET)) == 0)
		return LAYER_PROTO;
	return walk_fragment(w, id, w->proto, (frag & IP4_OFFSET) * 8, (frag & IP4_MORE) != 0);
}
