/* section_test.c - what is sealed stays as it was; what is not is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "generation/generation.h"

#define SEALS_ALL (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

static struct bytes text(const char *t)
{
	return bytes_text(t);
}

static bool seal(struct section *out, enum section_kind kind, const char *t)
{
	struct err err = {0};
	bool good = section_seal(out, kind, text(t), &err);

	assert_string_equal(err.text, "");
	return good;
}

static bool is_open(int fd)
{
	return -1 != fcntl(fd, F_GETFD);
}

/* The bytes of a good section, for a test to damage. */
static size_t good_bytes(uint8_t out[static 256])
{
	struct section section;

	assert_true(seal(&section, SECTION_LISTS, "0123456789"));
	ssize_t n = pread(section.fd, out, 256, 0);
	assert_int_equal(n, SECTION_HEADER_LEN + 10);
	section_drop(&section);
	return (size_t)n;
}

/* A memfd of these bytes with these seals. */
static int memfd_of(const uint8_t *data, size_t len, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void assert_refused(int fd, const char *why)
{
	struct section out = {.hash = 77};
	struct err err = {0};

	assert_false(section_map(&out, fd, &err));
	assert_string_equal(err.text, why);
	assert_int_equal(err.status, EXIT_CANNOT);
	assert_int_equal(out.hash, 77);
	assert_true(is_open(fd));
	close(fd);
}

static void a_section_holds_its_image(void **state)
{
	struct section section;

	(void)state;
	assert_true(seal(&section, SECTION_RULES, "some compiled rules"));
	assert_true(bytes_equal(section.image, text("some compiled rules")));
	assert_int_equal(section.kind, SECTION_RULES);
	assert_int_equal((uintptr_t)section.image.ptr % 64, 0);
	section_drop(&section);
	assert_null(section.image.ptr);
}

static void an_empty_image_is_fine(void **state)
{
	struct section section;

	(void)state;
	assert_true(seal(&section, SECTION_LISTS, ""));
	assert_int_equal(section.image.len, 0);
	assert_non_null(section.image.ptr);
	section_drop(&section);
}

static void nobody_can_change_a_sealed_section(void **state)
{
	struct section section;

	(void)state;
	assert_true(seal(&section, SECTION_CARDS, "cards"));
	assert_int_equal(fcntl(section.fd, F_GET_SEALS) & SEALS_ALL, SEALS_ALL);
	assert_int_equal(pwrite(section.fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(section.fd, 0), -1);
	assert_int_equal(ftruncate(section.fd, 4096), -1);
	assert_true(
		mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, section.fd, 0) == MAP_FAILED);
	assert_int_equal(mprotect((void *)(section.image.ptr - SECTION_HEADER_LEN), 64,
				 PROT_READ | PROT_WRITE),
		-1);
	section_drop(&section);
}

static void a_received_section_is_mapped_and_owned(void **state)
{
	struct section first, second;
	struct err err = {0};

	(void)state;
	assert_true(seal(&first, SECTION_POLICY, "policy"));
	int fd = fcntl(first.fd, F_DUPFD_CLOEXEC, 0);
	assert_true(section_map(&second, fd, &err));
	assert_int_equal(second.fd, fd);
	assert_int_equal(second.hash, first.hash);
	section_drop(&first);
	assert_true(bytes_equal(second.image, text("policy")));
	section_drop(&second);
	assert_false(is_open(fd));
}

static void a_shared_section_outlives_the_first(void **state)
{
	struct section first, second;
	struct err err = {0};

	(void)state;
	assert_true(seal(&first, SECTION_LISTS, "list"));
	assert_true(section_share(&second, &first, &err));
	section_drop(&first);
	assert_true(bytes_equal(second.image, text("list")));
	section_drop(&second);
	first.fd = -1;
	assert_false(section_share(&second, &first, &err));
	assert_string_equal(err.text, "section policy: Bad file descriptor");
}

static void an_unsealed_section_is_refused(void **state)
{
	static const int some[] = {0, F_SEAL_SHRINK, F_SEAL_SHRINK | F_SEAL_GROW,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
		F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL,
		F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL};
	uint8_t data[256];
	size_t len = good_bytes(data);

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		assert_refused(memfd_of(data, len, some[i]),
			"section: not sealed, so its sender could still change it; refused");
}

static void what_is_no_memfd_is_refused(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_refused(fd, "section: not sealed, so its sender could still change it; refused");
	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	assert_refused(
		pipes[0], "section: not sealed, so its sender could still change it; refused");
	close(pipes[1]);
}

/* Every byte of header and image is covered by a check. */
static void every_changed_byte_is_refused(void **state)
{
	uint8_t data[256];
	size_t len = good_bytes(data);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		struct section out;
		struct err err = {0};

		data[i] ^= 1;
		int fd = memfd_of(data, len, SEALS_ALL);
		data[i] ^= 1;
		assert_false(section_map(&out, fd, &err));
		assert_string_not_equal(err.text, "");
		close(fd);
	}
}

