/* tls.c - TLS 1.3 as a tap sees it. */
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECORD_CCS = 20,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
	RECORD_MAX = 16384,
	RECORD_EXTRA = 17, /* inner type and tag */
	HELLO_MIN = 517,   /* RFC 7685: as browsers pad */
};

static void put_len(struct buf *b, size_t at)
{
	buf_put16(b, at, (unsigned)(b->len - at - 2));
}

static size_t open_len(struct buf *b)
{
	buf_u16(b, 0);
	return b->len - 2;
}

static void add_random(struct buf *b, struct rng *rng, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t v = rng_next(rng);

		buf_add(b, &v, len - i < 8 ? len - i : 8);
	}
}

static void add_sni(struct buf *b, const char *name)
{
	if (!name[0])
		return;
	buf_u16(b, 0);
	size_t ext = open_len(b), list = open_len(b);

	buf_u8(b, 0);
	buf_u16(b, (unsigned)strlen(name));
	buf_text(b, name);
	put_len(b, list);
	put_len(b, ext);
}

static void add_alpn(struct buf *b, const char *alpn)
{
	if (!alpn[0])
		return;
	buf_u16(b, 16);
	size_t ext = open_len(b), list = open_len(b);

	buf_u8(b, (unsigned)strlen(alpn));
	buf_text(b, alpn);
	put_len(b, list);
	put_len(b, ext);
}

static void add_extensions(struct buf *b, struct rng *rng, const char *sni, const char *alpn)
{
	static const uint8_t groups[] = {0, 10, 0, 6, 0, 4, 0, 29, 0, 23};
	static const uint8_t points[] = {0, 11, 0, 2, 1, 0};
	static const uint8_t signatures[] = {0, 13, 0, 10, 0, 8, 4, 3, 8, 4, 4, 1, 8, 5};
	static const uint8_t versions[] = {0, 43, 0, 5, 4, 3, 4, 3, 3};
	static const uint8_t modes[] = {0, 45, 0, 2, 1, 1};
	static const uint8_t share[] = {0, 51, 0, 38, 0, 36, 0, 29, 0, 32};

	add_sni(b, sni);
	buf_add(b, "\0\x17\0\0", 4); /* extended_master_secret */
	buf_add(b, groups, sizeof(groups));
	buf_add(b, points, sizeof(points));
	add_alpn(b, alpn);
	buf_add(b, signatures, sizeof(signatures));
	buf_add(b, share, sizeof(share));
	add_random(b, rng, 32);
	buf_add(b, modes, sizeof(modes));
	buf_add(b, versions, sizeof(versions));
	if (b->len + 4 < HELLO_MIN) {
		static const uint8_t zero[HELLO_MIN] = {0};
		size_t pad = HELLO_MIN - b->len - 4;

		buf_u16(b, 21);
		buf_u16(b, (unsigned)pad);
		buf_add(b, zero, pad);
	}
}

static void add_data(struct buf *b, struct rng *rng, size_t len)
{
	buf_u8(b, RECORD_DATA);
	buf_u16(b, 0x0303);
	buf_u16(b, (unsigned)len);
	add_random(b, rng, len);
}

/* The record layer's change_cipher_spec, for middleboxes. */
static void add_ccs(struct buf *b)
{
	buf_add(b, "\x14\x03\x03\0\x01\x01", 6);
}

static void say(struct scene *scene, unsigned side, struct buf *b, int64_t delay_ns)
{
	talk_say(&scene->talk, side, b->data, b->len, delay_ns);
	buf_free(b);
}

/* The plants of the turn old of the scene now lie in [from, to). */
static void move_plants(struct stage *stage, const struct scene *scene, const struct turn *old,
	size_t from, size_t to)
{
	for (size_t i = scene->first_plant; i < stage->truth.cnt; i++) {
		struct plant *p = &stage->truth.plants[i];

		if (p->form[0] == '\0' || strcmp(p->form, "tls") == 0 || p->side != old->side ||
			p->from < old->from || p->from >= old->to)
			continue;
		snprintf(p->form, sizeof(p->form), "tls");
		p->from = from;
		p->to = to;
	}
}

