#include <assert.h>
#include <hs/hs.h>
#include <stdlib.h>

#include "base/scratch.h"
#include "base/secret.h"
#include "match/first.h"

#define VECTOR 64 /* bytes */
#define PAGE 4096

struct match {
	struct first *first;
	hs_database_t *database; /* in memory of the arena */
};

struct match_scratch {
	hs_scratch_t *scratch;
};

struct collect {
	struct match_hit *hits;
	uint32_t count, more;
};

/* A literal as an expression of hexadecimal escapes: no byte has a meaning of
 * its own, and a zero byte passes (hs_compile_lit refuses one in Vectorscan). */
static void escape(struct bytes text, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < text.len; i++) {
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digit[text.ptr[i] >> 4];
		*out++ = digit[text.ptr[i] & 15];
	}
	*out = '\0';
}

struct expressions {
	const char **text;
	char *store;
	unsigned *flags, *ids;
};

static bool expressions_new(struct expressions *out, uint32_t count)
{
	*out = (struct expressions){.text = calloc(count, sizeof(char *)),
		.store = calloc(count, MATCH_LITERAL_MAX * 4 + 1),
		.flags = calloc(count, sizeof(unsigned)),
		.ids = calloc(count, sizeof(unsigned))};
	return out->text != NULL && out->store != NULL && out->flags != NULL && out->ids != NULL;
}

static void expressions_free(struct expressions *expressions)
{
	free(expressions->text);
	free(expressions->store);
	free(expressions->flags);
	free(expressions->ids);
}

static bool compile(const struct match_literal literals[], uint32_t count,
	struct expressions *expressions, hs_database_t **database, struct err *err)
{
	hs_compile_error_t *error = NULL;

	for (uint32_t i = 0; i < count; i++) {
		char *text = expressions->store + (size_t)i * (MATCH_LITERAL_MAX * 4 + 1);
		if (literals[i].text.len == 0 || literals[i].text.len > MATCH_LITERAL_MAX)
			return err_set(err, EXIT_USAGE, "a literal of %zu bytes; 1 to %d are taken",
				literals[i].text.len, MATCH_LITERAL_MAX);
		escape(literals[i].text, text);
		expressions->text[i] = text;
		expressions->ids[i] = literals[i].id;
		expressions->flags[i] =
			HS_FLAG_SINGLEMATCH | (literals[i].nocase ? HS_FLAG_CASELESS : 0);
	}
	if (hs_compile_multi(expressions->text, expressions->flags, expressions->ids, count,
		    HS_MODE_BLOCK, NULL, database, &error) == HS_SUCCESS)
		return true;
	err_set(err, EXIT_INTERNAL, "the pattern compiler: %s", error->message);
	hs_free_compile_error(error);
	return false;
}

/* The first test, then the database. */
static bool put_together(const struct match_literal literals[], uint32_t count,
	struct bytes database, uint8_t **out, size_t *out_len)
{
	size_t first_len = first_bytes(literals, count);
	struct first *first = calloc(1, first_len + database.len);

	if (first == NULL)
		return false;
	first_build(literals, count, first);
	memcpy((uint8_t *)first + first_len, database.ptr, database.len);
	*out = (uint8_t *)first;
	*out_len = first_len + database.len;
	return true;
}

bool match_compile(const struct match_literal literals[], uint32_t count, uint8_t **out,
	size_t *out_len, struct err *err)
{
	struct expressions expressions;
	hs_database_t *database = NULL;
	char *bytes = NULL;
	size_t len = 0;
	bool done = false;

	*out = NULL;
	*out_len = 0;
	if (!expressions_new(&expressions, count))
		err_set(err, EXIT_CANNOT, "no memory for %u literals", count);
	else if (compile(literals, count, &expressions, &database, err))
		done = (hs_serialize_database(database, &bytes, &len) == HS_SUCCESS &&
			       put_together(literals, count, bytes_of(bytes, len), out, out_len)) ||
		       err_set(err, EXIT_INTERNAL, "the pattern database cannot be written");
	if (database != NULL)
		hs_free_database(database);
	free(bytes);
	expressions_free(&expressions);
	return done;
}

/* Size of the database behind the first test, or 0; *database: its bytes. */
static size_t database_size(struct bytes serialised, size_t first_len, struct bytes *database)
{
	size_t size = 0;

	*database = bytes_skip(serialised, first_len);
	if (first_len == 0 || database->len == 0 ||
		hs_serialized_database_size((const char *)database->ptr, database->len, &size) !=
			HS_SUCCESS)
		return 0;
	return size;
}

