/* cmd_explain.c - sekisho explain FILE|HEX|EVENT: what makes a card of it, and what not. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "mask/mask.h"
#include "sekisho/cli.h"
#include "sekisho/explain.h"

#ifndef SEKISHO_SIGNATURES
#define SEKISHO_SIGNATURES "/usr/local/share/sekisho/signatures"
#endif
#define EVENT_DIGITS 12 /* more are no event's */
#define CARD_DIGITS 13

/* What was typed, as it may be shown: it may be a card's number. */
struct shown {
	struct masked text;
};

static struct shown shown_of(const char *word)
{
	struct shown shown;

	mask_text(&shown.text, bytes_text(word));
	return shown;
}

#define SHOWN(shown) (int)(shown).text.len, (shown).text.text

static int print(struct cli *cli, const struct explained *explained, struct err *err)
{
	char *text = malloc(EXPLAIN_JSON_MAX);
	size_t len = text == NULL ? 0 : explain_json(explained, text, EXPLAIN_JSON_MAX);
	struct value *value = len == 0 ? NULL : value_parse(bytes_of(text, len), err);

	free(text);
	if (value == NULL && err->status == 0)
		err_set(err, EXIT_INTERNAL, "the explanation does not fit");
	if (value != NULL && (cli->given & CLI_JSON) != 0)
		cli_print_json(cli, value, err);
	else if (value != NULL)
		explain_page(&cli->page, value);
	value_drop(value);
	return err->status != 0 ? err->status : cli_end(cli, err);
}

/* The tables of cards, *image to be freed. */
static bool open_table(
	const struct cli *cli, struct pan_table *table, uint8_t **image, struct err *err)
{
	const char *signatures = cli->signatures != NULL ? cli->signatures : SEKISHO_SIGNATURES;
	char cards[4096];
	struct err why = {0};
	size_t len;

	snprintf(cards, sizeof(cards), "%s/cards", signatures);
	if (!pan_table_build(cards, image, &len, &why))
		return err_set(err, why.status, "%s%s", why.text,
			cli->signatures == NULL ? "; name the folder of signatures with "
						  "--signatures DIR"
						: "");
	return pan_table_open(table, bytes_of(*image, len), err);
}

static int explain(struct cli *cli, struct bytes data, struct err *err)
{
	struct explained *explained = malloc(sizeof(*explained));
	struct pan_table table;
	uint8_t *image = NULL;
	const struct explain_question question = {.data = data, .type = cli->type, .table = &table};

	if (explained == NULL)
		err_set(err, EXIT_CANNOT, "no memory");
	else if (open_table(cli, &table, &image, err) && explain_bytes(&question, explained, err))
		print(cli, explained, err);
	free(image);
	free(explained);
	return err->status;
}

