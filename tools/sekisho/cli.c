#include "sekisho/cli.h"

#include <errno.h>
#include <stdlib.h>

#include "base/nearest.h"

static struct value *ask(struct cli *cli, const struct api_question *question, struct err *err)
{
	struct value *value = api_ask(cli->socket, question, err);

	if (value != NULL && (cli->given & CLI_JSON) != 0 && !cli_print_json(cli, value, err)) {
		value_drop(value);
		return NULL;
	}
	return value;
}

struct value *cli_get(struct cli *cli, const char *target, struct err *err)
{
	struct api_question question = {.method = "GET", .target = target};

	return ask(cli, &question, err);
}

struct value *cli_post(
	struct cli *cli, const char *target, struct bytes body, const char *type, struct err *err)
{
	struct api_question question = {
		.method = "POST", .target = target, .body = body, .type = type};

	return ask(cli, &question, err);
}

bool cli_print_json(struct cli *cli, const struct value *value, struct err *err)
{
	char *text = value_dump(value);

	if (text == NULL)
		return err_set(err, EXIT_CANNOT, "no memory to print the answer");
	fprintf(cli->page.out, "%s\n", text);
	free(text);
	return cli_end(cli, err) == EXIT_DONE;
}

int cli_end(struct cli *cli, struct err *err)
{
	if (fflush(cli->page.out) != 0 || ferror(cli->page.out) != 0)
		err_set(err, EXIT_CANNOT, "standard output: %s", strerror(errno));
	return err->status;
}

int cli_unknown(const char *what, const char *word, const char *const known[], size_t count,
	struct err *err)
{
	const char *near = nearest_word(bytes_text(word), known, count);
	char list[256];
	size_t len = 0;

	list[0] = '\0';
	for (size_t i = 0; i < count && len < sizeof(list); i++)
		len += (size_t)snprintf(
			list + len, sizeof(list) - len, "%s%s", i == 0 ? "" : ", ", known[i]);
	if (near != NULL)
		err_set(err, EXIT_USAGE, "unknown %s \"%s\"; nearest is \"%s\"", what, word, near);
	else
		err_set(err, EXIT_USAGE, "unknown %s \"%s\"; there are: %s", what, word, list);
	return err->status;
}
