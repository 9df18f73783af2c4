/* page.h - text for people: pieces that wrap at 120 columns under a heading.
 *
 * A page is made of sections (a heading in the left margin) of pieces (what
 * must not be torn apart: "expiry 12/12"), which are put beside each other as
 * long as they fit.  What came from outside passes safe_text here and nowhere
 * else; names that were given to page_foreign(), and every host after "://",
 * are written evil[.]example, so that nobody's terminal makes a link of them. */
#ifndef SEKISHO_TOOLS_PAGE_H
#define SEKISHO_TOOLS_PAGE_H

#include <stdio.h>

#include "sekisho/value.h"

#define PAGE_COLUMNS 120
#define PAGE_MARGIN 15 /* of sections */
#define PAGE_PIECE_MAX 4096
#define PAGE_FOREIGN_MAX 64

struct page {
	FILE *out;
	bool colour;
	size_t margin, column; /* of the line; 0 = not begun */
	size_t len;            /* of the piece */
	char piece[PAGE_PIECE_MAX];
	char day[11]; /* "2026-11-20": times of that day are written without it */
	struct bytes foreign[PAGE_FOREIGN_MAX];
	size_t foreign_cnt;
};

enum page_colour { PAGE_PLAIN, PAGE_RED, PAGE_YELLOW, PAGE_GREEN, PAGE_BOLD };

/* Colour if out is a terminal, unless NO_COLOR is set or TERM is "dumb". */
void page_start(struct page *page, FILE *out);
/* A host name of somebody else, in any text from now on; not an address.  The
 * value must live as long as the page. */
void page_foreign(struct page *page, const struct value *name);
void page_day(struct page *page, const struct value *time);

/* Into the piece: our own text, then what came from outside. */
void page_put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_colour(struct page *page, enum page_colour colour); /* until PAGE_PLAIN */
void page_put_bytes(struct page *page, struct bytes hostile);
/* Texts as they are, numbers with separators, yes and no; nothing for the rest. */
void page_put_value(struct page *page, const struct value *value);
/* A host name, never as a link; addresses as they are. */
void page_put_name(struct page *page, const struct value *name);
void page_put_number(struct page *page, uint64_t number);        /* 3,417 */
void page_put_size(struct page *page, uint64_t bytes);           /* 4.1 kB */
void page_put_share(struct page *page, double share);            /* 0.71: 71 % */
void page_put_time(struct page *page, const struct value *time); /* or "unknown" */
void page_put_duration(struct page *page, uint64_t seconds);

void page_section(struct page *page, const char *heading); /* on a line of its own */
void page_end(struct page *page);                          /* of a piece */
void page_line(struct page *page);                         /* ends piece and line */
/* The piece as text without going to the page; it is emptied.  Ends at the
 * next call of the page. */
const char *page_take(struct page *page);
/* A piece of its own: what it is, and the value; nothing for NULL. */
void page_put_labelled(struct page *page, const char *label, const struct value *value);

/* Columns of a terminal that safe text takes; escapes of colour take none. */
size_t page_width(const char *text, size_t len);
/* How many bytes of text fit into columns. */
size_t page_fit(const char *text, size_t len, size_t columns);

#endif
