/* layer.h - what a layer is: it takes the bytes of one view and shows views.
 * Private to this room.
 *
 * An open layer is a node, from a pool.  It gets its view's bytes as runs (the
 * first of them complete or FIELD_WHOLE long, then cut anywhere) and tells the
 * values it finds by value_put() and value_end(), one after another.  A value is
 * a view of its own, which may look like a further layer: that gets a node of
 * its own, one deeper, up to UNWRAP_DEPTH; so calls nest to that depth and no
 * deeper, whatever the input. */
#ifndef SEKISHO_UNWRAP_LAYER_H
#define SEKISHO_UNWRAP_LAYER_H

#include "codec/expand.h"
#include "codec/text.h"
#include "unwrap/unwrap.h"

#define LAYER_NONE LAYER_COUNT
#define BOUNDARY_MAX 70    /* RFC 2046 section 5.1.1 */
#define MULTIPART_LINE 400 /* bytes of a part's header line that are read */
#define JSON_DEPTH 32
#define JSON_NAMES 8 /* innermost levels whose member name is remembered; a power of 2 */

/* A view on its way out, and the layer that reads it. */
struct shown {
	struct view view; /* but for first, last and data */
	uint32_t inner;   /* node, 0 = none */
	uint8_t codings;  /* declared codings it still carries */
	uint8_t hint;     /* layer its type declares, or LAYER_NONE */
	bool body;        /* of a body, whole or after codings */
	bool silent;      /* not told: what the inner layer shows is all of it */
};

struct coding_state {
	uint32_t state; /* of inflaters, or of expanders */
	bool expands;
	size_t left; /* bytes of the run at hand that are not taken yet */
	bool declared;
	bool sole; /* its view is silent: what cannot be decoded is shown from here */
	bool over; /* nothing (more) to decode */
};

struct form_state {
	struct text_decoder decoder;
	uint8_t separator;
	uint8_t part;
	bool plain; /* neither '%' nor '+' means anything */
};

struct json_state {
	struct text_decoder decoder;
	uint8_t mode;
	uint8_t depth;
	bool bare;                      /* the token at hand is no string */
	uint32_t over;                  /* levels beyond JSON_DEPTH */
	uint8_t name_level[JSON_NAMES]; /* level + 1 whose name it is, 0 = none */
	uint8_t name_len[JSON_NAMES];
};

struct multipart_state {
	uint8_t mode;
	uint8_t boundary_len; /* with the line end before it and two dashes */
	uint8_t matched;      /* bytes of it that were seen, */
	uint8_t silent;       /* and how many of these are none of the content */
	bool cr;              /* a CR was seen before them */
	uint16_t line_len;
	uint32_t headers; /* bytes of the part's headers so far */
};

struct node {
	const struct layer_code *code;
	struct shown out; /* the value at hand */
	uint16_t hold_len;
	uint16_t hold_top; /* what of hold was ever used */
	bool begun;        /* the value is long: its first FIELD_WHOLE bytes were told */
	bool mute;         /* one value too many: not told */
	bool hinted;       /* its type declares the layer */
	uint8_t key_len;
	union {
		struct coding_state coding;
		struct form_state form;
		struct json_state json;
		struct multipart_state multipart;
		struct text_decoder percent;
	};
	/* What follows is not zeroed. */
	uint8_t key[UNWRAP_KEY_MAX];
	union {
		uint8_t name[JSON_NAMES][UNWRAP_KEY_MAX]; /* json */
		struct {                                  /* multipart */
			uint8_t boundary[BOUNDARY_MAX + 3];
			uint8_t line[MULTIPART_LINE];
		};
	};
	uint8_t hold[FIELD_WHOLE];
};

struct layer_code {
	/* True if a view that begins so should be read by this layer; NULL: only if declared. */
	bool (*looks)(struct bytes head);
	bool weak; /* not asked of bodies */
	/* Starts a zeroed node; false: no room. */
	bool (*open)(struct unwrap *unwrap, struct node *node);
	/* last: the view ends with data; the last value is ended. */
	void (*run)(struct unwrap *unwrap, struct node *node, struct bytes data, bool last);
	/* Bytes are missing before the next run. */
	void (*gap)(struct unwrap *unwrap, struct node *node);
	void (*close)(struct unwrap *unwrap, struct node *node); /* may be NULL */
};

#define READER(symbol, code) extern const struct layer_code layer_##code;
#include "unwrap/reader.def"
#undef READER

struct open; /* state of a message, see unwrap.c */

struct unwrap {
	struct pool messages, nodes;
	struct inflaters *inflaters;
	struct expanders *expanders;
	struct view_sink sink;
	struct unwrap_counters counters;
	/* The call at hand. */
	const struct message *message;
	struct open *open; /* NULL: a field that needs no state */
};

/* False: the value is whole, the sink looks for nothing in it, and no layer inside can hold more
 * than it shows itself: no escape (percent, or "\u0" of JSON, which may stand for ASCII), no
 * gzip. */
bool value_worth(const struct unwrap *unwrap, struct bytes value);
/* Bytes of the node's value at hand; key, hold and out say what is told of it. */
void value_put(struct unwrap *unwrap, struct node *node, struct bytes data);
/* The value ends.  An empty one is not shown. */
void value_end(struct unwrap *unwrap, struct node *node);

/* The message's body cannot be decoded (further): what the outermost coding has
 * not used yet counts; if a coding inside broke, or was never begun (NULL), also
 * what it has just taken. */
void coding_lost(struct unwrap *unwrap, const struct node *broken, enum skip_reason reason);
/* Bytes of its view that a coding's node has not decoded (or, staged: not shown). */
size_t coding_unused(const struct unwrap *unwrap, const struct node *node, bool staged);

/* form.c, for query.c: pairs of application/x-www-form-urlencoded. */
void form_start(struct node *node, uint8_t separator, bool plain);
void form_put(struct unwrap *unwrap, struct node *node, struct bytes data);
void form_end(struct unwrap *unwrap, struct node *node);

#endif
