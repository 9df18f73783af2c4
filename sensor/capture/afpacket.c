#include "capture/afpacket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/ahead.h"
#include "capture/pcapbpf.h"

#define KNOWN_MAX 200   /* bytes of interface names in an error text */
#define FRAME_SIZE 2048 /* only has to divide a block: frames are packed in V3 */
#define ADDRESS_OFF (sizeof(struct tpacket3_hdr)) /* is a multiple of TPACKET_ALIGNMENT */
#define VLAN_TAKEN 0x10000u
#define NS_PER_S UINT64_C(1000000000)

_Static_assert(ADDRESS_OFF % TPACKET_ALIGNMENT == 0, "the address follows the header");

static struct tpacket_block_desc *block_at(const struct afpacket *ring, uint32_t i)
{
	return (struct tpacket_block_desc *)(void *)(ring->map + (size_t)i * AFPACKET_BLOCK);
}

/* The kernel writes the status last, and reads it before it writes a block again. */
static bool is_closed(const struct afpacket *ring, uint32_t i)
{
	uint32_t status =
		__atomic_load_n(&block_at(ring, i)->hdr.bh1.block_status, __ATOMIC_ACQUIRE);

	return (status & TP_STATUS_USER) != 0;
}

static uint64_t seq_of(const struct afpacket *ring, uint32_t i)
{
	return block_at(ring, i)->hdr.bh1.seq_num;
}

/* Closed, and not one that we read and somebody still holds: the kernel numbers
 * blocks as it opens them, from 1. */
static bool is_new(const struct afpacket *ring, uint32_t i)
{
	return is_closed(ring, i) && seq_of(ring, i) > ring->seq_read;
}

static void give_back(const struct afpacket *ring, uint32_t i)
{
	__atomic_store_n(
		&block_at(ring, i)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

static void drop_holds(const struct afpacket *ring, uint32_t i)
{
	if (atomic_fetch_sub_explicit(&ring->holds[i], 1, memory_order_acq_rel) == 1)
		give_back(ring, i);
}

/* "eth0, eth1, lo", cut where the text is full. */
static void known_interfaces(char out[static KNOWN_MAX])
{
	struct if_nameindex *all = if_nameindex();
	size_t len = 0;

	out[0] = '\0';
	for (struct if_nameindex *i = all; i != NULL && i->if_name != NULL; i++) {
		int more = snprintf(
			out + len, KNOWN_MAX - len, "%s%s", len == 0 ? "" : ", ", i->if_name);

		if (more < 0 || (size_t)more >= KNOWN_MAX - len) {
			out[len] = '\0';
			break;
		}
		len += (size_t)more;
	}
	if (all != NULL)
		if_freenameindex(all);
}

/* The link type of what a SOCK_RAW socket gets from that hardware type. */
static bool find_link(struct afpacket *ring, const char *name, struct err *err)
{
	struct ifreq req = {.ifr_flags = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	int rc = -1 == fd ? -1 : ioctl(fd, SIOCGIFHWADDR, &req);

	if (-1 == rc)
		err_set(err, EXIT_CANNOT, "%s: cannot ask for its hardware type: %s", name,
			strerror(errno));
	if (-1 != fd)
		close(fd);
	if (-1 == rc)
		return false;
	switch (req.ifr_hwaddr.sa_family) {
	case ARPHRD_LOOPBACK:
		ring->loopback = true;
		ring->link = LINK_ETHERNET;
		return true;
	case ARPHRD_ETHER:
		ring->link = LINK_ETHERNET;
		return true;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
		ring->link = LINK_RAW;
		return true;
	default:
		return err_set(err, EXIT_USAGE,
			"%s: hardware type %u is not decoded, only Ethernet and bare IP are", name,
			req.ifr_hwaddr.sa_family);
	}
}

static bool fail(const char *name, const char *what, struct err *err)
{
	return err_set(err, EXIT_CANNOT, "%s: cannot %s: %s", name, what, strerror(errno));
}

/* Protocol 0: nothing arrives before filter and ring are there and it is bound. */
static bool open_socket(struct afpacket *ring, const char *name, struct err *err)
{
	ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (-1 != ring->fd)
		return true;
	if (errno != EPERM && errno != EACCES)
		return fail(name, "open a packet socket", err);
	return err_set(err, EXIT_CANNOT,
		"%s: listening needs CAP_NET_RAW; start as root, or as a service that has it",
		name);
}

static bool attach_filter(
	const struct afpacket *ring, const char *name, const struct pcapbpf *bpf, struct err *err)
{
	if (bpf->program.len == 0)
		return true;
	if (-1 == setsockopt(ring->fd, SOL_SOCKET, SO_ATTACH_FILTER, &bpf->program,
			  sizeof(bpf->program)))
		return fail(name, "attach the filter", err);
	return true;
}

static bool map_ring(struct afpacket *ring, const char *name, struct err *err)
{
	int version = TPACKET_V3;
	size_t len = (size_t)ring->blocks * AFPACKET_BLOCK;
	struct tpacket_req3 req = {
		.tp_block_size = AFPACKET_BLOCK,
		.tp_block_nr = ring->blocks,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = ring->blocks * (AFPACKET_BLOCK / FRAME_SIZE),
		.tp_retire_blk_tov = AFPACKET_CLOSE_MS,
	};

	if (-1 == setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)))
		return fail(name, "use TPACKET_V3 rings (Linux 3.2 or newer)", err);
	if (-1 == setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return err_set(err, EXIT_CANNOT, "%s: no ring of %u MiB: %s; ask for a smaller one",
			name, ring->blocks, strerror(errno));
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);

	if (map == MAP_FAILED)
		return fail(name, "map its ring", err);
	(void)madvise(map, len, MADV_DONTDUMP);
	ring->map = map;
	return true;
}

static bool start(const struct afpacket *ring, const char *name, unsigned index, struct err *err)
{
	struct packet_mreq promiscuous = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)index};

	if (-1 == setsockopt(ring->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
			  sizeof(promiscuous)))
		return fail(name, "make it promiscuous", err);
	if (-1 == bind(ring->fd, (const struct sockaddr *)(const void *)&address, sizeof(address)))
		return fail(name, "bind to it", err);
	return true;
}

