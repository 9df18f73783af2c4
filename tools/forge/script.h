/* script.h - reads a scenario and plays it on a stage.  README.md has the
 * language. */
#ifndef FORGE_SCRIPT_H
#define FORGE_SCRIPT_H

#include "stage.h"

struct setting {
	char *name, *value;
};

/* settings: NAME=VALUE of --set, they win over "set".  Fails with a message. */
void script_play(struct stage *stage, const char *file, char *const *settings, size_t setting_cnt);

#endif
