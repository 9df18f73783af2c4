/* coverage.h - the rows of the books (account/): plain data that a fact carries. */
#ifndef SEKISHO_BASE_COVERAGE_H
#define SEKISHO_BASE_COVERAGE_H

#include "base/addr.h"
#include "base/reason.h"

#define MINUTE_NS (60ull * 1000000000ull)

/* Whose bytes: a merchant's or not, of which own server, or nobody's.  Hashed
 * and compared as bytes: no padding. */
struct account_key {
	uint64_t minute;    /* now_ns / MINUTE_NS */
	struct addr server; /* the protected or own end; zero: nobody's */
	uint32_t merchant;  /* 0 = none */
	uint16_t source;
	uint16_t tenant;
};

struct account_counts {
	int64_t packets;
	int64_t payload;
	int64_t inspected;
	int64_t duplicate;
	int64_t pending;
	int64_t missing;
	int64_t conflict;  /* part of payload: later copies that contradict, read raw only */
	int64_t tls;       /* part of payload that belongs to TLS flows */
	int64_t one_sided; /* part of payload in flows that had no answer so far */
	int64_t skipped[SKIP_REASON_COUNT];
};

struct account_row {
	struct account_key key;
	struct account_counts counts;
};

#endif
