/* pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each section with its
 * own byte order and list of interfaces.  Names below are the draft's.
 * Options are read only where they change the meaning of stamps. */
#include <sys/mman.h>

#include "capture/ahead.h"
#include "capture/file.h"

#define BLOCK_SECTION 0x0a0d0d0au /* a palindrome: is read before the byte order is known */
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET_OBSOLETE 2u
#define BLOCK_PACKET_SIMPLE 3u
#define BLOCK_PACKET 6u
#define BLOCK_HEAD_LEN 8 /* type, total length */
#define BLOCK_MIN 12     /* and total length again */
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define PACKET_LEN 20 /* fixed part of both packet blocks with a stamp */
#define OPTION_END 0
#define OPTION_TSRESOL 9
#define OPTION_TSOFFSET 14
#define TSRESOL_DEFAULT 6 /* microseconds */
#define TSRESOL_NS 9
#define TSRESOL_BINARY 0x80 /* negative power of 2, else of 10 */
#define INTERFACES_MAX 65536
#define NS_PER_S 1000000000

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;

static uint64_t clamp_ns(s128 ns)
{
	if (ns < 0)
		return 0;
	return ns > FILE_NS_MAX ? FILE_NS_MAX : (uint64_t)ns;
}

/* 2^64 units times 10^9 fit in 94 bits. */
static uint64_t stamp_ns(const struct pcapng_interface *interface, uint64_t units)
{
	unsigned power = interface->resolution & (TSRESOL_BINARY - 1u);
	u128 ns = units;

	if ((interface->resolution & TSRESOL_BINARY) != 0) {
		ns = (ns * NS_PER_S) >> power;
	} else {
		ns *= interface->scale;
		for (; power > TSRESOL_NS && ns > 0; power--)
			ns /= 10;
	}
	return clamp_ns((s128)ns + (s128)interface->offset_s * NS_PER_S);
}

/* Whole nanoseconds of a unit, or 1 where a unit is less than one. */
static uint32_t decimal_scale(uint8_t resolution)
{
	uint32_t scale = 1;

	for (unsigned power = resolution; power < TSRESOL_NS; power++)
		scale *= 10;
	return scale;
}

static bool damaged(struct file *file, const char *what)
{
	file_damage(file, file_offset(file), "%s", what);
	return false;
}

static uint64_t file_u64(const struct file *file, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return file->swapped ? __builtin_bswap64(v) : v;
}

static void read_option(const struct file *file, struct pcapng_interface *interface, uint16_t code,
	struct bytes value)
{
	if (code == OPTION_TSRESOL && value.len == sizeof(interface->resolution))
		memcpy(&interface->resolution, value.ptr, value.len);
	else if (code == OPTION_TSOFFSET && value.len == sizeof(interface->offset_s))
		interface->offset_s = (int64_t)file_u64(file, value.ptr);
}

/* Section 3.5: code, length, value padded to 4 bytes. */
static bool read_options(
	const struct file *file, struct pcapng_interface *interface, struct bytes options)
{
	while (options.len >= 4) {
		uint16_t code = file_u16(file, options.ptr);
		struct bytes value = bytes_skip(options, 4);
		size_t len = file_u16(file, options.ptr + 2);

		if (code == OPTION_END)
			return true;
		if (len > value.len)
			return false;
		read_option(file, interface, code, bytes_head(value, len));
		options = bytes_skip(value, (len + 3) & ~(size_t)3);
	}
	return options.len == 0;
}

/* Section 4.1.  A new section forgets the interfaces of the one before. */
static bool read_section(struct file *file, struct bytes body)
{
	if (body.len < 16)
		return damaged(file, "short section header");
	if (file_u16(file, body.ptr + 4) != 1) {
		file_damage(file, file_offset(file), "pcapng version %u.%u, known is 1,",
			file_u16(file, body.ptr + 4), file_u16(file, body.ptr + 6));
		return false;
	}
	file->pcapng.interface_cnt = 0;
	return true;
}

/* Section 4.2. */
static bool read_interface(struct file *file, struct bytes body)
{
	struct pcapng_interface interface = {.resolution = TSRESOL_DEFAULT};

	if (body.len < 8)
		return damaged(file, "short interface description");
	if (file->pcapng.interface_cnt == INTERFACES_MAX)
		return damaged(file, "more than 65536 interfaces");
	interface.link = file_u16(file, body.ptr);
	interface.snaplen = file_u32(file, body.ptr + 4);
	if (!read_options(file, &interface, bytes_skip(body, 8)))
		return damaged(file, "interface option beyond its block");
	interface.scale = decimal_scale(interface.resolution);
	file->pcapng.interfaces[file->pcapng.interface_cnt++] = interface;
	return true;
}

static bool lend(struct file *file, struct frame *frame, uint32_t id, struct bytes data)
{
	if (id >= file->pcapng.interface_cnt) {
		file_damage(file, file_offset(file), "packet of interface %u of %u", id,
			file->pcapng.interface_cnt);
		return false;
	}
	frame->link = file->pcapng.interfaces[id].link;
	file_lend(file, frame, data.ptr, (uint32_t)data.len);
	return true;
}

