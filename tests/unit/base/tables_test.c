#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/category.h"
#include "base/limit.h"
#include "base/reason.h"
#include "base/why.h"

/* A word stands in events and settings: small letters, digits and one kind of
 * joint, and no other row has it. */
static void check_words(const char *const words[], int count)
{
	for (int i = 0; i < count; i++) {
		assert_true(strlen(words[i]) > 0 && strlen(words[i]) <= 32);
		for (const char *c = words[i]; *c != '\0'; c++)
			assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", *c));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(words[i], words[j]);
	}
}

static void every_reason_has_a_word_of_its_own(void **state)
{
	const char *frame[FRAME_REASON_COUNT], *skip[SKIP_REASON_COUNT], *why[WHY_COUNT];

	(void)state;
	for (int i = 0; i < FRAME_REASON_COUNT; i++)
		frame[i] = frame_reason_word((enum frame_reason)i);
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		skip[i] = skip_reason_word((enum skip_reason)i);
	for (int i = 0; i < WHY_COUNT; i++)
		why[i] = why_row((enum why)i)->word;
	check_words(frame, FRAME_REASON_COUNT);
	check_words(skip, SKIP_REASON_COUNT);
	check_words(why, WHY_COUNT);
	assert_string_equal(frame_reason_word(FRAME_DAMAGED), "damaged");
	assert_string_equal(skip_reason_word(SKIP_CONFLICT), "conflict");
}

static void every_limit_is_found_by_a_word_of_its_own(void **state)
{
	const char *words[LIMIT_COUNT];

	(void)state;
	for (enum limit i = 0; i < LIMIT_COUNT; i++) {
		words[i] = limit_word(i);
		assert_int_equal(limit_find(words[i]), i);
		assert_true(strlen(limit_text(i)) > 0);
	}
	check_words(words, LIMIT_COUNT);
	assert_int_equal(limit_find("depth"), LIMIT_COUNT);
	assert_false(limit_is_quota(LIMIT_DEPTH));
	assert_true(limit_is_quota(LIMIT_FLOWS));
}

static void weights_are_added_over_a_set(void **state)
{
	int all = 0;

	(void)state;
	assert_int_equal(why_sum(0), 0);
	assert_int_equal(why_sum(WHY_BIT(WHY_CARD_FORMAT)), 37);
	assert_int_equal(why_sum(WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_DECOY_KEY)), -13);
	for (int i = 0; i < WHY_COUNT; i++)
		all += why_row((enum why)i)->weight;
	assert_int_equal(why_sum(UINT64_MAX), all);
	assert_int_equal(why_row(WHY_DEST_NEW)->home, WHY_HOME_JOIN);
	assert_int_equal(why_row(WHY_CARD_KEY)->home, WHY_HOME_WORKER);
}

/* Format and one more mark are not enough for an alert; with the code beside it they are. */
static void weights_meet_their_thresholds(void **state)
{
	uint64_t card = WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_KEY);

	(void)state;
	assert_in_range(why_sum(card), WHY_EVIDENCE, WHY_ALERT - 1);
	assert_true(why_sum(card | WHY_BIT(WHY_CARD_CODE)) >= WHY_ALERT);
	assert_true(why_sum(card | WHY_BIT(WHY_CARD_CODE) | WHY_BIT(WHY_DEST_PSP)) < 0);
}

static void categories_are_found_by_their_word(void **state)
{
	const char *words[CATEGORY_COUNT];

	(void)state;
	for (int i = 0; i < CATEGORY_COUNT; i++) {
		words[i] = category_word((enum category)i);
		assert_int_equal(category_find(words[i]), i);
		assert_true(strlen(category_sentence((enum category)i)) > 0);
		assert_true(strlen(category_family((enum category)i)) > 0);
	}
	check_words(words, CATEGORY_COUNT);
	assert_int_equal(category_find("no-such"), -1);
}

static void severity_follows_category_and_confidence(void **state)
{
	(void)state;
	assert_int_equal(category_severity(CATEGORY_CARD_EXFIL, CONFIDENCE_HIGH), 1);
	assert_int_equal(category_severity(CATEGORY_CARD_EXFIL, CONFIDENCE_MEDIUM), 2);
	assert_int_equal(category_severity(CATEGORY_CARD_EXFIL, CONFIDENCE_LOW), 3);
	assert_int_equal(category_severity(CATEGORY_RULE, CONFIDENCE_HIGH), 2);
	assert_int_equal(category_severity(CATEGORY_RULE, CONFIDENCE_MEDIUM), 3);
	assert_string_equal(confidence_word(CONFIDENCE_MEDIUM), "medium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_a_word_of_its_own),
		cmocka_unit_test(every_limit_is_found_by_a_word_of_its_own),
		cmocka_unit_test(weights_are_added_over_a_set),
		cmocka_unit_test(weights_meet_their_thresholds),
		cmocka_unit_test(categories_are_found_by_their_word),
		cmocka_unit_test(severity_follows_category_and_confidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
