/* pcapbpf.h - what we take from libpcap: its filter compiler and its list of
 * interfaces. */
#ifndef SEKISHO_CAPTURE_PCAPBPF_H
#define SEKISHO_CAPTURE_PCAPBPF_H

#include <linux/filter.h>

#include "base/err.h"

#define PCAPBPF_MAX BPF_MAXINSNS

struct pcapbpf {
	struct sock_fprog program; /* for SO_ATTACH_FILTER; owned, see pcapbpf_free() */
};

/* Compiles for a live interface of that link type (enum link_type).  A program
 * passes whole frames, however long. */
bool pcapbpf_compile(struct pcapbpf *bpf, const char *interface, int link, const char *expression,
	struct err *err);
void pcapbpf_free(struct pcapbpf *bpf);

#endif
