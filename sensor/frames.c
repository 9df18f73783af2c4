#include "frames.h"

#include "fact/sums.h"

void frames_book_init(
	struct frames_book *book, struct source *source, struct decoder *decoder, struct emit *emit)
{
	book->source = source;
	book->decoder = decoder;
	book->emit = emit;
	for (uint32_t i = 0; i < source_inputs(source); i++) {
		struct source_input input;

		source_input(source, i, &input);
		book->input[i] =
			(struct source_input){.bytes = input.told_bytes, .drops = input.told_drops};
	}
}

void frames_book(struct frames_book *book, uint16_t input, uint64_t minute, uint64_t stamp_ns)
{
	const struct decode_counters *now = decoder_counters(book->decoder, input);
	struct decode_counters *before = &book->decoded[input];
	struct source_input *at = &book->input[input];
	struct fact_frames *fact;
	struct source_input state;

	source_input(book->source, input, &state);
	if (now->frames == before->frames && state.drops == at->drops)
		return;
	emit_at(book->emit, stamp_ns, STAMP_TIMER, UINT64_MAX);
	fact = emit_reserve(book->emit, FACT_FRAMES, sizeof(*fact));
	if (fact == NULL)
		return;
	fact->minute = minute;
	fact->source = input;
	fact->frames = (int64_t)(now->frames - before->frames);
	fact->decoded = (int64_t)(now->decoded - before->decoded);
	for (int i = 0; i < FRAME_REASON_COUNT; i++)
		fact->refused[i] = (int64_t)(now->refused[i] - before->refused[i]);
	fact->bytes = (int64_t)(state.bytes - at->bytes);
	fact->drops = (int64_t)(state.drops - at->drops);
	*before = *now;
	*at = state;
	emit_commit(book->emit, &fact->fact);
}
