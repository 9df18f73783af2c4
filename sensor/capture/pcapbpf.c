#include "capture/pcapbpf.h"

#include <net/if.h>
#include <netdb.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "capture/source.h"

#define SNAPLEN 262144 /* libpcap's largest; taken out of the program again */
#define BUFFER_BYTES (1 << 20)

/* The kernel takes the VLAN tag out of the frame before a filter sees it.
 * libpcap compiles "vlan" for that only on an activated handle. */
static pcap_t *live_handle(const char *interface)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_create(interface, text);

	if (pcap == NULL)
		return NULL;
	pcap_set_snaplen(pcap, SNAPLEN);
	pcap_set_buffer_size(pcap, BUFFER_BYTES);
	if (pcap_activate(pcap) >= 0)
		return pcap;
	pcap_close(pcap);
	return NULL;
}

/* A filter's return value is the length to keep: all of it. */
static bool take_program(struct pcapbpf *bpf, const struct bpf_program *compiled)
{
	struct sock_filter *out = calloc(compiled->bf_len, sizeof(*out));

	if (out == NULL)
		return false;
	for (unsigned i = 0; i < compiled->bf_len; i++) {
		const struct bpf_insn *in = &compiled->bf_insns[i];
		bool passes = in->code == (BPF_RET | BPF_K) && in->k != 0;

		out[i] = (struct sock_filter){.code = in->code,
			.jt = in->jt,
			.jf = in->jf,
			.k = passes ? UINT32_MAX : in->k};
	}
	bpf->program = (struct sock_fprog){.len = (unsigned short)compiled->bf_len, .filter = out};
	return true;
}

static bool compile(struct pcapbpf *bpf, pcap_t *pcap, const char *interface,
	const char *expression, struct err *err)
{
	struct bpf_program compiled;

	if (-1 == pcap_compile(pcap, &compiled, expression, 1, PCAP_NETMASK_UNKNOWN))
		return err_set(err, EXIT_USAGE, "%s: filter \"%s\": %s (see pcap-filter(7))",
			interface, expression, pcap_geterr(pcap));
	bool fits = compiled.bf_len <= PCAPBPF_MAX;
	bool ok = fits && take_program(bpf, &compiled);

	pcap_freecode(&compiled);
	if (!fits)
		return err_set(err, EXIT_USAGE,
			"%s: filter \"%s\": needs more than the kernel's %d steps; shorten it",
			interface, expression, PCAPBPF_MAX);
	return ok || err_set(err, EXIT_CANNOT, "%s: no memory for the filter", interface);
}

bool pcapbpf_compile(struct pcapbpf *bpf, const char *interface, int link, const char *expression,
	struct err *err)
{
	pcap_t *pcap = live_handle(interface);
	bool live = pcap != NULL;

	if (!live)
		pcap = pcap_open_dead(link == LINK_RAW ? DLT_RAW : DLT_EN10MB, SNAPLEN);
	if (pcap == NULL)
		return err_set(err, EXIT_CANNOT, "%s: no memory for the filter", interface);
	bool ok = compile(bpf, pcap, interface, expression, err);

	pcap_close(pcap);
	if (ok && !live && strstr(expression, "vlan") != NULL) {
		pcapbpf_free(bpf);
		return err_set(err, EXIT_CANNOT,
			"%s: a filter on vlan needs the interface up and CAP_NET_RAW; bring it up "
			"first (ip link set %s up)",
			interface, interface);
	}
	return ok;
}

void pcapbpf_free(struct pcapbpf *bpf)
{
	free(bpf->program.filter);
	bpf->program = (struct sock_fprog){.len = 0};
}

static void print_safe(const char *text)
{
	char safe[NI_MAXHOST * 4];

	safe_text(safe, sizeof(safe), bytes_text(text));
	fputs(safe, stdout);
}

static void print_addresses(const pcap_addr_t *addresses)
{
	const char *before = "  ";

	for (const pcap_addr_t *a = addresses; a != NULL; a = a->next) {
		char host[NI_MAXHOST];
		socklen_t len;

		if (a->addr == NULL)
			continue;
		if (a->addr->sa_family == AF_INET)
			len = sizeof(struct sockaddr_in);
		else if (a->addr->sa_family == AF_INET6)
			len = sizeof(struct sockaddr_in6);
		else
			continue;
		if (0 != getnameinfo(a->addr, len, host, sizeof(host), NULL, 0, NI_NUMERICHOST))
			continue;
		fputs(before, stdout);
		print_safe(host);
		before = " ";
	}
}

bool source_list_interfaces(struct err *err)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_if_t *all;

	if (-1 == pcap_findalldevs(&all, text))
		return err_set(err, EXIT_CANNOT, "cannot list the interfaces: %s", text);
	/* libpcap also lists what is no network interface: any, nflog, usbmon. */
	for (const pcap_if_t *i = all; i != NULL; i = i->next) {
		if (if_nametoindex(i->name) == 0)
			continue;
		print_safe(i->name);
		print_addresses(i->addresses);
		putchar('\n');
	}
	pcap_freealldevs(all);
	if (0 != fflush(stdout))
		return err_set(err, EXIT_CANNOT, "cannot write the list of interfaces");
	return true;
}
