#include "detect/card.h"

#include <stdio.h>

#include "mask/mask.h"

#define SURE_FIRST 10000 /* more than any sum of weights */
/* Bytes beside a number that was coded by itself: in a document that is coded as a whole there
 * are other numbers, too. */
#define LONE_REST 24
#define STEP_MIN PAN_SPAN_MAX /* bytes that hold no more hits than a look can tell */

static void clear(struct cards *cards, uint32_t most)
{
	memset(cards, 0, offsetof(struct cards, bits));
	cards->sum = INT32_MIN;
	cards->key_rank = UINT64_MAX;
	cards->most = most;
}

void cards_start(struct cards *cards, uint32_t most)
{
	clear(cards, most);
	memset(cards->bits, 0, sizeof(cards->bits));
	memset(cards->all_bits, 0, sizeof(cards->all_bits));
}

void cards_drop(struct card_env *env, struct cards *cards)
{
	if (cards->set != 0)
		pool_give(&env->sets, cards->set);
	cards->set = 0;
}

void cards_go_on(struct card_env *env, struct cards *cards, uint32_t told, uint32_t most)
{
	uint32_t part = cards->part + told;

	cards_drop(env, cards);
	clear(cards, most);
	cards->part = part < UINT16_MAX ? (uint16_t)part : UINT16_MAX;
}

static bool known(struct cards *cards, uint64_t quick, uint32_t *at)
{
	uint32_t low = 0, high = cards->kept;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (cards->card[middle].quick < quick)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low;
	return low < cards->kept && cards->card[low].quick == quick;
}

static void fill_card(const struct card_env *env, const struct window *window,
	const struct pan_hit *hit, struct fact_card *out)
{
	*out = (struct fact_card){.quick = hit->quick, .digits = hit->digits};
	snprintf(out->brand, sizeof(out->brand), "%s", pan_brand_name(&env->table, hit->brand));
	memcpy(out->bin, hit->bin, sizeof(out->bin));
	memcpy(out->last4, hit->last4, sizeof(out->last4));
	pan_token(env->token_key, window->buf, hit, out->token);
}

/* The set where all go once CARD_KEPT are not enough; NULL: the flow has told its most, or no
 * room. */
static struct card_set *set_of(struct card_env *env, struct cards *cards)
{
	struct card_set *set;

	if (cards->set != 0)
		return pool_at(&env->sets, cards->set);
	if (cards->most <= CARD_KEPT || (cards->set = pool_take(&env->sets)) == 0)
		return NULL;
	set = pool_at(&env->sets, cards->set);
	card_set_start(set, cards->most);
	for (uint32_t i = 0; i < cards->kept; i++) {
		card_set_add(set, &cards->card[i]);
		card_set_note(set, cards->card[i].quick, cards->own[i]);
	}
	return set;
}

static void put(struct cards *cards, uint32_t at, const struct fact_card *card, uint8_t own)
{
	if (at == CARD_KEPT)
		return;
	if (cards->kept == CARD_KEPT)
		cards->kept--;
	memmove(&cards->card[at + 1], &cards->card[at],
		(cards->kept - at) * sizeof(cards->card[0]));
	memmove(&cards->own[at + 1], &cards->own[at], cards->kept - at);
	cards->card[at] = *card;
	cards->own[at] = own;
	cards->kept++;
}

static void note_bits(struct cards *cards, uint64_t quick, uint8_t own)
{
	uint64_t bit = UINT64_C(1) << (quick % 64);

	cards->all_bits[quick % CARD_ESTIMATE_BITS / 64] |= bit;
	if ((own & CARD_SURE) != 0)
		cards->bits[quick % CARD_ESTIMATE_BITS / 64] |= bit;
}

