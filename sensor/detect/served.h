/* served.h - what an answer of a web server calls itself.
 *
 * Stolen cards are kept in files that look like pictures until somebody fetches them: an
 * address or a type of an image or font whose body holds card numbers is no image. */
#ifndef SEKISHO_DETECT_SERVED_H
#define SEKISHO_DETECT_SERVED_H

#include "base/bytes.h"
#include "fact/fact.h"

enum served_type { SERVED_TYPE_NONE, SERVED_TYPE_PAGE, SERVED_TYPE_IMAGE, SERVED_TYPE_OTHER };

/* Of a Content-Type. */
enum served_type served_type(struct bytes type);

/* What the answer is; url: the target of its request; head: the first byte of its body. */
enum fact_served served_as(enum served_type type, uint16_t status, struct bytes url, uint8_t head);

#endif