static void every_prefix_is_refused(void **state)
{
	uint8_t data[256];
	size_t len = good_bytes(data);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		struct section out;
		struct err err = {0};
		int fd = memfd_of(data, n, SEALS_ALL);

		assert_false(section_map(&out, fd, &err));
		close(fd);
	}
}

static void a_wrong_header_says_what_is_wrong(void **state)
{
	uint8_t data[256], copy[256];
	size_t len = good_bytes(data);
	const struct {
		size_t off;
		const char *text;
	} rows[] = {
		{0, "section: not a section of this version (wrong magic); build it again"},
		{9, "section: unknown kind 257; build it again"},
		{12, "section lists: reserved bytes of the header are not 0; build it again"},
		{16, "section lists: header says 11 bytes, 10 are there; build it again"},
		{24, "section lists: its bytes do not have the hash of its header; build it again"},
		{40, "section lists: reserved bytes of the header are not 0; build it again"},
		{70, "section lists: its bytes do not have the hash of its header; build it again"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(copy, data, len);
		copy[rows[i].off] ^= 1;
		assert_refused(memfd_of(copy, len, SEALS_ALL), rows[i].text);
	}
	assert_refused(memfd_of(data, 63, SEALS_ALL),
		"section: 63 bytes cannot be a section; build it again");
}

static void a_section_of_another_kind_has_another_hash(void **state)
{
	struct section a, b;

	(void)state;
	assert_true(seal(&a, SECTION_POLICY, "same"));
	assert_true(seal(&b, SECTION_RULES, "same"));
	assert_true(a.hash != b.hash);
	section_drop(&a);
	section_drop(&b);
}

static uint64_t id_of(const char *lists, const char *rules)
{
	struct generation generation = {0};

	assert_true(seal(&generation.section[SECTION_POLICY], SECTION_POLICY, "p"));
	assert_true(seal(&generation.section[SECTION_LISTS], SECTION_LISTS, lists));
	assert_true(seal(&generation.section[SECTION_RULES], SECTION_RULES, rules));
	generation_finish(&generation);
	uint64_t id = generation.id;
	generation_drop(&generation);
	assert_int_equal(generation.id, 0);
	return id;
}

static void the_same_text_has_the_same_id(void **state)
{
	(void)state;
	assert_true(id_of("a", "b") == id_of("a", "b"));
	assert_true(id_of("a", "b") != id_of("a", "c"));
	assert_true(id_of("a", "b") != id_of("b", "a"));
}

static void dropping_an_empty_generation_closes_nothing(void **state)
{
	struct generation generation = {0};

	(void)state;
	generation_drop(&generation);
	assert_true(is_open(0));
}

static void a_finished_section_cannot_be_written(void **state)
{
	struct section section;
	struct err err = {0};
	int fd = section_memfd(SECTION_CARDS, &err);

	(void)state;
	assert_true(section_write(fd, SECTION_CARDS, text("abc"), &err));
	assert_true(section_finish(&section, fd, &err));
	assert_false(section_write(fd, SECTION_CARDS, text("abc"), &err));
	assert_string_equal(
		err.text, "section cards: 3 bytes could not be written: Operation not permitted");
	section_drop(&section);
	assert_false(section_finish(&section, fd, &err));
	assert_string_equal(err.text, "section: could not be sealed: Bad file descriptor");
}

static void an_unwritten_memfd_is_no_section(void **state)
{
	struct section section;
	struct err err = {0};
	int fd = section_memfd(SECTION_CARDS, &err);

	(void)state;
	assert_false(section_finish(&section, fd, &err));
	assert_string_equal(err.text, "section: 0 bytes cannot be a section; build it again");
	close(fd);
}

static void kinds_have_words(void **state)
{
	(void)state;
	assert_string_equal(section_word(SECTION_POLICY), "policy");
	assert_string_equal(section_word(SECTION_LISTS), "lists");
	assert_string_equal(section_word(SECTION_CARDS), "cards");
	assert_string_equal(section_word(SECTION_RULES), "rules");
	assert_string_equal(section_word(SECTION_GEO), "geo");
	assert_string_equal(section_word(SECTION_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_holds_its_image),
		cmocka_unit_test(an_empty_image_is_fine),
		cmocka_unit_test(nobody_can_change_a_sealed_section),
		cmocka_unit_test(a_received_section_is_mapped_and_owned),
		cmocka_unit_test(a_shared_section_outlives_the_first),
		cmocka_unit_test(an_unsealed_section_is_refused),
		cmocka_unit_test(what_is_no_memfd_is_refused),
		cmocka_unit_test(every_changed_byte_is_refused),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(a_wrong_header_says_what_is_wrong),
		cmocka_unit_test(a_section_of_another_kind_has_another_hash),
		cmocka_unit_test(the_same_text_has_the_same_id),
		cmocka_unit_test(dropping_an_empty_generation_closes_nothing),
		cmocka_unit_test(a_finished_section_cannot_be_written),
		cmocka_unit_test(an_unwritten_memfd_is_no_section),
		cmocka_unit_test(kinds_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