size_t match_bytes(struct bytes serialised)
{
	struct bytes database;
	size_t first_len = first_check(serialised);
	size_t size = database_size(serialised, first_len, &database);

	return size == 0 ? 0 : size + first_len + sizeof(struct match) + 3 * 64;
}

struct match *match_open(struct bytes serialised, struct arena *arena, struct err *err)
{
	struct bytes database;
	struct match *match = arena_take(arena, sizeof(*match));

	assert(match != NULL);
	size_t first_len = first_check(serialised);
	size_t size = database_size(serialised, first_len, &database);

	if (size == 0) {
		err_set(err, EXIT_USAGE,
			"a pattern database is damaged; build the signatures anew");
		return NULL;
	}
	void *memory = arena_take(arena, size);
	match->first = arena_take(arena, first_len);
	assert(memory != NULL && match->first != NULL); /* sized by match_bytes */
	memcpy(match->first, serialised.ptr, first_len);
	match->database = memory;
	hs_error_t rc = hs_deserialize_database_at(
		(const char *)database.ptr, database.len, match->database);
	if (rc != HS_SUCCESS) {
		err_set(err, EXIT_USAGE,
			rc == HS_DB_PLATFORM_ERROR
				? "the pattern database was built for another processor; build it "
				  "here"
				: "a pattern database is damaged; build the signatures anew");
		return NULL;
	}
	return match;
}

struct match_scratch *match_scratch_new(
	const struct match *const matches[], uint32_t count, struct err *err)
{
	struct match_scratch *scratch = calloc(1, sizeof(*scratch));

	/* It copies pieces of what it scans to its scratch. */
	if (scratch == NULL || hs_set_scratch_allocator(secret_new, secret_free) != HS_SUCCESS) {
		free(scratch);
		err_set(err, EXIT_CANNOT, "no memory for the pattern matcher");
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (hs_alloc_scratch(matches[i]->database, &scratch->scratch) == HS_SUCCESS)
			continue;
		err_set(err, EXIT_CANNOT, "no memory for the pattern matcher");
		match_scratch_free(scratch);
		return NULL;
	}
	return scratch;
}

void match_scratch_free(struct match_scratch *scratch)
{
	if (scratch == NULL)
		return;
	hs_free_scratch(scratch->scratch);
	free(scratch);
}

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *self)
{
	struct collect *collect = self;

	(void)from;
	(void)flags;
	if (collect->count < MATCH_HITS_MAX)
		collect->hits[collect->count++] = (struct match_hit){.id = id, .end = (uint32_t)to};
	else
		collect->more++;
	return 0;
}

static int by_id(const struct match_hit *a, const struct match_hit *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

/* At most MATCH_HITS_MAX, nearly always 0 or 1: insertion is the cheapest. */
static void sort(struct match_hit *hits, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct match_hit hit = hits[i];
		uint32_t at = i;
		for (; at > 0 && by_id(&hit, &hits[at - 1]) < 0; at--)
			hits[at] = hits[at - 1];
		hits[at] = hit;
	}
}

static uint32_t scan(const struct match *match, struct match_scratch *scratch, struct bytes buf,
	struct match_hit hits[static MATCH_HITS_MAX], uint32_t *more)
{
	struct collect collect = {.hits = hits};
	hs_error_t rc = hs_scan(match->database, (const char *)buf.ptr, (unsigned)buf.len, 0,
		scratch->scratch, on_match, &collect);

	assert(rc == HS_SUCCESS);
	sort(hits, collect.count);
	*more = collect.more;
	return collect.count;
}

/* Hyperscan 5.4.0 reads a whole vector of a buffer that is shorter than one: behind the
 * last byte of a page that is a crash. */
static bool ends_at_page(struct bytes buf)
{
	uintptr_t end = (uintptr_t)(buf.ptr + buf.len);

	return buf.len < VECTOR && (end - 1) % PAGE >= PAGE - VECTOR;
}

uint32_t match_scan(const struct match *match, struct match_scratch *scratch, struct bytes buf,
	struct match_hit hits[static MATCH_HITS_MAX], uint32_t *more)
{
	*more = 0;
	if (buf.len == 0 || (buf.len <= FIRST_BUFFER_MAX && !first_may(match->first, buf)))
		return 0;
	if (!ends_at_page(buf))
		return scan(match, scratch, buf, hits, more);
	SCRATCH uint8_t copy[2 * VECTOR];
	memcpy(copy, buf.ptr, buf.len);
	uint32_t count = scan(match, scratch, bytes_of(copy, buf.len), hits, more);
	explicit_bzero(copy, buf.len);
	return count;
}
