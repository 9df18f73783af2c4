#include "reading.h"

#include <stdio.h>

#include "encode.h"
#include "guard.h"

#define PARTS_MAX 16

static void keep(struct reading *r, const struct frame *frame)
{
	bool right = true;
	uint8_t fill = frame->caplen > 0 ? frame->data[0] : 0;

	for (uint32_t i = 0; i < frame->caplen; i++)
		right &= frame->data[i] == encode_payload(fill, i);
	if (r->count < READING_MAX)
		r->frames[r->count] = (struct reading_frame){.ts_ns = frame->ts_ns,
			.number = frame->number,
			.caplen = frame->caplen,
			.wirelen = frame->wirelen,
			.vlan = frame->vlan,
			.link = frame->link,
			.source = frame->source,
			.fill = fill,
			.right_bytes = right};
	r->count++;
}

static void keep_inputs(struct reading *r, struct source *source)
{
	for (uint32_t i = 0; i < source_inputs(source); i++) {
		struct source_input input;

		source_input(source, i, &input);
		r->input_frames += input.frames;
		r->input_bytes += input.bytes;
		if (input.damage != NULL && r->damage[0] == '\0')
			snprintf(r->damage, sizeof(r->damage), "%s", input.damage);
	}
}

void read_parts(struct reading *r, const struct bytes parts[], uint32_t count, uint32_t batch)
{
	static const char *const names[PARTS_MAX] = {
		"a.pcap", "b.pcap", "c.pcap", "d.pcap", "e.pcap", "f.pcap", "g.pcap", "h.pcap"};
	struct bytes copies[PARTS_MAX];
	struct err err = {.status = 0};
	struct frame frames[32];

	*r = (struct reading){.count = 0};
	for (uint32_t i = 0; i < count; i++)
		copies[i] = guarded(parts[i].ptr, parts[i].len);
	struct source *source = source_memory(copies, names, count, &err);

	if (source == NULL) {
		snprintf(r->error, sizeof(r->error), "%s", err.text);
	} else {
		for (int n; (n = source_next(source, frames, batch)) != SOURCE_END;) {
			for (int i = 0; i < n; i++) {
				keep(r, &frames[i]);
				source_release(source, frames[i].block);
			}
		}
		keep_inputs(r, source);
		source_close(source);
	}
	guard_free();
}

void read_bytes(struct reading *r, struct bytes part, uint32_t batch)
{
	read_parts(r, &part, 1, batch);
}
