/* ndpi.c - nDPI 4.2 behind glass.
 *
 * It wants IP packets: each span gets an IPv6 header with two fixed addresses
 * and the flow's ports.  IPv6 also keeps it from its tables of IPv4 addresses
 * and from its caches across flows, which would make a label depend on which
 * other flows a worker had.  Behind the payload stand zeros: a dissector that
 * reads a little too far reads the same for everybody. */
#include <stdlib.h>

#include <ndpi/ndpi_api.h>

#include "base/arena.h"
#include "base/tuple.h"
#include "classify/label.h"

#define IP6_LEN 40
#define TCP_LEN 20
#define UDP_LEN 8
#define AFTER_LEN 512 /* zeros */
#define PACKET_LEN (IP6_LEN + TCP_LEN + LABEL_BYTES + AFTER_LEN)
#define HOP_LIMIT 64
#define TCP_ACK_PSH 0x18
#define TICK_MS 1000 /* nDPI's clock stands still */

struct state {
	struct ndpi_flow_struct flow;
	uint32_t sent[2]; /* bytes shown of the client, of the server */
	uint32_t spans;
};

struct labels {
	struct ndpi_detection_module_struct *module;
	struct arena arena;
	struct pool states;
	struct label_counters counters;
	uint8_t *packet; /* PACKET_LEN, zeroed between calls */
};

/* Whose dissectors neither allocate (but SSH for its fingerprint, which it can
 * do without) nor keep anything outside the flow. */
static const struct {
	uint16_t id;
	const char *word;
} names[] = {
	{NDPI_PROTOCOL_SSH, "ssh"},
	{NDPI_PROTOCOL_BITTORRENT, "bittorrent"},
	{NDPI_PROTOCOL_FTP_CONTROL, "ftp"},
	{NDPI_PROTOCOL_MAIL_SMTP, "smtp"},
	{NDPI_PROTOCOL_MAIL_POP, "pop3"},
	{NDPI_PROTOCOL_MAIL_IMAP, "imap"},
	{NDPI_PROTOCOL_MYSQL, "mysql"},
	{NDPI_PROTOCOL_POSTGRES, "pgsql"},
	{NDPI_PROTOCOL_MSSQL_TDS, "tds"},
	{NDPI_PROTOCOL_MONGODB, "mongodb"},
	{NDPI_PROTOCOL_MEMCACHED, "memcached"},
	{NDPI_PROTOCOL_RDP, "rdp"},
	{NDPI_PROTOCOL_VNC, "rfb"},
	{NDPI_PROTOCOL_TELNET, "telnet"},
	{NDPI_PROTOCOL_SMBV1, "smb"},
	{NDPI_PROTOCOL_SMBV23, "smb"},
	{NDPI_PROTOCOL_LDAP, "ldap"},
	{NDPI_PROTOCOL_IRC, "irc"},
	{NDPI_PROTOCOL_SOCKS, "socks"},
	{NDPI_PROTOCOL_RSYNC, "rsync"},
	{NDPI_PROTOCOL_GIT, "git"},
	{NDPI_PROTOCOL_NTP, "ntp"},
	{NDPI_PROTOCOL_SNMP, "snmp"},
	{NDPI_PROTOCOL_SYSLOG, "syslog"},
	{NDPI_PROTOCOL_TFTP, "tftp"},
	{NDPI_PROTOCOL_RADIUS, "radius"},
	{NDPI_PROTOCOL_SIP, "sip"},
	{NDPI_PROTOCOL_MQTT, "mqtt"},
	{NDPI_PROTOCOL_AMQP, "amqp"},
	{NDPI_PROTOCOL_OPENVPN, "openvpn"},
	{NDPI_PROTOCOL_WIREGUARD, "wireguard"},
	{NDPI_PROTOCOL_BGP, "bgp"},
};

#define NAMES (sizeof(names) / sizeof(names[0]))

/* nDPI's hooks have no argument: the thread's labels while it is inside, else NULL. */
static _Thread_local struct labels *inside;

static void *take(size_t size)
{
	if (inside == NULL)
		return malloc(size);
	inside->counters.memory_refused++;
	return NULL;
}