/* Keeps the CARD_KEPT smallest values, in order, and all in a set if there are more. */
static void keep(struct card_env *env, const struct window *window, const struct pan_hit *hit,
	uint8_t own, struct cards *cards)
{
	struct card_set *set = NULL;
	struct fact_card card;
	uint32_t at;

	if ((hit->why & WHY_BIT(WHY_CARD_TEST)) != 0) {
		cards->test_own |= own;
		return;
	}
	cards->any_real = 1;
	note_bits(cards, hit->quick, own);
	if (known(cards, hit->quick, &at))
		cards->own[at] |= own;
	if (cards->set != 0)
		card_set_note(pool_at(&env->sets, cards->set), hit->quick, own);
	if (at < cards->kept && cards->card[at].quick == hit->quick)
		return;
	if (cards->kept == CARD_KEPT) {
		cards->over = true;
		set = set_of(env, cards);
	}
	if (set != NULL ? !card_set_wants(set, hit->quick) : at == CARD_KEPT)
		return;
	fill_card(env, window, hit, &card);
	put(cards, at, &card, own);
	if (set == NULL)
		return;
	card_set_add(set, &card);
	card_set_note(set, hit->quick, own);
}

/* True if a hit of that standing beats the best one so far. */
static bool better(const struct cards *cards, int sum, const struct view *view,
	const struct peel_text *text, uint64_t offset)
{
	uint8_t peeled = text == NULL ? 0 : text->depth;

	if (sum != cards->sum)
		return sum > cards->sum;
	if (view->depth != cards->depth)
		return view->depth > cards->depth;
	if (peeled != cards->peeled)
		return peeled < cards->peeled;
	/* An escape beside a container seems to be around it. */
	if (peeled > 0 && text->layers[0] != cards->layers[cards->depth])
		return text->layers[0] < cards->layers[cards->depth];
	if (view->role != cards->role)
		return view->role < cards->role;
	return offset < cards->offset;
}

/* What stands around it, by a look of its own: windows end anywhere. */
static void show(struct card_env *env, const struct window *window, const struct pan_hit *hit,
	struct cards *cards)
{
	size_t left = hit->off > PAN_CONTEXT ? hit->off - PAN_CONTEXT : 0;
	size_t right = hit->off + hit->len + PAN_CONTEXT;
	struct pan_scan *near = &env->near;
	uint32_t count = 0;

	if (right > window->buf.len)
		right = window->buf.len;
	pan_find(&env->table, &env->key, window->buf, left, right, window->before_start,
		window->after_end, near);
	for (uint32_t i = 0; i < near->count; i++) {
		if (near->hit[i].off + near->hit[i].len > right)
			continue;
		near->hit[count] = near->hit[i];
		near->hit[count++].off -= (uint32_t)left;
	}
	mask_evidence(
		&cards->evidence, bytes_of(window->buf.ptr + left, right - left), near->hit, count);
}

/* The name of the field that holds the card: of the outermost that has one, the first. */
static void name_field(struct cards *cards, const struct view *view, uint64_t offset, bool is_sure)
{
	uint64_t rank = (uint64_t)!is_sure << 63 | (uint64_t)view->depth << 60 |
			(uint64_t)view->role << 52 | (uint64_t)(view->ordinal & 0xfffff) << 32 |
			(offset & 0xffffffff);

	if (view->key.len == 0 || rank >= cards->key_rank)
		return;
	cards->key_rank = rank;
	mask_key(&cards->key, view->key);
}

/* False: it was told when the text was looked at, and is no surer now. */
static bool take_hit(struct card_scan *scan, uint64_t end, int sum)
{
	if (sum > scan->sum)
		scan->sum = sum;
	if (end <= scan->told && sum <= scan->told_sum)
		return false;
	if (end > scan->end)
		scan->end = end;
	return true;
}

/* A holder stands in every order: beside a number alone it makes no card of it. */
static uint8_t own_of(const struct pan_hit *hit, uint64_t why)
{
	const uint64_t against = WHY_BIT(WHY_CARD_DECOY_KEY) | WHY_BIT(WHY_CARD_IN_LIST);

	if ((why & WHY_BIT(WHY_CARD_KEY)) != 0 ||
		why_sum(why & ~WHY_BIT(WHY_CARD_HOLDER)) >= WHY_EVIDENCE)
		return CARD_ANY | CARD_SURE;
	if ((why & against) != 0)
		return CARD_ANY | CARD_DECOY;
	if ((why & WHY_BIT(WHY_CARD_FORMAT)) != 0 && hit->digits <= CARD_BARE_DIGITS)
		return CARD_ANY | CARD_BARE;
	return CARD_ANY;
}

