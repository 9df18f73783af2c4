#include "keeper/reload.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

bool reload_init(struct reload *reload, const struct build_request *request, struct err *err)
{
	*reload = (struct reload){.request = request};
	return control_open(&reload->control, err);
}

void reload_close(struct reload *reload)
{
	if (reload->running) {
		kill(reload->child.pid, SIGKILL);
		waitpid(reload->child.pid, NULL, 0);
		build_forget(&reload->child);
	}
	if (reload->request != NULL)
		control_close(&reload->control);
	reload->running = false;
}

void reload_forget_keeper(struct reload *reload)
{
	if (reload->running)
		build_forget(&reload->child);
	close(reload->control.fd[CONTROL_KEEPER]);
	reload->control.fd[CONTROL_KEEPER] = -1;
}

void reload_forget(struct reload *reload)
{
	reload_forget_keeper(reload);
	control_close(&reload->control);
}

/* The keeper's line, and the engine's event. */
static void refuse(struct reload *reload, const struct err *why)
{
	struct err err = {0};

	log_line(LOG_LEVEL_ERROR, "a new generation is refused: %s; the last good one stays",
		why->text);
	if (!control_refuse(&reload->control, ++reload->serial, why->text, &err))
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
}

void reload_begin(struct reload *reload)
{
	struct err err = {0};

	reload->again = reload->running;
	if (reload->running)
		return;
	reload->running = build_begin(reload->request, &reload->child, &err);
	if (!reload->running)
		refuse(reload, &err);
}

static bool is_same(const struct section *a, const struct section *b)
{
	return a->hash == b->hash && a->image.len == b->image.len &&
	       memcmp(a->image.ptr, b->image.ptr, a->image.len) == 0;
}

/* Parts that did not change stay in the memory they have. */
static bool share_unchanged(
	struct generation *made, const struct generation *current, struct err *err)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		struct section old;

		if (!is_same(&made->section[i], &current->section[i]))
			continue;
		if (!section_share(&old, &current->section[i], err))
			return false;
		section_drop(&made->section[i]);
		made->section[i] = old;
	}
	return true;
}

static void hand_over(struct reload *reload, struct generation *made, struct generation *current)
{
	struct err err = {0};

	if (!share_unchanged(made, current, &err)) {
		generation_drop(made);
		refuse(reload, &err);
		return;
	}
	generation_drop(current);
	*current = *made;
	if (!control_send(&reload->control, ++reload->serial, current, &err))
		log_line(LOG_LEVEL_ERROR, "%s; it gets the new generation when it starts again",
			err.text);
}

void reload_end(struct reload *reload, int status, struct generation *current)
{
	struct generation made = {0};
	struct err err = {0};

	reload->running = false;
	if (!build_end(reload->request, &reload->child, status, &made, &err)) {
		refuse(reload, &err);
	} else if (made.id == current->id) {
		log_line(LOG_LEVEL_INFO, "nothing changed: generation %016llx stays",
			(unsigned long long)current->id);
		generation_drop(&made);
	} else {
		hand_over(reload, &made, current);
	}
	if (reload->again)
		reload_begin(reload);
}
