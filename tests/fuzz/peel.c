/* Whatever the bytes are and wherever runs are cut: what comes out of codings over windows and
 * gathers is within bounds and nothing stays behind, and the same a second time.  (That cuts do
 * not matter for what is written well is the test of detect/gather's.) */
#include "detect/gather.h"
#include "pan/peeled.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MOST 8192

static struct arena arena;
static struct pool tails, gathers;
static struct peeler *peeler;
static uint32_t tail, gather;
static struct peeled_list first, list;

static void start(void)
{
	const size_t room = peeler_bytes() + pool_bytes(sizeof(struct tail), 2) +
			    pool_bytes(sizeof(struct gather), 2) + 4096;

	if (peeler != NULL)
		return;
	require(arena_new(&arena, room, NULL));
	peeler = peeler_new(&arena);
	require(peeler != NULL && pool_new(&tails, &arena, sizeof(struct tail), 2) &&
		pool_new(&gathers, &arena, sizeof(struct gather), 2));
}

static void take_gathered(
	void *self, const struct peel_text *text, uint64_t off, const struct tail_mark *mark)
{
	(void)mark;
	require(text->depth >= 1 && text->depth <= PEEL_DEPTH);
	peeled_add(self, text, off);
}

static void take(void *self, const struct peel_text *text)
{
	const struct window *window = self;

	require(text->depth >= 1 && text->depth <= PEEL_DEPTH && text->off < window->buf.len);
	peeled_add(&list, text, window->base + text->off);
}

static void scan(void *self, const struct window *window)
{
	const struct peel_window what = {.buf = window->buf,
		.from = window->from,
		.to = window->to,
		.before_start = window->before_start,
		.after_end = window->after_end,
		.keys = PEEL_ALL_KEYS};
	struct peel_opens opens;

	(void)self;
	peel(peeler, &what, (struct peel_sink){.self = (void *)(uintptr_t)window, .text = take},
		&opens);
	if (opens.count > 0)
		gather_begin(&gathers, &gather, window, &opens);
}

static void feed(struct bytes view, size_t step)
{
	const struct gather_sink texts = {.self = &list, .text = take_gathered};

	peeled_clear(&list);
	for (size_t at = 0; at < view.len; at += step) {
		const struct inspect_place place = {.frame = at + 1};
		const struct tail_run run = {.data = bytes_head(bytes_skip(view, at), step),
			.offset = at,
			.place = &place,
			.last = view.len - at <= step};
		gather_put(&gathers, &gather, peeler, run.data, at, texts);
		tail_feed(&tails, &tail, &run, (struct window_sink){.scan = scan});
		gather_put(&gathers, &gather, peeler, run.data, at, texts);
	}
	gather_end(&gathers, &gather, peeler, texts);
	require(tail == 0 && gather == 0 && tails.used == 0 && gathers.used == 0);
}

/* The first two bytes say where runs are cut, the rest is the view. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3 || size > SIZE_MOST)
		return 0;
	start();
	const struct bytes view = bytes_of(data + 2, size - 2);
	const size_t step = 1 + (data[0] | (size_t)(data[1] & 7) << 8);

	feed(view, step);
	peeled_sort(&list);
	memcpy(&first, &list, sizeof(first));
	for (uint32_t i = 0; i < first.count; i++) /* it holds its bytes itself */
		first.text[i].data = first.bytes + (list.text[i].data - list.bytes);
	feed(view, step);
	peeled_sort(&list);
	require(peeled_same(&first, &list));
	feed(view, view.len);
	return 0;
}