uint32_t afpacket_blocks(size_t ring_bytes)
{
	size_t blocks = ring_bytes / AFPACKET_BLOCK;

	if (blocks < AFPACKET_BLOCKS_MIN)
		return AFPACKET_BLOCKS_MIN;
	return blocks > UINT16_MAX ? UINT16_MAX : (uint32_t)blocks;
}

bool afpacket_open(struct afpacket *ring, const char *name, const char *bpf, uint32_t blocks,
	_Atomic uint32_t *holds, uint32_t first_block, struct err *err)
{
	unsigned index = if_nametoindex(name);
	struct pcapbpf program = {.program = {.len = 0}};

	ring->fd = -1;
	ring->blocks = blocks;
	ring->holds = holds + first_block;
	ring->first_block = first_block;
	if (index == 0) {
		char known[KNOWN_MAX];

		known_interfaces(known);
		return err_set(
			err, EXIT_USAGE, "%s: no such interface; there are: %s", name, known);
	}
	if (!find_link(ring, name, err))
		return false;
	if (bpf != NULL && bpf[0] != '\0' && !pcapbpf_compile(&program, name, ring->link, bpf, err))
		return false;
	bool ok = open_socket(ring, name, err) && attach_filter(ring, name, &program, err) &&
		  map_ring(ring, name, err) && start(ring, name, index, err);

	pcapbpf_free(&program);
	if (!ok)
		afpacket_close(ring);
	return ok;
}

void afpacket_close(struct afpacket *ring)
{
	if (ring->map != NULL)
		munmap(ring->map, (size_t)ring->blocks * AFPACKET_BLOCK);
	if (-1 != ring->fd)
		close(ring->fd);
	ring->map = NULL;
	ring->fd = -1;
}

/* After the kernel was lost sight of: its blocks come in order, so the closed
 * one with the lowest number is the next. */
static bool find_kernel(struct afpacket *ring)
{
	uint64_t lowest = UINT64_MAX;

	for (uint32_t i = 0; i < ring->blocks; i++) {
		if (!is_new(ring, i) || seq_of(ring, i) >= lowest)
			continue;
		lowest = seq_of(ring, i);
		ring->at = i;
	}
	ring->lost = lowest == UINT64_MAX;
	return !ring->lost;
}

static void open_block(struct afpacket *ring)
{
	const struct tpacket_hdr_v1 *head = &block_at(ring, ring->at)->hdr.bh1;
	const uint8_t *block = ring->map + (size_t)ring->at * AFPACKET_BLOCK;

	atomic_store_explicit(&ring->holds[ring->at], 1, memory_order_relaxed);
	ring->seq_read = head->seq_num;
	ring->left = head->num_pkts;
	atomic_store_explicit(&ring->read->left, ring->left, memory_order_relaxed);
	atomic_store_explicit(&ring->read->seq, ring->seq_read, memory_order_relaxed);
	ring->next = block + head->offset_to_first_pkt;
	ring->warm = ring->next;
	ring->end = block + head->blk_len;
}

/* The reader's own hold goes. */
static void leave_block(struct afpacket *ring)
{
	drop_holds(ring, ring->at);
	ring->at = (ring->at + 1) % ring->blocks;
}

bool afpacket_ready(struct afpacket *ring, uint64_t *ts_ns)
{
	while (ring->left == 0) {
		if (ring->lost && !find_kernel(ring))
			return false;
		if (!is_new(ring, ring->at))
			return false;
		open_block(ring);
		if (ring->left == 0)
			leave_block(ring);
	}
	const struct tpacket3_hdr *head = (const void *)ring->next;

	*ts_ns = head->tp_sec * NS_PER_S + head->tp_nsec;
	return true;
}