static void give(void *memory)
{
	if (inside == NULL)
		free(memory);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

bool labels_new(struct labels **out, uint32_t states, struct err *err)
{
	struct labels *labels = calloc(1, sizeof(*labels));
	NDPI_PROTOCOL_BITMASK wanted;

	if (labels == NULL)
		return err_set(err, EXIT_CANNOT, "labels: no memory");
	if (!arena_new(&labels->arena, pool_bytes(sizeof(struct state), states) + PACKET_LEN + 128,
		    err)) {
		free(labels);
		return false;
	}
	labels->packet = arena_take(&labels->arena, PACKET_LEN);
	bool made = labels->packet != NULL &&
		    pool_new(&labels->states, &labels->arena, sizeof(struct state), states);
	set_ndpi_malloc(take);
	set_ndpi_free(give);
	labels->module =
		ndpi_init_detection_module(ndpi_dont_load_tor_hosts | ndpi_dont_init_libgcrypt);
	if (!made || labels->module == NULL) {
		labels_free(labels);
		return err_set(err, EXIT_CANNOT, "labels: nDPI could not start");
	}
	NDPI_ZERO(&wanted);
	for (size_t i = 0; i < NAMES; i++) {
		uint16_t id = names[i].id;

		wanted.fds_bits[id / NDPI_BITS] |= (ndpi_ndpi_mask)1 << id % NDPI_BITS;
	}
	ndpi_set_protocol_detection_bitmask2(labels->module, &wanted);
	ndpi_finalize_initialization(labels->module);
	*out = labels;
	return true;
}

void labels_free(struct labels *labels)
{
	if (labels == NULL)
		return;
	if (labels->module != NULL)
		ndpi_exit_detection_module(labels->module);
	arena_free(&labels->arena);
	free(labels);
}

static size_t append(uint8_t *to, size_t room, struct bytes data)
{
	size_t len = data.len < room ? data.len : room;

	if (len > 0)
		memcpy(to, data.ptr, len);
	return len;
}

static void put_transport(
	uint8_t *at, const struct label_span *span, const struct state *state, uint16_t len)
{
	bool client = span->dir == span->client_dir;

	put16(at, client ? span->client_port : span->server_port);
	put16(at + 2, client ? span->server_port : span->client_port);
	if (span->datagram) {
		put16(at + 4, UDP_LEN + (uint32_t)len);
		return;
	}
	put32(at + 4, state->sent[!client] + 1);
	put32(at + 8, state->sent[client] + 1);
	at[12] = TCP_LEN / 4 << 4;
	at[13] = TCP_ACK_PSH;
}

/* Length of the packet made of the span. */
static uint16_t make_packet(
	struct labels *labels, struct state *state, const struct label_span *span)
{
	uint8_t *packet = labels->packet;
	uint16_t header = IP6_LEN + (span->datagram ? UDP_LEN : TCP_LEN);
	bool client = span->dir == span->client_dir;

	size_t len = append(packet + header, LABEL_BYTES, span->held);
	len += append(packet + header + len, LABEL_BYTES - len, span->data);
	packet[0] = 6 << 4;
	put16(packet + 4, (uint32_t)(header - IP6_LEN + len));
	packet[6] = span->datagram ? PROTO_UDP : PROTO_TCP;
	packet[7] = HOP_LIMIT;
	packet[8] = packet[24] = 0xfd; /* RFC 4193: addresses of nobody */
	packet[23] = client ? 1 : 2;
	packet[39] = client ? 2 : 1;
	put_transport(packet + IP6_LEN, span, state, (uint16_t)len);
	state->sent[!client] += (uint32_t)len;
	return (uint16_t)(header + len);
}

static struct state *state_at(struct labels *labels, uint32_t *place)
{
	if (*place == 0) {
		*place = pool_take(&labels->states);
		if (*place == 0) {
			labels->counters.state_refused++;
			*place = LABEL_DONE;
			return NULL;
		}
		struct state *fresh = pool_at(&labels->states, *place);
		memset(fresh, 0, sizeof(*fresh));
		/* not the first: else it gives up where the first packet says nothing */
		fresh->flow.num_processed_pkts = 1;
	}
	return pool_at(&labels->states, *place);
}

/* What it read, in our table; 0: nothing yet.  BitTorrent is always "from the
 * cache", which is empty here. */
static uint16_t verdict(const struct ndpi_flow_struct *flow)
{
	uint16_t id = flow->detected_protocol_stack[1] != NDPI_PROTOCOL_UNKNOWN
			      ? flow->detected_protocol_stack[1]
			      : flow->detected_protocol_stack[0];

	return flow->confidence >= NDPI_CONFIDENCE_DPI_CACHE && label_word(id) != NULL ? id : 0;
}

uint16_t label_span(struct labels *labels, uint32_t *state, const struct label_span *span)
{
	if (labels == NULL || *state == LABEL_DONE || span->held.len + span->data.len == 0)
		return 0;
	struct state *at = state_at(labels, state);
	if (at == NULL)
		return 0;
	uint16_t len = make_packet(labels, at, span);
	labels->counters.asked++;
	inside = labels;
	ndpi_detection_process_packet(labels->module, &at->flow, labels->packet, len, TICK_MS);
	inside = NULL;
	explicit_bzero(labels->packet, len);
	uint16_t label = verdict(&at->flow);
	labels->counters.named += label != 0;
	if (at->flow.detected_protocol_stack[0] != NDPI_PROTOCOL_UNKNOWN ||
		++at->spans == LABEL_SPANS)
		label_drop(labels, state);
	return label;
}

void label_drop(struct labels *labels, uint32_t *state)
{
	if (labels != NULL && *state != 0 && *state != LABEL_DONE)
		pool_erase(&labels->states, *state, SIZE_MAX);
	*state = LABEL_DONE;
}

const struct label_counters *label_counters(const struct labels *labels)
{
	static const struct label_counters none;

	return labels != NULL ? &labels->counters : &none;
}

const char *label_word(uint16_t label)
{
	for (size_t i = 0; i < NAMES && label != 0; i++) {
		if (names[i].id == label)
			return names[i].word;
	}
	return NULL;
}
