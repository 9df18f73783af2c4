/* log.h - logfmt lines to stderr: one fact each, folded by the caller, with
 * the name of the knob that would change it.  Control plane only: no line per
 * packet, no bytes of the wire.  What it prints passes safe_line. */
#ifndef SEKISHO_BASE_LOG_H
#define SEKISHO_BASE_LOG_H

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Line: "2026-11-21T07:24:08.113Z warn <message>".  Thread-safe: one write(2). */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
