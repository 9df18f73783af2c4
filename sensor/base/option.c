#include "base/option.h"

#include <assert.h>
#include <getopt.h>

#include "base/nearest.h"

#define LONG_FROM 256 /* getopt's value of the first row: above any letter */

struct option_walk options_of(const struct option_row rows[], size_t count, int argc, char *argv[])
{
	assert(count <= OPTIONS_MAX);
	optind = 0; /* from the beginning, whoever walked before */
	opterr = 0; /* it would print */
	return (struct option_walk){.rows = rows, .count = count, .argc = argc, .argv = argv};
}

/* In getopt's words: a leading colon tells a missing value from an unknown option. */
static void put_letters(const struct option_walk *walk, char out[static 2 * OPTIONS_MAX + 2])
{
	*out++ = ':';
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->rows[i].letter == 0)
			continue;
		*out++ = walk->rows[i].letter;
		if (walk->rows[i].valued)
			*out++ = ':';
	}
	*out = '\0';
}

static void put_names(const struct option_walk *walk, struct option out[static OPTIONS_MAX + 1])
{
	for (size_t i = 0; i < walk->count; i++)
		out[i] = (struct option){.name = walk->rows[i].name,
			.has_arg = walk->rows[i].valued ? required_argument : no_argument,
			.val = LONG_FROM + (int)i};
	out[walk->count] = (struct option){0};
}

static const struct option_row *row_of(const struct option_walk *walk, int got)
{
	if (got >= LONG_FROM)
		return &walk->rows[got - LONG_FROM];
	for (size_t i = 0; i < walk->count; i++)
		if (walk->rows[i].letter == got)
			return &walk->rows[i];
	return NULL;
}

static int no_value(int got, const struct option_row *row, struct err *err)
{
	if (got >= LONG_FROM)
		err_set(err, EXIT_USAGE, "--%s needs a value; see --help", row->name);
	else
		err_set(err, EXIT_USAGE, "-%c needs a value; see --help", got);
	return OPTION_WRONG;
}

/* "--polcy" or "--polcy=FILE". */
static int unknown(const struct option_walk *walk, const char *word, struct err *err)
{
	size_t dashes = strspn(word, "-");
	int len = (int)strcspn(word, "=");
	struct nearest nearest = nearest_of(bytes_of(word + dashes, (size_t)len - dashes));

	for (size_t i = 0; i < walk->count; i++)
		nearest_offer(&nearest, walk->rows[i].name);
	if (nearest.best != NULL)
		err_set(err, EXIT_USAGE, "unknown option %.*s; nearest is --%s", len, word,
			nearest.best);
	else
		err_set(err, EXIT_USAGE, "unknown option %.*s; see --help", len, word);
	return OPTION_WRONG;
}

int option_next(struct option_walk *walk, struct err *err)
{
	char letters[2 * OPTIONS_MAX + 2];
	struct option names[OPTIONS_MAX + 1];

	put_letters(walk, letters);
	put_names(walk, names);
	int got = getopt_long(walk->argc, walk->argv, letters, names, NULL);
	walk->at = optind;
	walk->value = optarg;
	if (got == -1)
		return OPTION_END;
	if (got == ':')
		return no_value(optopt, row_of(walk, optopt), err);
	if (got != '?')
		return row_of(walk, got)->code;
	if (optopt == 0)
		return unknown(walk, walk->argv[optind - 1], err);
	const struct option_row *row = row_of(walk, optopt);
	if (row != NULL)
		err_set(err, EXIT_USAGE, "--%s takes no value; see --help", row->name);
	else
		err_set(err, EXIT_USAGE, "unknown option -%c; see --help", optopt);
	return OPTION_WRONG;
}
