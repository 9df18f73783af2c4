#include "detect/card.h"

#include <stdio.h>

#include "mask/mask.h"

void cards_start(struct cards *cards)
{
	memset(cards, 0, sizeof(*cards));
	cards->sum = INT32_MIN;
	cards->key_rank = UINT64_MAX;
}

void cards_go_on(struct cards *cards)
{
	uint8_t part = cards->part;

	if (cards->sum != INT32_MIN && part < UINT8_MAX)
		part++;
	cards_start(cards);
	cards->part = part;
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
	pan_token(env->token_key, bytes_of(window->buf.ptr + hit->off, hit->len), out->token);
}

/* Keeps the CARD_KEPT smallest values, in order. */
static void keep(const struct card_env *env, const struct window *window, const struct pan_hit *hit,
	struct cards *cards)
{
	uint32_t at;

	if ((hit->why & WHY_BIT(WHY_CARD_TEST)) != 0)
		return;
	cards->any_real = 1;
	cards->bits[hit->quick % CARD_ESTIMATE_BITS / 64] |= UINT64_C(1) << (hit->quick % 64);
	if (known(cards, hit->quick, &at) || at == CARD_KEPT)
		return;
	if (cards->kept == CARD_KEPT)
		cards->kept--;
	memmove(&cards->card[at + 1], &cards->card[at],
		(cards->kept - at) * sizeof(cards->card[0]));
	fill_card(env, window, hit, &cards->card[at]);
	cards->kept++;
}

/* True if a hit of that standing beats the best one so far. */
static bool better(const struct cards *cards, int sum, const struct view *view, uint64_t offset)
{
	if (sum != cards->sum)
		return sum > cards->sum;
	if (view->depth != cards->depth)
		return view->depth > cards->depth;
	if (view->role != cards->role)
		return view->role < cards->role;
	return offset < cards->offset;
}

static void show(const struct window *window, const struct pan_scan *found, uint32_t which,
	struct cards *cards)
{
	const struct pan_hit *hit = &found->hit[which];
	size_t left = hit->off > PAN_CONTEXT ? hit->off - PAN_CONTEXT : 0;
	size_t right = hit->off + hit->len + PAN_CONTEXT;
	struct pan_hit near[PAN_HITS_MAX];
	uint32_t count = 0;

	if (right > window->buf.len)
		right = window->buf.len;
	for (uint32_t i = 0; i < found->count; i++) {
		if (found->hit[i].off < left || found->hit[i].off + found->hit[i].len > right)
			continue;
		near[count] = found->hit[i];
		near[count++].off -= (uint32_t)left;
	}
	mask_evidence(
		&cards->evidence, bytes_of(window->buf.ptr + left, right - left), near, count);
}

/* The name of the field that holds the card: of the outermost that has one, the first. */
static void name_field(struct cards *cards, const struct view *view, uint64_t offset)
{
	uint64_t rank = (uint64_t)view->depth << 60 | (uint64_t)view->role << 52 |
			(uint64_t)(view->ordinal & 0xfffff) << 32 | (offset & 0xffffffff);

	if (view->key.len == 0 || rank >= cards->key_rank)
		return;
	cards->key_rank = rank;
	mask_key(&cards->key, view->key);
}

static void judge_hit(const struct card_scan *scan, const struct window *window,
	const struct pan_scan *found, uint32_t which, struct cards *cards)
{
	const struct pan_hit *hit = &found->hit[which];
	const struct view *view = scan->view;
	size_t left = hit->off > PAN_CONTEXT ? hit->off - PAN_CONTEXT : 0;
	size_t right = hit->off + hit->len + PAN_CONTEXT;

	if (right > window->buf.len)
		right = window->buf.len;
	uint64_t why = hit->why | pan_context(&scan->env->table,
					  bytes_of(window->buf.ptr + left, right - left),
					  hit->off - left, hit->len, view->key);
	if (hit->digits < CARD_DIGITS_ALONE && (why & WHY_BIT(WHY_CARD_KEY)) == 0)
		return;
	int sum = why_sum(why);
	uint64_t offset = window->base + hit->off;

	cards->seen[view->depth]++;
	name_field(cards, view, offset);
	keep(scan->env, window, hit, cards);
	if (!better(cards, sum, view, offset))
		return;
	cards->why = why;
	cards->sum = sum;
	cards->role = (uint8_t)view->role;
	cards->depth = view->depth;
	memcpy(cards->layers, view->layers, sizeof(cards->layers));
	cards->offset = offset;
	show(window, found, which, cards);
}

void card_window(void *self, const struct window *window)
{
	struct card_scan *scan = self;
	struct pan_scan *found = &scan->env->found;
	struct cards *cards;

	pan_find(&scan->env->table, &scan->env->key, window->buf, window->from, window->to,
		window->before_start, window->after_end, found);
	if (scan->view->key.len == 0) { /* the body as a whole; its fields would count twice */
		*scan->shaped += found->shaped;
		*scan->failed += found->failed;
	}
	if (found->count == 0)
		return;
	scan->env->hits_more += found->more;
	cards = scan->get(scan->self);
	if (cards == NULL)
		return;
	for (uint32_t i = 0; i < found->count; i++)
		judge_hit(scan, window, found, i, cards);
}

uint32_t cards_distinct(const struct cards *cards, bool *estimated)
{
	uint32_t set = 0;

	*estimated = cards->kept == CARD_KEPT;
	if (!*estimated)
		return cards->kept;
	for (uint32_t i = 0; i < CARD_ESTIMATE_BITS / 64; i++)
		set += (uint32_t)__builtin_popcountll(cards->bits[i]);
	return set; /* each bit is at least one card: a lower bound */
}

uint64_t cards_why(const struct cards *cards, uint32_t shaped, uint32_t failed)
{
	uint64_t why = cards->why;

	if (cards->kept >= 2)
		why |= WHY_BIT(WHY_CARD_SECOND);
	if (shaped >= CARD_NEIGHBOURS_MIN && failed * 2 > shaped)
		why |= WHY_BIT(WHY_CARD_NEIGHBOURS);
	return why;
}
