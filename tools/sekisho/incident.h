/* incident.h - the page of one incident (aggregator/serve/API.md, "The page").
 *
 * Says what the object says, in the order in which a person asks: what left,
 * since when, how, to whom; then the proof, what was not seen, and what to do.
 * What the object does not hold is left out or called unknown. */
#ifndef SEKISHO_TOOLS_INCIDENT_H
#define SEKISHO_TOOLS_INCIDENT_H

#include "sekisho/page.h"

void incident_page(struct page *page, const struct value *incident);

/* Its second half, incident_proof.c: evidence, reasons, what was seen, what to do. */
void incident_proof(struct page *page, const struct value *incident);
/* Confirmed, and the family is one of it. */
bool incident_is_confirmed(const struct value *incident);
bool incident_has_family(const struct value *incident, const char *family);
/* "by DNS, 2 of 3": members of an array of texts, or of objects by a key (NULL: texts). */
void incident_put_list(
	struct page *page, const struct value *array, const char *key, const char *between);
/* on list L-0001 as "taken_down"; nothing if there is none. */
void incident_put_lists(struct page *page, const struct value *lists);

#endif