void tls_client_hello(struct buf *out, struct rng *rng, const char *sni, const char *alpn)
{
	static const uint8_t suites[] = {0, 22, 0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f,
		0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0, 0x9c, 0, 0x9d};
	struct buf b = {0};

	buf_u8(&b, RECORD_HANDSHAKE);
	buf_u16(&b, 0x0301);
	size_t record = open_len(&b);

	buf_u16(&b, 0x0100); /* client_hello, the length's first byte 0 */
	size_t hello = open_len(&b);

	buf_u16(&b, 0x0303);
	add_random(&b, rng, 32);
	buf_u8(&b, 32);
	add_random(&b, rng, 32);
	buf_add(&b, suites, sizeof(suites));
	buf_u16(&b, 0x0100); /* compression: none */
	size_t extensions = open_len(&b);

	add_extensions(&b, rng, sni, alpn);
	put_len(&b, extensions);
	put_len(&b, hello);
	put_len(&b, record);
	buf_add(out, b.data, b.len);
	buf_free(&b);
}

void tls_server_hello(struct buf *out, struct rng *rng)
{
	static const uint8_t extensions[] = {0, 46, 0, 43, 0, 2, 3, 4, 0, 51, 0, 36, 0, 29, 0, 32};

	buf_u8(out, RECORD_HANDSHAKE);
	buf_u16(out, 0x0303);
	size_t record = open_len(out);

	buf_u16(out, 0x0200);
	size_t hello = open_len(out);

	buf_u16(out, 0x0303);
	add_random(out, rng, 32);
	buf_u8(out, 32);
	add_random(out, rng, 32);
	buf_u16(out, 0x1301);
	buf_u8(out, 0);
	buf_add(out, extensions, sizeof(extensions));
	add_random(out, rng, 32);
	put_len(out, hello);
	put_len(out, record);
	add_ccs(out);
}

void tls_handshake(struct stage *stage, struct scene *scene, const char *sni, const char *alpn)
{
	struct buf b = {0};

	tls_client_hello(&b, &stage->rng, sni, alpn);
	say(scene, SIDE_CLIENT, &b, 200000);
	tls_server_hello(&b, &stage->rng);
	add_data(&b, &stage->rng, 2400 + rng_below(&stage->rng, 1000)); /* certificate and rest */
	say(scene, SIDE_SERVER, &b, 1500000);
	add_ccs(&b);
	add_data(&b, &stage->rng, 53); /* Finished */
	say(scene, SIDE_CLIENT, &b, 800000);
}

size_t tls_records(
	struct stage *stage, struct scene *scene, unsigned side, size_t len, int64_t delay_ns)
{
	size_t from = scene->talk.said[side].len;
	struct buf b = {0};

	for (size_t done = 0; done < len || done == 0;) {
		size_t n = len - done < RECORD_MAX ? len - done : RECORD_MAX;

		add_data(&b, &stage->rng, n + RECORD_EXTRA);
		done += n;
		if (n == 0)
			break;
	}
	say(scene, side, &b, delay_ns);
	return from;
}

void tls_wrap(struct stage *stage, struct scene *scene)
{
	struct talk clear = scene->talk;

	scene->talk.turns = NULL;
	scene->talk.turn_cnt = scene->talk.turn_cap = 0;
	scene->talk.said[0] = scene->talk.said[1] = (struct buf){0};
	tls_handshake(stage, scene, scene->host[SIDE_SERVER]->fqdn, "http/1.1");
	for (size_t i = 0; i < clear.turn_cnt; i++) {
		const struct turn *t = &clear.turns[i];
		size_t from = tls_records(stage, scene, t->side, t->to - t->from, t->delay_ns);

		move_plants(stage, scene, t, from, scene->talk.said[t->side].len);
	}
	talk_fini(&clear);
}
