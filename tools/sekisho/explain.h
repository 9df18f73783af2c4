/* explain.h - the parts of sekisho explain. */
#ifndef SEKISHO_TOOLS_EXPLAIN_H
#define SEKISHO_TOOLS_EXPLAIN_H

#include "explain/explain.h"
#include "sekisho/page.h"

/* What an alert says of itself (an answer's row of /events); false: err says why it has nothing to
 * explain. */
bool explain_event(const struct value *row, struct explained *out, struct err *err);

/* explanation: what explain_json() wrote. */
void explain_page(struct page *page, const struct value *explanation);

#endif
