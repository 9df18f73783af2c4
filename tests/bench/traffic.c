#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define START_NS 1794999960000000000ull
#define RECORD_MAX 512ull
#define STEP_NS 4000ull

enum { TCP_SYN = 2, TCP_PSH = 8, TCP_ACK = 16 };

struct writer {
	uint8_t *base, *at;
	size_t room;
	uint64_t now_ns;
};

struct segment {
	uint32_t src, dst, seq, ack;
	uint16_t sport, dport;
	uint8_t flags;
	const char *text;
};

static void be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void be32(uint8_t *p, uint32_t value)
{
	be16(p, value >> 16);
	be16(p + 2, value & 0xffff);
}

static uint64_t mix(uint64_t v)
{
	v ^= v >> 30;
	v *= 0xbf58476d1ce4e5b9ull;
	v ^= v >> 27;
	v *= 0x94d049bb133111ebull;
	return v ^ v >> 31;
}

static uint32_t sum16(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	return len % 2 != 0 ? sum + (uint32_t)(data[len - 1] << 8) : sum;
}

static uint32_t sum_end(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static struct writer writer_new(size_t records)
{
	static const uint8_t head[24] = {0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};
	struct writer writer = {.room = sizeof(head) + records * RECORD_MAX, .now_ns = START_NS};
	int fd = memfd_create("traffic", MFD_CLOEXEC);

	if (fd == -1 || ftruncate(fd, (off_t)writer.room) == -1)
		abort();
	writer.base = mmap(NULL, writer.room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (writer.base == MAP_FAILED)
		abort();
	close(fd);
	memcpy(writer.base, head, sizeof(head));
	writer.at = writer.base + sizeof(head);
	return writer;
}

static struct bytes writer_end(struct writer *writer)
{
	size_t used = (size_t)(writer->at - writer->base);
	size_t kept = (used + 4095) & ~4095ull;

	if (kept < writer->room)
		munmap(writer->base + kept, writer->room - kept);
	return (struct bytes){writer->base, used};
}

static void put(struct writer *writer, const struct segment *segment)
{
	size_t text = segment->text != NULL ? strlen(segment->text) : 0;
	uint32_t len = (uint32_t)(54 + text);
	uint32_t stamp[4] = {(uint32_t)(writer->now_ns / 1000000000u),
		(uint32_t)(writer->now_ns % 1000000000u), len, len};
	uint8_t *eth = writer->at + sizeof(stamp), *ip = eth + 14, *tcp = ip + 20;

	memcpy(writer->at, stamp, sizeof(stamp));
	memset(eth, 0, 54);
	eth[5] = 1;
	eth[11] = 2;
	be16(eth + 12, 0x0800);
	ip[0] = 0x45;
	be16(ip + 2, (uint32_t)(40 + text));
	ip[8] = 64;
	ip[9] = 6;
	be32(ip + 12, segment->src);
	be32(ip + 16, segment->dst);
	be16(ip + 10, sum_end(sum16(0, ip, 20)));
	be16(tcp, segment->sport);
	be16(tcp + 2, segment->dport);
	be32(tcp + 4, segment->seq);
	be32(tcp + 8, segment->ack);
	tcp[12] = 0x50;
	tcp[13] = segment->flags;
	be16(tcp + 14, 65535);
	if (text > 0)
		memcpy(tcp + 20, segment->text, text);
	be16(tcp + 16,
		sum_end(sum16(sum16((uint32_t)(6 + 20 + text), ip + 12, 8), tcp, 20 + text)));
	writer->at += sizeof(stamp) + len;
	writer->now_ns += STEP_NS;
}

struct bytes traffic_flood(uint32_t count, uint64_t from_ns, uint64_t span_ns)
{
	struct writer writer = writer_new(count);

	for (uint32_t i = 0; i < count; i++) {
		uint64_t bits = mix(i + 1ull);
		struct segment syn = {
			.src = 0x0b000000 + (uint32_t)((uint64_t)i * 2654435761u % 0x50000000u),
			.dst = 0xcb00710a,
			.seq = (uint32_t)bits,
			.sport = (uint16_t)(1024 + (bits >> 32) % 60000),
			.dport = 443,
			.flags = TCP_SYN};
		writer.now_ns = from_ns + span_ns / count * i;
		put(&writer, &syn);
	}
	return writer_end(&writer);
}

static const char request[] = "GET /shop/item?id=123 HTTP/1.1\r\nHost: shop.example\r\n"
			      "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html\r\n"
			      "Cookie: session=4b1c9a77e2\r\n\r\n";
static const char answer[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 42\r\n\r\n"
	"<html><body>one small page</body></html>\r\n";

/* Turn counts what was said: even, the client speaks. */
static struct segment say(uint32_t flow, uint32_t turn)
{
	uint32_t asked = (turn + 1) / 2, answered = turn / 2;
	uint32_t client = 1 + asked * (uint32_t)(sizeof(request) - 1);
	uint32_t server = 1 + answered * (uint32_t)(sizeof(answer) - 1);
	bool up = turn % 2 == 0;
	uint32_t ends[2] = {0x0a000000 + flow, 0xcb007101 + flow % 250};
	uint16_t ports[2] = {(uint16_t)(1024 + mix(flow) % 60000), 80};

	return (struct segment){.src = ends[!up],
		.dst = ends[up],
		.sport = ports[!up],
		.dport = ports[up],
		.seq = up ? client : server,
		.ack = up ? server : client,
		.flags = TCP_PSH | TCP_ACK,
		.text = up ? request : answer};
}

static void open_flow(struct writer *writer, uint32_t flow)
{
	struct segment up = say(flow, 0), down = say(flow, 1);

	up.text = down.text = NULL;
	up.seq = down.seq = up.ack = 0;
	up.flags = TCP_SYN;
	put(writer, &up);
	down.flags = TCP_SYN | TCP_ACK;
	down.ack = 1;
	put(writer, &down);
	up.flags = TCP_ACK;
	up.seq = up.ack = 1;
	put(writer, &up);
	up = say(flow, 0);
	put(writer, &up);
}

struct bytes traffic_flows(uint32_t flows, uint32_t packets, uint64_t *steady_ns)
{
	struct writer writer = writer_new(4ull * flows + packets);

	for (uint32_t i = 0; i < flows; i++)
		open_flow(&writer, i);
	*steady_ns = writer.now_ns;
	/* A stride that is prime to the count: far apart, each flow once a round. */
	for (uint32_t i = 0; i < packets; i++) {
		uint32_t flow = (uint32_t)((uint64_t)i * 611953u % flows);
		struct segment next = say(flow, 1 + i / flows);
		put(&writer, &next);
	}
	return writer_end(&writer);
}

void traffic_free(struct bytes traffic)
{
	union {
		const uint8_t *in;
		void *out;
	} base = {.in = traffic.ptr};

	munmap(base.out, (traffic.len + 4095) & ~4095ull);
}
