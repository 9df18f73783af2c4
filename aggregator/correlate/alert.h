/* alert.h - reads an alert out of its event. */
#ifndef SEKISHO_CORRELATE_ALERT_H
#define SEKISHO_CORRELATE_ALERT_H

#include "correlate/correlate.h"
#include "store/alert.h"

/* False: it lacks what a thread needs. */
bool alert_read(const struct correlate_event *event, struct alert *out);

#endif