static bool came_twice(const struct afpacket *ring, const struct tpacket3_hdr *head)
{
	const struct sockaddr_ll *from = (const void *)((const uint8_t *)head + ADDRESS_OFF);

	return ring->loopback && from->sll_pkttype == PACKET_OUTGOING;
}

static void lend(struct afpacket *ring, struct frame *frame, const struct tpacket3_hdr *head)
{
	frame->data = (const uint8_t *)head + head->tp_mac;
	frame->caplen = head->tp_snaplen;
	frame->wirelen = head->tp_len;
	frame->ts_ns = head->tp_sec * NS_PER_S + head->tp_nsec;
	frame->number = ++ring->number;
	frame->link = ring->link;
	frame->source = ring->source;
	frame->block = ring->first_block + ring->at;
	frame->vlan = (head->tp_status & TP_STATUS_VLAN_VALID) != 0
			      ? VLAN_TAKEN | (head->hv1.tp_vlan_tci & 0xffffu)
			      : 0;
}

uint32_t afpacket_fill(
	struct afpacket *ring, struct frame frames[], uint32_t max, uint64_t until_ns)
{
	uint32_t n = 0;

	while (ring->left > 0 && n < max) {
		const struct tpacket3_hdr *head = (const void *)ring->next;

		if (n > 0 && head->tp_sec * NS_PER_S + head->tp_nsec > until_ns)
			break;
		if (!came_twice(ring, head))
			lend(ring, &frames[n++], head);
		ring->next += head->tp_next_offset;
		if (--ring->left > 0)
			ahead(&ring->warm, ring->next, ring->end);
	}
	/* Nobody knows these frames yet, so one addition for all is early enough. */
	atomic_fetch_add_explicit(&ring->holds[ring->at], n, memory_order_relaxed);
	atomic_store_explicit(&ring->read->left, ring->left, memory_order_relaxed);
	if (ring->left == 0)
		leave_block(ring);
	return n;
}

void afpacket_release(struct afpacket *ring, uint32_t block)
{
	drop_holds(ring, block - ring->first_block);
}

/* Of a closed block: what the dead reader did not lend. */
static uint32_t unread(const struct afpacket *ring, uint32_t i)
{
	uint64_t seq = atomic_load_explicit(&ring->read->seq, memory_order_relaxed);

	if (seq_of(ring, i) == seq)
		return atomic_load_explicit(&ring->read->left, memory_order_relaxed);
	return seq_of(ring, i) > seq ? block_at(ring, i)->hdr.bh1.num_pkts : 0;
}

/* The dead reader's blocks came back in any order; only their numbers tell
 * where the kernel is.  What it closes meanwhile is newer and stays. */
uint64_t afpacket_skip(struct afpacket *ring)
{
	uint64_t frames = 0, newest = 0;

	for (uint32_t i = 0; i < ring->blocks; i++) {
		atomic_store_explicit(&ring->holds[i], 0, memory_order_relaxed);
		if (!is_closed(ring, i) || seq_of(ring, i) <= newest)
			continue;
		newest = seq_of(ring, i);
		ring->at = (i + 1) % ring->blocks;
	}
	for (uint32_t i = 0; i < ring->blocks; i++) {
		if (!is_closed(ring, i) || seq_of(ring, i) > newest)
			continue;
		frames += unread(ring, i);
		give_back(ring, i);
	}
	ring->left = 0;
	ring->seq_read = newest;
	ring->lost = newest == 0;
	return frames;
}

uint64_t afpacket_drops(const struct afpacket *ring)
{
	struct tpacket_stats_v3 stats = {.tp_drops = 0};
	socklen_t len = sizeof(stats);

	if (-1 == getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		return 0;
	return stats.tp_drops;
}

void afpacket_clear_error(const struct afpacket *ring)
{
	int error;
	socklen_t len = sizeof(error);

	(void)getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

bool afpacket_exists(const struct afpacket *ring)
{
	struct sockaddr_ll address = {.sll_ifindex = 0};
	socklen_t len = sizeof(address);

	if (-1 == getsockname(ring->fd, (struct sockaddr *)(void *)&address, &len))
		return true;
	return address.sll_ifindex > 0;
}

bool afpacket_is_up(const struct afpacket *ring, const char *name)
{
	struct ifreq req = {.ifr_flags = 0};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return -1 != ioctl(ring->fd, SIOCGIFFLAGS, &req) && (req.ifr_flags & IFF_UP) != 0;
}

bool afpacket_bind_again(struct afpacket *ring, const char *name)
{
	unsigned index = if_nametoindex(name);
	struct afpacket now = {.fd = -1};
	struct err err = {.status = 0};

	return index != 0 && find_link(&now, name, &err) && now.link == ring->link &&
	       start(ring, name, index, &err);
}
