/* mmdb.c - a search tree of 24-bit records, a data section, the metadata. */
#include "mmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

enum {
	NODES_MAX = 4096,
	EMPTY = 0xffffff,
	FIRST_DATA = 0x800000, /* in a record while building: a data offset */
	TYPE_TEXT = 2,
	TYPE_U16 = 5,
	TYPE_U32 = 6,
	TYPE_MAP = 7,
	TYPE_U64 = 9,
	TYPE_ARRAY = 11,
};

struct net {
	const char *address;
	unsigned bits;
	const char *country;
	uint32_t asn;
	const char *organization;
};

/* RFC 5737, 3849, 2544 addresses; RFC 5398 numbers of autonomous systems. */
static const struct net nets[] = {
	{"192.0.2.0", 28, "JP", 64496, "Demo Payment"},
	{"192.0.2.64", 26, "ZZ", 64497, "Demo Bulletproof"},
	{"192.0.2.128", 25, "JP", 64498, "Demo Services"},
	{"198.51.100.0", 25, "ZZ", 64511, "Demo Elsewhere"},
	{"198.51.100.128", 25, "JP", 64499, "Demo Access"},
	{"203.0.113.0", 24, "JP", 64500, "Demo Hosting"},
	{"198.18.0.0", 15, "ZZ", 64501, "Demo Benchmark"},
	{"2001:db8::", 32, "JP", 64500, "Demo Hosting"},
};

struct tree {
	uint32_t record[NODES_MAX][2];
	uint32_t cnt;
};

static void add_control(struct buf *b, unsigned type, unsigned size)
{
	buf_u8(b, (type < 8 ? type << 5 : 0) | size);
	if (type >= 8)
		buf_u8(b, type - 7);
}

static void add_text(struct buf *b, const char *text)
{
	size_t len = strlen(text);

	if (len < 29) {
		add_control(b, TYPE_TEXT, (unsigned)len);
	} else {
		add_control(b, TYPE_TEXT, 29);
		buf_u8(b, (unsigned)(len - 29));
	}
	buf_text(b, text);
}

static void add_number(struct buf *b, unsigned type, unsigned bytes, uint64_t value)
{
	add_control(b, type, bytes);
	while (bytes-- > 0)
		buf_u8(b, (unsigned)(value >> (8 * bytes)) & 0xff);
}

static void add_data(struct buf *b, const struct net *net)
{
	add_control(b, TYPE_MAP, 3);
	add_text(b, "country");
	add_control(b, TYPE_MAP, 1);
	add_text(b, "iso_code");
	add_text(b, net->country);
	add_text(b, "autonomous_system_number");
	add_number(b, TYPE_U32, 4, net->asn);
	add_text(b, "autonomous_system_organization");
	add_text(b, net->organization);
}

static uint32_t new_node(struct tree *tree)
{
	if (tree->cnt == NODES_MAX)
		die("more than %d nodes", NODES_MAX);
	tree->record[tree->cnt][0] = tree->record[tree->cnt][1] = EMPTY;
	return tree->cnt++;
}

static void insert(struct tree *tree, const struct net *net, uint32_t value)
{
	struct addr addr;
	uint8_t key[16] = {0};
	unsigned bits = net->bits;
	uint32_t node = 0;

	if (!addr_parse(net->address, &addr))
		die("\"%s\" is no address", net->address);
	memcpy(key + (addr.version == 4 ? 12 : 0), addr.ip, addr.version == 4 ? 4 : 16);
	bits += addr.version == 4 ? 96 : 0;
	for (unsigned i = 0; i < bits; i++) {
		unsigned bit = key[i / 8] >> (7 - i % 8) & 1;

		if (i + 1 == bits) {
			tree->record[node][bit] = value;
			return;
		}
		if (tree->record[node][bit] == EMPTY)
			tree->record[node][bit] = new_node(tree);
		node = tree->record[node][bit];
	}
}

static void add_metadata(struct buf *b, uint32_t nodes)
{
	buf_text(b, "\xab\xcd\xefMaxMind.com");
	add_control(b, TYPE_MAP, 9);
	add_text(b, "binary_format_major_version");
	add_number(b, TYPE_U16, 2, 2);
	add_text(b, "binary_format_minor_version");
	add_number(b, TYPE_U16, 2, 0);
	add_text(b, "build_epoch");
	add_number(b, TYPE_U64, 8, 1795168800);
	add_text(b, "database_type");
	add_text(b, "Demo-Country-ASN");
	add_text(b, "description");
	add_control(b, TYPE_MAP, 1);
	add_text(b, "en");
	add_text(b, "Made-up data for documentation addresses");
	add_text(b, "ip_version");
	add_number(b, TYPE_U16, 2, 6);
	add_text(b, "languages");
	add_control(b, TYPE_ARRAY, 1);
	add_text(b, "en");
	add_text(b, "node_count");
	add_number(b, TYPE_U32, 4, nodes);
	add_text(b, "record_size");
	add_number(b, TYPE_U16, 2, 24);
}

/* A record is a node, "nothing" (the number of nodes), or data behind it. */
static void add_tree(struct buf *b, const struct tree *tree)
{
	for (uint32_t i = 0; i < tree->cnt; i++) {
		for (unsigned bit = 0; bit < 2; bit++) {
			uint32_t v = tree->record[i][bit];

			if (v == EMPTY)
				v = tree->cnt;
			else if (v >= FIRST_DATA)
				v = v - FIRST_DATA + tree->cnt + 16;
			buf_u24(b, v);
		}
	}
}

void mmdb_write(const char *file)
{
	struct tree *tree = must_alloc(1, sizeof(*tree));
	struct buf data = {0}, out = {0};
	FILE *f = fopen(file, "wb");

	if (!f)
		die("cannot write %s", file);
	new_node(tree);
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		uint32_t at = FIRST_DATA + (uint32_t)data.len;

		add_data(&data, &nets[i]);
		insert(tree, &nets[i], at);
	}
	add_tree(&out, tree);
	buf_add(&out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	buf_add(&out, data.data, data.len);
	add_metadata(&out, tree->cnt);
	bool bad = fwrite(out.data, 1, out.len, f) != out.len;

	if (fclose(f) != 0 || bad)
		die("cannot write all of %s", file);
	buf_free(&out);
	buf_free(&data);
	free(tree);
}