/* Up to size bytes; -1 with errno. */
static ssize_t read_all(int file, uint8_t *out, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(file, out + len, size - len);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

static int explain_open(struct cli *cli, int file, const char *word, struct err *err)
{
	struct shown shown = shown_of(word);
	uint8_t *data = secret_new(EXPLAIN_BYTES_MAX + 1);
	ssize_t len = data == NULL ? -1 : read_all(file, data, EXPLAIN_BYTES_MAX + 1);

	if (len == -1)
		err_set(err, EXIT_CANNOT, "%.*s: %s", SHOWN(shown), strerror(errno));
	else if (len == 0)
		err_set(err, EXIT_USAGE, "%.*s: it is empty; there is nothing to explain",
			SHOWN(shown));
	else if ((size_t)len > EXPLAIN_BYTES_MAX)
		err_set(err, EXIT_USAGE,
			"%.*s: more than %zu MiB; cut out a part: head -c %zuM FILE | sekisho "
			"explain -",
			SHOWN(shown), EXPLAIN_BYTES_MAX >> 20, EXPLAIN_BYTES_MAX >> 20);
	else
		explain(cli, bytes_of(data, (size_t)len), err);
	secret_free(data);
	return err->status;
}

static int explain_file(struct cli *cli, const char *word, struct err *err)
{
	struct shown shown = shown_of(word);
	int file = open(word, O_RDONLY | O_CLOEXEC);
	struct stat stat = {0};

	if (-1 == file) {
		err_set(err, errno == ENOENT ? EXIT_USAGE : EXIT_CANNOT,
			"%.*s: %s; explain takes a file, \"-\", hex digits or the number of an "
			"event",
			SHOWN(shown), strerror(errno));
		return err->status;
	}
	if (fstat(file, &stat) == 0 && S_ISDIR(stat.st_mode))
		err_set(err, EXIT_USAGE, "%.*s: it is a folder; name a file in it", SHOWN(shown));
	else
		explain_open(cli, file, word, err);
	close(file);
	return err->status;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Hex digits of word behind "0x", with blanks and colons between bytes; *other: what is none. */
static size_t hex_digits(const char *word, size_t *other)
{
	size_t digits = 0;

	*other = 0;
	for (; *word != '\0'; word++) {
		digits += hex_value(*word) >= 0;
		*other += hex_value(*word) < 0 && *word != ' ' && *word != ':';
	}
	return digits;
}

static int explain_hex(struct cli *cli, const char *word, struct err *err)
{
	size_t other, digits = hex_digits(word, &other), at = 0;
	struct shown shown = shown_of(word);

	if (digits == 0 || digits % 2 != 0 || other > 0) {
		err_set(err, EXIT_USAGE,
			"\"%.*s\": %zu hex digits are no whole bytes; a file of that name is "
			"./NAME",
			SHOWN(shown), digits);
		return err->status;
	}
	uint8_t *data = secret_new(digits / 2);
	if (data == NULL) {
		err_set(err, EXIT_CANNOT, "no memory");
		return err->status;
	}
	for (; *word != '\0'; word++) {
		if (hex_value(*word) < 0)
			continue;
		data[at / 2] = (uint8_t)(data[at / 2] << 4 | hex_value(*word));
		at++;
	}
	explain(cli, bytes_of(data, digits / 2), err);
	secret_free(data);
	return err->status;
}

static const struct value *row_of(const struct value *answer, uint64_t id)
{
	const struct value *row = value_item(value_at(answer, "events"), 0);
	uint64_t number;

	return value_u64(value_at(row, "id"), &number) && number == id ? row : NULL;
}

static int explain_stored(struct cli *cli, const char *word, struct err *err)
{
	uint64_t id = strtoull(word, NULL, 10);
	struct explained *explained = malloc(sizeof(*explained));
	char target[96];
	struct api_question question = {.method = "GET", .target = target};

	snprintf(target, sizeof(target), "/events?after=%llu&limit=1&wait=0",
		(unsigned long long)(id > 0 ? id - 1 : 0));
	struct value *answer = explained == NULL ? NULL : api_ask(cli->socket, &question, err);
	const struct value *row = row_of(answer, id);
	if (explained == NULL)
		err_set(err, EXIT_CANNOT, "no memory");
	else if (answer != NULL && row == NULL)
		err_set(err, EXIT_USAGE,
			"there is no event %llu; sekisho tail --after 0 --json lists them with "
			"their numbers (a file of that name is ./%llu)",
			(unsigned long long)id, (unsigned long long)id);
	else if (row != NULL && explain_event(row, explained, err))
		print(cli, explained, err);
	value_drop(answer);
	free(explained);
	return err->status;
}

static int wrong_option(const char *name, struct err *err)
{
	err_set(err, EXIT_USAGE,
		"--%s belongs to bytes: the sensor decided about an event when it saw it", name);
	return err->status;
}

/* A number as it stands on a card is neither. */
static int refuse_number(struct err *err)
{
	err_set(err, EXIT_USAGE,
		"a number of a card's length is no event, and bytes in hex begin with 0x; as a "
		"text it goes through standard input, which no history keeps: sekisho explain -");
	return err->status;
}

/* What is explained may hold cards. */
static bool keep_out_of_cores(struct err *err)
{
	if (-1 == prctl(PR_SET_DUMPABLE, 0))
		return err_set(err, EXIT_CANNOT, "prctl: %s", strerror(errno));
	return secret_stack(err);
}

int cmd_explain(struct cli *cli, struct err *err)
{
	const char *word = cli->word_cnt == 1 ? cli->words[0] : "";
	size_t other, len = strlen(word), decimals = strspn(word, "0123456789");
	size_t digits = hex_digits(word, &other);

	if (len == 0) {
		err_set(err, EXIT_USAGE,
			"usage: sekisho explain FILE|-|HEX|EVENT [--type TYPE] [--signatures DIR]");
		return err->status;
	}
	if (!keep_out_of_cores(err))
		return err->status;
	if (strcmp(word, "-") == 0)
		return explain_open(cli, STDIN_FILENO, "standard input", err);
	if (strncmp(word, "0x", 2) == 0)
		return explain_hex(cli, word + 2, err);
	if (decimals == len && len <= EVENT_DIGITS) {
		if (cli->type != NULL || cli->signatures != NULL)
			return wrong_option(cli->type != NULL ? "type" : "signatures", err);
		return explain_stored(cli, word, err);
	}
	if (decimals == len && len >= CARD_DIGITS && len <= 19)
		return refuse_number(err);
	if (digits > 0 && other == 0)
		return explain_hex(cli, word, err);
	return explain_file(cli, word, err);
}
