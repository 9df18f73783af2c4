/* The format of tcpdump: a header, then records.  All numbers are in the
 * writer's byte order, which the magic tells. */
#include "capture/ahead.h"
#include "capture/file.h"

#define PCAP_HEADER_LEN 24
#define PCAP_RECORD_LEN 16
#define PCAP_RECORD_LEN_MODIFIED 24 /* + interface, protocol, packet type, padding */
#define PCAP_MAGIC_MICRO 0xa1b2c3d4u
#define PCAP_MAGIC_NANO 0xa1b23c4du
#define PCAP_MAGIC_MODIFIED 0xa1b2cd34u
#define PCAP_LINK_MASK 0x03ffffffu /* above: length of the frame check sequence */
#define PCAP_LINK_NONE 0xffffu
#define PCAP_MINOR_SWAPPED 3 /* before 2.3 wirelen stood first, in 2.3 with some writers */
#define NS_PER_S UINT64_C(1000000000)

static bool known_magic(struct pcap_format *pcap, uint32_t magic)
{
	*pcap = (struct pcap_format){.fraction_ns = 1000, .header_len = PCAP_RECORD_LEN};
	if (magic == PCAP_MAGIC_NANO)
		pcap->fraction_ns = 1;
	else if (magic == PCAP_MAGIC_MODIFIED)
		pcap->header_len = PCAP_RECORD_LEN_MODIFIED;
	else
		return magic == PCAP_MAGIC_MICRO;
	return true;
}

static void read_header(struct file *file)
{
	if (!file_has(file, PCAP_HEADER_LEN, "file header"))
		return;
	const uint8_t *header = file->at;
	uint16_t major = file_u16(file, header + 4);
	uint32_t link = file_u32(file, header + 20) & PCAP_LINK_MASK;

	file->pcap.minor = file_u16(file, header + 6);
	file->pcap.link = (uint16_t)(link > PCAP_LINK_NONE ? PCAP_LINK_NONE : link);
	if (major != 2) {
		file_damage(file, 4, "pcap version %u.%u, known is 2,", major, file->pcap.minor);
		return;
	}
	file->at += PCAP_HEADER_LEN;
}

/* One record; false: ended or held. */
static inline bool next_record(struct file *file, struct frame *frame)
{
	const struct pcap_format *pcap = &file->pcap;

	if (!file_has(file, pcap->header_len, "record header"))
		return false;
	const uint8_t *header = file->at;
	uint32_t caplen = file_u32(file, header + 8);
	uint32_t wirelen = file_u32(file, header + 12);

	if (pcap->minor <= PCAP_MINOR_SWAPPED &&
		(pcap->minor < PCAP_MINOR_SWAPPED || caplen > wirelen)) {
		uint32_t first = caplen;

		caplen = wirelen;
		wirelen = first;
	}
	if (caplen > SOURCE_BLOCK_MAX - pcap->header_len) {
		file_damage(file, file_offset(file), "record of %u bytes, over 16 MiB,", caplen);
		return false;
	}
	if (!file_has(file, pcap->header_len + caplen, "record"))
		return false;
	header = file->at;
	frame->ts_ns =
		file_u32(file, header) * NS_PER_S + file_u32(file, header + 4) * pcap->fraction_ns;
	frame->wirelen = wirelen;
	frame->link = pcap->link;
	file_lend(file, frame, header + pcap->header_len, caplen);
	file->at += pcap->header_len + caplen;
	return true;
}

static uint32_t fill(struct file *file, struct frame frames[], uint32_t max)
{
	uint32_t n = 0;

	while (n < max && !file->ended && next_record(file, &frames[n])) {
		ahead(&file->warm, file->at, file->end);
		n++;
	}
	return n;
}

bool pcapfile_open(struct file *file)
{
	uint32_t magic;

	memcpy(&magic, file->at, sizeof(magic));
	file->swapped = known_magic(&file->pcap, __builtin_bswap32(magic));
	if (!file->swapped && !known_magic(&file->pcap, magic))
		return false;
	file->fill = fill;
	read_header(file);
	return true;
}
