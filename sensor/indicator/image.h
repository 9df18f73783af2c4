/* image.h - the layout of a compiled indicator set; shared by its builder and
 * its reader.  Offsets from the start of the image, nothing else:
 *   header | rows | keys (one per row) | Bloom words | those of names | table | texts
 * table: open addressing, entry = row + 1; several rows of one key stand one
 * after the other in probe order. */
#ifndef SEKISHO_INDICATOR_IMAGE_H
#define SEKISHO_INDICATOR_IMAGE_H

#include "indicator/indicator.h"

#define IMAGE_MAGIC UINT64_C(0x31545349494b5353) /* "SSKIIST1" */
#define IMAGE_ROWS_MAX 5000000u
#define DOMAIN_MAX 253

struct image_key {
	struct addr addr;  /* address or prefix */
	uint32_t text_off; /* domain, lower case */
	uint8_t text_len;
	uint8_t bits; /* prefix */
	uint8_t kind; /* enum indicator_kind */
	uint8_t sub;  /* domain: also every name below it */
};

struct image_header {
	uint64_t magic;
	uint64_t len; /* of the image */
	uint32_t row_cnt, list_cnt;
	uint32_t table_size;  /* power of two */
	uint32_t bloom_words; /* power of two */
	uint32_t text_len;
	uint32_t domain_cnt;
	uint32_t name_words; /* power of two */
	uint32_t zero;
	uint64_t lengths[3]; /* bit n: a prefix of n bits is there */
	struct hash_key key;
};

struct image_view {
	const struct image_header *header;
	const struct indicator_row *rows;
	const struct image_key *keys;
	const uint32_t *table;
	const uint64_t *bloom;
	const uint64_t *names; /* Bloom words by image_sign() */
	const char *texts;
};

size_t image_len(const struct image_header *header);
void image_view_of(const void *image, struct image_view *out);
/* What is hashed of an address, a prefix (masked) or a name. */
uint64_t image_hash_addr(const struct hash_key *key, const struct addr *addr, uint8_t bits);
uint64_t image_hash_name(const struct hash_key *key, struct bytes name);
uint64_t image_bloom_mask(uint64_t hash);
/* Of a name's length, beginning and end: what differs there is another name.  Costs a tenth of
 * its hash, and refuses nearly every name that is in no list. */
uint64_t image_sign(struct bytes name);
uint64_t image_sign_addr(const struct addr *addr, uint8_t bits); /* the same of an address */
struct addr image_mask(const struct addr *addr, uint8_t bits);

#endif
