#include "detect/guard.h"

#include <stdio.h>

struct guard {
	struct card_env *env;
	bool found;
};

static void read_text(void *self, const struct peel_text *text)
{
	struct guard *guard = self;
	struct pan_scan *scan = &guard->env->near;

	pan_find(&guard->env->table, &guard->env->key, text->data, 0, text->data.len, true, true,
		scan);
	guard->found |= scan->count > 0;
}

void guard_text(struct card_env *env, struct masked *text)
{
	struct guard guard = {.env = env};
	const struct peel_window window = {.buf = bytes_of(text->text, text->len),
		.to = text->len,
		.before_start = true,
		.after_end = true};
	struct peel_opens opens;

	peel(env->peeler, &window, (struct peel_sink){.self = &guard, .text = read_text}, &opens);
	if (guard.found)
		text->len = (uint16_t)snprintf(text->text, sizeof(text->text), "[%u]", text->len);
}
