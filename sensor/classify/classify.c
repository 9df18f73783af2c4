/* classify.c - holds a direction's beginning until the probes have decided. */
#include "classify/classify.h"

#define PARSER_NONE (-1)

_Static_assert(sizeof(struct classify) == 72, "as stated in classify.h");

/* No parser will claim this direction; the other one may still find one. */
static void decide_none(struct classify *classify, uint8_t dir)
{
	classify->raw[dir] = 1;
	if (classify->raw[1 - dir] && classify->parser == 0)
		classify->parser = PARSER_NONE;
}

static struct bytes take_held(struct classify *classify, uint8_t dir)
{
	struct bytes held = bytes_of(classify->head[dir], classify->head_len[dir]);

	classify->head_len[dir] = 0;
	return held;
}

static bool is_decided(const struct classify *classify, uint8_t dir)
{
	return classify->parser != 0 || classify->raw[dir] != 0;
}

bool classify_bytes(struct classify *classify, uint8_t dir, struct bytes data, bool datagram,
	uint16_t port_low, uint16_t port_high, struct bytes *held)
{
	uint8_t *head = classify->head[dir];
	struct probe probe = {.head = data,
		.dir = dir,
		.datagram = datagram,
		.port_low = port_low,
		.port_high = port_high};
	size_t had = classify->head_len[dir];
	struct bytes part = bytes_head(data, PROBE_MAX - had);

	*held = bytes_of(NULL, 0);
	if (is_decided(classify, dir)) {
		*held = take_held(classify, dir);
		return true;
	}
	if (data.len == 0)
		return false;
	if (!datagram)
		probe.head = part;
	if (!datagram && had > 0) {
		memcpy(head + had, part.ptr, part.len);
		probe.head = bytes_of(head, had + part.len);
	}
	int rc = parsers_probe(&probe);
	if (rc == -2 && !datagram && had + part.len < PROBE_MAX) {
		if (had == 0) /* else they stand there */
			memcpy(head, part.ptr, part.len);
		classify->head_len[dir] = (uint8_t)(had + part.len);
		return false;
	}
	if (rc >= 0)
		classify->parser = (int8_t)(rc + 1);
	else if (!datagram) /* of datagrams the next may be the first that one claims */
		decide_none(classify, dir);
	*held = take_held(classify, dir);
	return true;
}

void classify_give_up(struct classify *classify, uint8_t dir, struct bytes *held)
{
	if (!is_decided(classify, dir))
		decide_none(classify, dir);
	*held = take_held(classify, dir);
}

void classify_forget(struct classify *classify, uint8_t dir)
{
	explicit_bzero(classify->head[dir], sizeof(classify->head[dir]));
}