static void name_layers(struct cards *cards, const struct view *view, const struct peel_text *text)
{
	memcpy(cards->layers, view->layers, view->depth);
	cards->peeled = text == NULL ? 0 : text->depth;
	if (text != NULL)
		memcpy(cards->layers + view->depth, text->layers, text->depth);
}

static bool is_lone(const struct window *window, const struct pan_hit *hit)
{
	return window->buf.len <= hit->len + LONE_REST;
}

/* The name of what holds the number; the field around a coded document names none in it. */
static struct bytes name_of(
	struct card_scan *scan, const struct window *window, const struct pan_hit *hit)
{
	if (scan->text == NULL || is_lone(window, hit))
		return scan->view->key;
	return array_name(&scan->array, window->buf, hit->off);
}

/* Where a key was searched for, chance gave many numbers to choose from: what stands around it
 * has to say that it is one. */
static bool is_chance(const struct peel_text *text, uint64_t why)
{
	const uint64_t proof = WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_TRACK) |
			       WHY_BIT(WHY_CARD_SPLIT) | WHY_BIT(WHY_CARD_EMV);
	const uint64_t both = WHY_BIT(WHY_CARD_EXPIRY) | WHY_BIT(WHY_CARD_CODE);
	bool searched = false;

	for (uint8_t i = 0; text != NULL && i < text->depth; i++)
		searched |= text->layers[i] >= LAYER_REVERSAL;
	return searched && (why & proof) == 0 && (why & both) != both;
}

static enum card_fate fate_of(const struct card_scan *scan, const struct pan_hit *hit, uint64_t why)
{
	if (hit->digits < CARD_DIGITS_ALONE && (why & WHY_BIT(WHY_CARD_KEY)) == 0)
		return CARD_UNNAMED;
	return is_chance(scan->text, why) ? CARD_BY_CHANCE : CARD_TAKEN;
}

static void judge_hit(struct card_scan *scan, const struct window *window,
	const struct pan_hit *hit, struct cards *cards)
{
	const uint64_t named = WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_DECOY_KEY);
	const struct view *view = scan->view;
	const struct peel_text *text = scan->text;
	size_t left = hit->off > PAN_CONTEXT ? hit->off - PAN_CONTEXT : 0;
	size_t right = hit->off + hit->len + PAN_CONTEXT;

	if (right > window->buf.len)
		right = window->buf.len;
	uint64_t why = hit->why | pan_context(&scan->env->table,
					  bytes_of(window->buf.ptr + left, right - left),
					  hit->off - left, hit->len, name_of(scan, window, hit));
	if ((why & named) == 0)
		why |= table_why(&scan->table);
	if (text != NULL && text->dense && is_lone(window, hit))
		why |= WHY_BIT(WHY_CARD_DECODED);
	if (scan->no_place && text == NULL && is_lone(window, hit))
		why |= WHY_BIT(WHY_CARD_PLACE);
	if (scan->pieces == CARD_PIECES && text == NULL)
		why |= WHY_BIT(WHY_CARD_SPLIT);
	enum card_fate fate = fate_of(scan, hit, why);
	const struct card_watch *watch = scan->env->watch;

	if (watch != NULL)
		watch->hit(watch->self, scan, window, hit, why, fate);
	if (fate != CARD_TAKEN)
		return;
	int sum = why_sum(why);
	uint64_t offset = window->base + hit->off;

	if (!take_hit(scan, offset + hit->len, sum))
		return;
	uint8_t own = own_of(hit, why);
	bool is_sure = (own & CARD_SURE) != 0;
	cards->seen[view->depth]++;
	cards->sure[view->depth] += is_sure;
	name_field(cards, view, offset, is_sure);
	keep(scan->env, window, hit, own, cards);
	sum += is_sure ? SURE_FIRST : 0;
	if (!better(cards, sum, view, text, offset))
		return;
	cards->why = why;
	cards->sum = sum;
	cards->role = (uint8_t)view->role;
	cards->depth = view->depth;
	name_layers(cards, view, text);
	cards->offset = offset;
	show(scan->env, window, hit, cards);
}