/* Sections 4.3 and A: only the first word differs. */
static bool read_packet(struct file *file, struct frame *frame, struct bytes body, bool obsolete)
{
	if (body.len < PACKET_LEN)
		return damaged(file, "short packet block");
	uint32_t id = obsolete ? file_u16(file, body.ptr) : file_u32(file, body.ptr);
	uint64_t high = file_u32(file, body.ptr + 4);
	uint32_t caplen = file_u32(file, body.ptr + 12);
	struct bytes data = bytes_skip(body, PACKET_LEN);

	if (caplen > data.len) {
		file_damage(file, file_offset(file), "packet of %u bytes in a block with %zu",
			caplen, data.len);
		return false;
	}
	if (!lend(file, frame, id, bytes_of(body.ptr + PACKET_LEN, caplen)))
		return false;
	frame->wirelen = file_u32(file, body.ptr + 16);
	frame->ts_ns =
		stamp_ns(&file->pcapng.interfaces[id], high << 32 | file_u32(file, body.ptr + 8));
	file->pcapng.last_ns = frame->ts_ns;
	return true;
}

/* Section 4.4: of the first interface, without a stamp. */
static bool read_simple(struct file *file, struct frame *frame, struct bytes body)
{
	if (body.len < 4)
		return damaged(file, "short packet block");
	struct bytes data = bytes_of(body.ptr + 4, body.len - 4);
	uint32_t snaplen = file->pcapng.interfaces[0].snaplen;

	frame->wirelen = file_u32(file, body.ptr);
	data = bytes_head(data, frame->wirelen);
	if (snaplen != 0)
		data = bytes_head(data, snaplen);
	frame->ts_ns = file->pcapng.last_ns;
	return lend(file, frame, 0, data);
}

/* Tells the byte order before any number of the section is read. */
static bool read_byte_order(struct file *file)
{
	uint32_t magic;

	memcpy(&magic, file->at + BLOCK_HEAD_LEN, sizeof(magic));
	file->swapped = magic != BYTE_ORDER_MAGIC;
	if (magic != BYTE_ORDER_MAGIC && __builtin_bswap32(magic) != BYTE_ORDER_MAGIC)
		return damaged(file, "section without a byte-order magic");
	return true;
}

/* The whole block is at hand; false: the file ended or its next block is held. */
static inline bool next_block(struct file *file, uint32_t *type, uint32_t *len)
{
	if (!file_has(file, BLOCK_MIN, "block header"))
		return false;
	*type = file_u32(file, file->at);
	if (*type == BLOCK_SECTION && !read_byte_order(file))
		return false;
	*len = file_u32(file, file->at + 4);
	if (*len < BLOCK_MIN || *len % 4 != 0 || *len > SOURCE_BLOCK_MAX) {
		file_damage(file, file_offset(file), "block of %u bytes%s", *len,
			*len > SOURCE_BLOCK_MAX ? ", over 16 MiB," : "");
		return false;
	}
	if (!file_has(file, *len, "block"))
		return false;
	uint32_t again = file_u32(file, file->at + *len - 4);

	if (again != *len) {
		file_damage(
			file, file_offset(file), "block with two lengths, %u and %u,", *len, again);
		return false;
	}
	return true;
}

enum block_rc { BLOCK_BAD, BLOCK_PASSED, BLOCK_FRAME };

static inline enum block_rc read_block(
	struct file *file, struct frame *frame, uint32_t type, struct bytes body)
{
	switch (type) {
	case BLOCK_PACKET:
		return read_packet(file, frame, body, false) ? BLOCK_FRAME : BLOCK_BAD;
	case BLOCK_PACKET_OBSOLETE:
		return read_packet(file, frame, body, true) ? BLOCK_FRAME : BLOCK_BAD;
	case BLOCK_PACKET_SIMPLE:
		return read_simple(file, frame, body) ? BLOCK_FRAME : BLOCK_BAD;
	case BLOCK_INTERFACE:
		return read_interface(file, body) ? BLOCK_PASSED : BLOCK_BAD;
	case BLOCK_SECTION:
		return read_section(file, body) ? BLOCK_PASSED : BLOCK_BAD;
	default:
		return BLOCK_PASSED;
	}
}

static uint32_t fill(struct file *file, struct frame frames[], uint32_t max)
{
	uint32_t type, len, n = 0;

	while (n < max && !file->ended && next_block(file, &type, &len)) {
		struct bytes body = bytes_of(file->at + BLOCK_HEAD_LEN, len - BLOCK_MIN);
		enum block_rc rc = read_block(file, &frames[n], type, body);

		if (rc == BLOCK_BAD)
			break;
		file->at += len;
		ahead(&file->warm, file->at, file->end);
		n += rc == BLOCK_FRAME;
	}
	return n;
}

bool pcapng_open(struct file *file, struct err *err)
{
	uint32_t type;

	memcpy(&type, file->at, sizeof(type));
	if (type != BLOCK_SECTION)
		return false;
	void *map = mmap(NULL, INTERFACES_MAX * sizeof(struct pcapng_interface),
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return err_set(err, EXIT_CANNOT, "no memory for the interfaces of a pcapng file");
	file->pcapng = (struct pcapng_format){.interfaces = map};
	file->fill = fill;
	return true;
}

void pcapng_close(struct file *file)
{
	if (file->fill == fill)
		munmap(file->pcapng.interfaces, INTERFACES_MAX * sizeof(struct pcapng_interface));
}
