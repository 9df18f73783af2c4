/* Goal: whatever the order, cuts, copies and losses, the bytes and gaps are
 * those of a plain array of "has arrived" marks.
 * Method: random scripts over a known text; the model knows only sets. */
#include "rig.h"

#define TEXT_LEN 150000
#define SCRIPTS 60

struct cut {
	uint32_t from, len;
};

static uint8_t text_at(uint32_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

static uint32_t cut_text(uint64_t *random, struct cut cuts[], uint32_t max_len, uint32_t total)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < total;) {
		uint32_t len = 1 + (uint32_t)(lab_random(random) % max_len);

		if (len > total - at)
			len = total - at;
		cuts[count++] = (struct cut){.from = at, .len = len};
		at += len;
	}
	return count;
}

static void shuffle(uint64_t *random, struct cut cuts[], uint32_t count, uint32_t reach)
{
	for (uint32_t i = 0; i + 1 < count; i++) {
		uint32_t span = count - i < reach ? count - i : reach;
		uint32_t j = i + (uint32_t)(lab_random(random) % span);
		struct cut was = cuts[i];

		cuts[i] = cuts[j];
		cuts[j] = was;
	}
}

struct script {
	uint32_t max_len, total, reach; /* reach: how far a segment is moved; 0: reversed */
	uint32_t loss, copies;          /* one in; 0: none */
	uint32_t isn;
	bool open; /* with a handshake first */
	uint64_t step_ns;
};

static void run(uint64_t seed, const struct script *script)
{
	static struct cut cuts[TEXT_LEN];
	static uint8_t text[TEXT_LEN], arrived[TEXT_LEN];
	struct rig *rig = rig_new();
	uint64_t random = seed;
	uint32_t count = cut_text(&random, cuts, script->max_len, script->total), top = 0,
		 low = TEXT_LEN;

	for (uint32_t i = 0; i < TEXT_LEN; i++)
		text[i] = text_at(i);
	memset(arrived, 0, sizeof(arrived));
	if (script->open)
		rig_open(rig, script->isn);
	if (script->reach > 0)
		shuffle(&random, cuts, count, script->reach);
	for (uint32_t i = 0; i < count; i++) {
		const struct cut *cut = &cuts[script->reach == 0 ? count - 1 - i : i];
		uint32_t from = cut->from, len = cut->len;

		if (script->loss != 0 && lab_random(&random) % script->loss == 0)
			continue;
		if (lab_random(&random) % 4 == 0) { /* other borders: overlaps neighbours */
			uint32_t more = (uint32_t)(lab_random(&random) % 50);

			from -= from > more ? more : from;
			len += len + more < script->total - from ? more : 0;
		}
		for (uint32_t copy = 0; copy < 1 + script->copies; copy++)
			rig_send(rig, C, TCP_ACK, script->isn + 1 + from, 501, text + from, len,
				len);
		memset(arrived + from, 1, len);
		top = from + len > top ? from + len : top;
		low = from < low ? from : low;
		rig_wait(rig, script->step_ns);
	}
	rig_end(rig);
	const struct rig_half *half = &rig->half[C];
	uint32_t start = script->open ? 0 : low, marks = 0, equal = 0;
	for (uint32_t i = start; i < top; i++) {
		marks += arrived[i];
		equal += arrived[i] && half->bytes[i - start] == text[i];
	}
	/* Conflicts stand only for copies that could not be compared: no byte is missing. */
	assert_int_equal(half->end, top - start);
	assert_int_equal(half->delivered, marks);
	assert_int_equal(half->missing, top - start - marks);
	assert_int_equal(equal, marks);
	rig_free(rig);
}

static void random_scripts_give_the_bytes_and_gaps_of_a_plain_array(void **state)
{
	uint64_t random = 20261121;

	(void)state;
	for (uint32_t i = 0; i < SCRIPTS; i++) {
		uint64_t seed = lab_random(&random);
		struct script script = {.max_len = 1 + (uint32_t)(seed >> 8) % (i % 2 ? 1460 : 9),
			.total = i % 2 ? TEXT_LEN : 20000,
			.reach = i % 3 == 0 ? UINT32_MAX : 1 + (uint32_t)(seed >> 20) % 40,
			.loss = i % 4 == 0 ? 0 : 5 + (uint32_t)(seed >> 30) % 100,
			.copies = i % 5 == 0,
			.isn = i % 2 ? UINT32_MAX - 5000 : (uint32_t)(seed >> 32),
			.open = true};

		printf("# seed %llu\n", (unsigned long long)seed);
		run(seed, &script);
	}
}

static void a_reversed_text_of_single_bytes_is_whole(void **state)
{
	struct script script = {.max_len = 1, .total = TEXT_LEN, .isn = 77};

	(void)state;
	run(1, &script);
	script.open = true;
	run(2, &script);
	script.max_len = 3000;
	script.open = false;
	run(3, &script);
}

/* With time passing holes are given up: then no byte comes twice, none out of
 * place, and each stands as data or beside the order. */
static void given_up_holes_lose_no_byte_that_came(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		struct rig *rig = rig_new();
		static uint8_t text[TEXT_LEN];
		uint32_t pushed = 0;

		for (uint32_t at = 0; at < TEXT_LEN; at++)
			text[at] = text_at(at);
		rig_open(rig, 4294967000u);
		for (uint32_t block = 0; block + 700 < TEXT_LEN; block += 700) {
			struct cut cuts[700];
			uint32_t count = cut_text(&random, cuts, 300, 700);

			shuffle(&random, cuts, count, count);
			for (uint32_t j = 0; j < count; j++) {
				uint32_t from = block + cuts[j].from;

				if (lab_random(&random) % 8 == 0) {
					rig_wait(rig, lab_random(&random) % (3 * SECOND));
					if (random % 2)
						rig_ack(rig, 4294967001u + from);
				}
				rig_send(rig, C, TCP_ACK, 4294967001u + from, 501, text + from,
					cuts[j].len, cuts[j].len);
				pushed += cuts[j].len;
			}
		}
		rig_end(rig);
		const struct rig_half *half = &rig->half[C];
		uint32_t wrong = 0, right = 0;
		for (uint32_t at = 0; at < half->end; at++) {
			right += half->bytes[at] == text[at];
			wrong += half->bytes[at] != text[at] && half->bytes[at] != 0;
		}
		assert_int_equal(wrong, 0);
		assert_true(right >= half->delivered);
		assert_int_equal(half->delivered + half->conflict, pushed);
		assert_true(half->missing >= half->conflict);
		assert_true(half->missing > 0);
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_scripts_give_the_bytes_and_gaps_of_a_plain_array),
		cmocka_unit_test(a_reversed_text_of_single_bytes_is_whole),
		cmocka_unit_test(given_up_holes_lose_no_byte_that_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