/* The table up to there. */
static void read_on(struct card_scan *scan, const struct window *window, size_t to)
{
	size_t from = scan->table.next > window->base + window->from
			      ? (size_t)(scan->table.next - window->base)
			      : window->from;

	table_read(&scan->table, &scan->env->table, window, from, to);
}

static void judge_found(struct card_scan *scan, const struct window *window)
{
	const struct pan_scan *found = &scan->env->found;
	struct cards *cards;

	/* The body as a whole: its fields would count twice.  But what is coded in one may be
	 * readable only there. */
	if (scan->view->key.len == 0 || scan->text != NULL) {
		*scan->shaped += found->shaped;
		*scan->failed += found->failed;
	}
	if (found->count == 0)
		return;
	scan->env->hits_more += found->more;
	cards = scan->get(scan->self, window_place(window, found->hit[0].off));
	for (uint32_t i = 0; cards != NULL && i < found->count; i++) {
		const struct pan_hit *hit = &found->hit[i];
		read_on(scan, window, hit->off);
		judge_hit(scan, window, hit, cards);
	}
}

/* In as many steps as it takes for every hit to be among those that one look can tell. */
static void judge_plain(struct card_scan *scan, const struct window *window)
{
	size_t from = window->from, step = window->to - window->from;
	const bool whole = window->before_start && window->after_end;
	const struct card_watch *watch = scan->env->watch;
	const struct table table = scan->table;

	if (watch != NULL)
		watch->text(watch->self, scan, window);

	if (whole)
		scan->table = (struct table){.next = window->base + from};

	while (from < window->to) {
		size_t to = window->to - from > step ? from + step : window->to;
		pan_find(&scan->env->table, &scan->env->key, window->buf, from, to,
			window->before_start, window->after_end, &scan->env->found);
		if (scan->env->found.more > 0 && step > STEP_MIN) {
			step /= 2;
			continue;
		}
		judge_found(scan, window);
		read_on(scan, window, to);
		from = to;
	}
	if (whole)
		scan->table = table;
}

void card_text(
	void *self, const struct peel_text *text, uint64_t offset, const struct tail_mark *mark)
{
	struct card_scan *scan = self;
	const struct window window = {.buf = text->data,
		.to = text->data.len,
		.base = offset,
		.before_start = true,
		.after_end = true,
		.mark = mark,
		.marks = 1};

	scan->text = text;
	scan->array = (struct array){.seen = 0};
	judge_plain(scan, &window);
	scan->text = NULL;
}

struct coded {
	struct card_scan *scan;
	const struct window *window;
};

static void judge_text(void *self, const struct peel_text *text)
{
	const struct coded *coded = self;
	const struct window *window = coded->window;
	const struct tail_mark mark = {.place = *window_place(window, text->off)};

	card_text(coded->scan, text, window->base + text->off, &mark);
}

static void judge_coded(struct card_scan *scan, const struct window *window)
{
	struct coded coded = {.scan = scan, .window = window};
	const struct peel_window what = {.buf = window->buf,
		.from = window->from,
		.to = window->to,
		.before_start = window->before_start,
		.after_end = window->after_end || scan->open == NULL,
		.keys = scan->keys};
	struct peel_opens opens;

	peel(scan->env->peeler, &what, (struct peel_sink){.self = &coded, .text = judge_text},
		&opens);
	if (opens.count > 0)
		scan->open(scan->self, window, &opens);
}

void card_window(void *self, const struct window *window)
{
	struct card_scan *scan = self;

	if (scan->pieces != CARD_PIECES_CODED)
		judge_plain(scan, window);
	if (!scan->env->plain)
		judge_coded(scan, window);
}

static uint32_t bits_set(const struct cards *cards)
{
	const uint64_t *bits = cards->chosen == CARD_SURE ? cards->bits : cards->all_bits;
	uint32_t set = 0;

	for (uint32_t i = 0; i < CARD_ESTIMATE_BITS / 64; i++)
		set += (uint32_t)__builtin_popcountll(bits[i]);
	return set;
}

struct choice {
	uint8_t mask, want;
};

static bool is_chosen(const struct choice *choice, uint8_t own)
{
	return (own & choice->mask) == choice->want;
}

