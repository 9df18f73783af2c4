#include "tell.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/safe_text.h"

#define FIELD_MAX (1u << 20) /* of a field's bytes; a capture here has none that long */

static_assert(sizeof(crypto_hash_sha256_state) <= TELL_SUM_WORDS * 8, "room for its state");

static crypto_hash_sha256_state *state_of(struct tell_sum *sum)
{
	return (void *)sum->state;
}

static const char *const fate[] = {[CLOSE_COMPLETE] = "complete",
	[CLOSE_GAP] = "gap",
	[CLOSE_END] = "end",
	[CLOSE_BAD] = "bad"};

static void print_head(const struct tell_at *at, const char *field, enum close_reason reason)
{
	printf("%s\t%s\t%s\t%s/%u-%u\t%s", at->file, field, at->community_id, at->proto,
		at->port_low, at->port_high, fate[reason]);
}

static void print_text(struct bytes text)
{
	char *shown = malloc(text.len * 4 + 1);

	if (shown == NULL)
		abort();
	safe_text(shown, text.len * 4 + 1, text);
	printf("\t%s", shown);
	free(shown);
}

static void keep(struct tell_kept *kept, const struct run *run)
{
	if (run->first) {
		if (kept->seen) /* a second one of the message: the first counts */
			kept->done = true;
		kept->seen = true;
	}
	if (kept->done || run->data.len == 0 || kept->len + run->data.len > FIELD_MAX)
		return;
	kept->ptr = realloc(kept->ptr, kept->len + run->data.len);
	if (kept->ptr == NULL)
		abort();
	memcpy(kept->ptr + kept->len, run->data.ptr, run->data.len);
	kept->len += run->data.len;
}

/* Declared codings, RFC 9110 section 8.4; identity is none. */
static void count_codings(struct tell *tell, struct bytes list)
{
	while (list.len > 0) {
		size_t comma = bytes_find_byte(list, ',');
		struct bytes word = bytes_trim(bytes_head(list, comma));

		if (word.len > 0 && !bytes_equal_nocase(word, bytes_text("identity")))
			tell->codings++;
		if (bytes_equal_nocase(word, bytes_text("br")) ||
			bytes_equal_nocase(word, bytes_text("zstd")))
			tell->later = true;
		list = comma == SIZE_MAX ? bytes_of(NULL, 0) : bytes_skip(list, comma + 1);
	}
}

void tell_open(struct tell *tell)
{
	for (int i = 0; i < TELL_TEXT_COUNT; i++) {
		free(tell->text[i].ptr);
		tell->text[i] = (struct tell_kept){.ptr = NULL};
	}
	memset(tell->sum, 0, sizeof(tell->sum));
	tell->codings = 0;
	tell->body_gap = tell->later = false;
}

static void print_query(const struct tell_at *at, const struct tell_kept *name, uint32_t type)
{
	print_head(at, "dns.query", CLOSE_COMPLETE);
	print_text(bytes_of(name->ptr, name->len));
	printf("\t%u\n", type);
}

void tell_run(struct tell *tell, const struct tell_at *at, const struct run *run, bool dns_query)
{
	static const uint8_t which[FIELD_ROLE_COUNT] = {
		[FIELD_HTTP_METHOD] = 1 + TELL_METHOD,
		[FIELD_HTTP_HOST] = 1 + TELL_HOST,
		[FIELD_HTTP_URI] = 1 + TELL_TARGET,
		[FIELD_HTTP_VERSION] = 1 + TELL_VERSION,
		[FIELD_HTTP_STATUS] = 1 + TELL_STATUS,
		[FIELD_TLS_SNI] = 1 + TELL_SNI,
		[FIELD_TLS_JA3] = 1 + TELL_JA3,
		[FIELD_DNS_QUERY] = 1 + TELL_QUERY,
	};
	struct tell_kept *query = &tell->text[TELL_QUERY];

	if (run->role == FIELD_HTTP_CONTENT_CODING && run->first)
		count_codings(tell, run->data);
	if (which[run->role] == 0)
		return;
	keep(&tell->text[which[run->role] - 1], run);
	if (run->role != FIELD_DNS_QUERY || !run->last)
		return;
	if (dns_query)
		print_query(at, query, run->number);
	query->seen = query->done = false; /* a message may ask more than once */
	query->len = 0;
}

/* The content with view->depth of its declared codings undone. */
void tell_view(struct tell *tell, const struct view *view)
{
	struct tell_sum *sum = &tell->sum[view->depth];

	if (view->role != FIELD_HTTP_BODY || view->depth > tell->codings)
		return;
	for (uint8_t i = 0; i < view->depth; i++)
		if (view->layers[i] != LAYER_GZIP && view->layers[i] != LAYER_DEFLATE)
			return;
	if (view->first) {
		crypto_hash_sha256_init(state_of(sum));
		sum->begun = true;
		sum->len = 0;
	}
	if (!sum->begun || sum->ended)
		return;
	crypto_hash_sha256_update(state_of(sum), view->data.ptr, view->data.len);
	sum->len += view->data.len;
	sum->ended = view->last;
}

static void print_body(struct tell *tell, const struct tell_at *at)
{
	struct tell_sum *sum;
	uint8_t digest[crypto_hash_sha256_BYTES];
	char hex[2 * crypto_hash_sha256_BYTES + 1];

	if (tell->body_gap || tell->later)
		return;
	sum = &tell->sum[tell->codings < UNWRAP_DEPTH ? tell->codings : UNWRAP_DEPTH];
	while (sum > tell->sum && !(sum->ended && sum->len > 0))
		sum--;
	if (!sum->ended || sum->len == 0)
		return;
	crypto_hash_sha256_final(state_of(sum), digest);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	print_head(at, "http.body", CLOSE_COMPLETE);
	printf("\t%s\t%llu\n", hex, (unsigned long long)sum->len);
}

static void print_texts(const struct tell *tell, const struct tell_at *at, const char *field,
	enum close_reason reason, enum tell_text from, enum tell_text to)
{
	print_head(at, field, reason);
	for (int i = (int)from; i <= (int)to; i++)
		print_text(bytes_of(tell->text[i].ptr, tell->text[i].len));
	printf("\n");
}

void tell_close(struct tell *tell, const struct tell_at *at, const struct message *message,
	enum close_reason reason)
{
	if (message->kind == MESSAGE_HTTP_REQUEST)
		print_texts(tell, at, "http.request", reason, TELL_METHOD, TELL_VERSION);
	if (message->kind == MESSAGE_HTTP_RESPONSE)
		print_texts(tell, at, "http.response", reason, TELL_STATUS, TELL_STATUS);
	if (reason == CLOSE_COMPLETE)
		print_body(tell, at);
	if (tell->text[TELL_SNI].seen)
		print_texts(tell, at, "tls.sni", reason, TELL_SNI, TELL_SNI);
	if (tell->text[TELL_JA3].seen)
		print_texts(tell, at, "ja3.hash", reason, TELL_JA3, TELL_JA3);
}

void tell_flow(const struct tell_at *at)
{
	print_head(at, "flow", CLOSE_COMPLETE);
	printf("\n");
}

void tell_free(struct tell *tell)
{
	for (int i = 0; i < TELL_TEXT_COUNT; i++)
		free(tell->text[i].ptr);
}