static uint32_t count_of(
	const struct card_env *env, const struct cards *cards, const struct choice *choice)
{
	const struct card_set *set = cards->set == 0 ? NULL : pool_at(&env->sets, cards->set);
	uint32_t count = 0, slot = 0;
	const struct fact_card *card;

	for (uint32_t i = 0; set == NULL && i < cards->kept; i++)
		count += is_chosen(choice, cards->own[i]);
	while (set != NULL && (card = card_set_next(set, &slot)) != NULL)
		count += is_chosen(choice, set->own[card - set->card]);
	return count;
}

/* The CARD_KEPT smallest of those chosen: more of them may stand in the set. */
static void keep_chosen(struct card_env *env, struct cards *cards, const struct choice *choice)
{
	uint32_t kept = 0, slot = 0;
	const struct fact_card *card;

	if (cards->set != 0) {
		struct card_set *set = pool_at(&env->sets, cards->set);
		card_set_choose(set, choice->mask, choice->want);
		while (kept < CARD_KEPT && (card = card_set_next(set, &slot)) != NULL) {
			cards->own[kept] = set->own[card - set->card];
			cards->card[kept++] = *card;
		}
	} else {
		for (uint32_t i = 0; i < cards->kept; i++) {
			if (!is_chosen(choice, cards->own[i]))
				continue;
			cards->own[kept] = cards->own[i];
			cards->card[kept++] = cards->card[i];
		}
	}
	cards->kept = kept;
}

static const struct choice sure_ones = {.mask = CARD_SURE, .want = CARD_SURE};
static const struct choice no_decoys = {.mask = CARD_DECOY};
static const struct choice all_of_them = {.mask = 0};
static const struct choice bare_ones = {.mask = CARD_BARE | CARD_DECOY, .want = CARD_BARE};
static const struct choice none = {.want = CARD_ANY};

static const struct choice *choice_of(const struct card_env *env, const struct cards *cards)
{
	if (count_of(env, cards, &sure_ones) > 0)
		return &sure_ones;
	if ((cards->test_own & CARD_SURE) != 0)
		return &none; /* the test number is what was found */
	return count_of(env, cards, &no_decoys) > 0 ? &no_decoys : &all_of_them;
}

void cards_choose(struct card_env *env, struct cards *cards)
{
	const struct choice *choice = choice_of(env, cards);

	if (choice == &sure_ones)
		memcpy(cards->seen, cards->sure, sizeof(cards->seen));
	if (choice == &none)
		cards->any_real = 0;
	if (choice == &all_of_them && cards->kept > 0)
		cards->why |= WHY_BIT(WHY_CARD_DECOY_KEY);
	cards->chosen = choice->want;
	keep_chosen(env, cards, choice);
	cards->bare = count_of(env, cards, &bare_ones);
}

uint32_t cards_distinct(const struct card_env *env, const struct cards *cards, bool *estimated)
{
	const struct card_set *set = cards->set == 0 ? NULL : pool_at(&env->sets, cards->set);
	uint32_t sure = set != NULL ? set->count : cards->kept, all;
	bool over = set != NULL ? set->over : cards->over;

	*estimated = over || (set == NULL && sure > cards->most);
	if (!over && cards->part == 0)
		return sure;
	all = bits_set(cards);
	if (over)
		all = card_estimate(all, CARD_ESTIMATE_BITS);
	return all > sure ? all : sure;
}

uint64_t cards_why(const struct cards *cards, uint32_t shaped, uint32_t failed)
{
	uint32_t more = cards->part > 0 ? bits_set(cards) : 0;
	uint64_t why = cards->why;

	if (cards->chosen == CARD_SURE) {
		if (cards->kept >= 2 || more >= 2)
			why |= WHY_BIT(WHY_CARD_SECOND);
		return why;
	}
	if (cards->bare >= 2 || (cards->bare == 1 && more >= 2))
		why |= WHY_BIT(WHY_CARD_SECOND);
	if (shaped >= CARD_NEIGHBOURS_MIN && failed * 2 > shaped)
		why |= WHY_BIT(WHY_CARD_NEIGHBOURS);
	return why;
}
