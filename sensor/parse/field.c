/* field.c - one run, or a first run of FIELD_WHOLE bytes and what follows. */
#include "parse/field.h"

/* Tells data as runs of at most RUN_MAX; last marks the final one. */
static void tell(struct teller *teller, struct bytes data, bool last)
{
	struct field *field = teller->field;

	do {
		struct bytes part = bytes_head(data, RUN_MAX);
		struct run run = {.role = (enum field_role)field->role,
			.first = !field->begun,
			.last = last && part.len == data.len,
			.name = teller->name,
			.data = part,
			.offset = field->told};

		field->begun = true;
		field->told += part.len;
		data = bytes_skip(data, part.len);
		teller->io->sink.run(teller->io->sink.self, teller->message, &run);
		if (run.first && teller->begun != NULL)
			teller->begun(teller->self, part);
	} while (data.len > 0);
}

/* Moves up to FIELD_WHOLE - held bytes of lent into the item. */
static void keep(struct teller *teller)
{
	struct field *field = teller->field;
	struct bytes part = bytes_head(teller->lent, (size_t)FIELD_WHOLE - field->held);

	if (part.len > 0)
		memcpy((uint8_t *)pool_at(teller->io->hold, field->item) + field->held, part.ptr,
			part.len);
	field->held = (uint16_t)(field->held + part.len);
	teller->lent = bytes_skip(teller->lent, part.len);
}

static struct bytes kept(const struct teller *teller)
{
	const struct field *field = teller->field;

	return field->item == 0 ? bytes_of(NULL, 0)
				: bytes_of(pool_at(teller->io->hold, field->item), field->held);
}

void field_drop(struct field *field, struct pool *hold)
{
	if (field->item != 0)
		pool_erase(hold, field->item, field->held);
	*field = (struct field){.open = false};
}

static void give(struct teller *teller)
{
	struct field *field = teller->field;

	if (field->item != 0)
		pool_erase(teller->io->hold, field->item, field->held);
	field->item = 0;
	field->held = 0;
}

/* Tells the first run once the field has proven longer than FIELD_WHOLE. */
static void tell_first(struct teller *teller)
{
	struct field *field = teller->field;

	if (field->begun || field->stream || field->held + teller->lent.len <= FIELD_WHOLE)
		return;
	if (field->item != 0) {
		keep(teller);
		tell(teller, kept(teller), false);
		give(teller);
		return;
	}
	tell(teller, bytes_head(teller->lent, FIELD_WHOLE), false);
	teller->lent = bytes_skip(teller->lent, FIELD_WHOLE);
}

void field_open(struct teller *teller, enum field_role role, bool stream)
{
	*teller->field = (struct field){.role = (uint8_t)role, .open = true, .stream = stream};
	teller->lent = bytes_of(NULL, 0);
}

void field_flush(struct teller *teller)
{
	struct field *field = teller->field;

	tell_first(teller);
	if (teller->lent.len == 0)
		return;
	if (!field->begun && !field->stream) {
		if (field->item == 0)
			field->item = pool_take(teller->io->hold);
		if (field->item != 0) {
			keep(teller);
			return;
		}
		teller->io->hold_refused++;
	}
	tell(teller, teller->lent, false);
	teller->lent = bytes_of(NULL, 0);
}

void field_add(struct teller *teller, struct bytes data)
{
	if (data.len == 0)
		return;
	if (teller->lent.len > 0 && teller->lent.ptr + teller->lent.len == data.ptr) {
		teller->lent.len += data.len;
		return;
	}
	field_flush(teller);
	teller->lent = data;
}

bool field_whole(struct teller *teller, struct bytes *whole)
{
	struct field *field = teller->field;

	if (field->begun || field->stream || field->held + teller->lent.len > FIELD_WHOLE)
		return false;
	if (field->item == 0) {
		*whole = teller->lent;
		return true;
	}
	keep(teller);
	*whole = kept(teller);
	return true;
}

void field_end_as(struct teller *teller, struct bytes whole)
{
	tell(teller, whole, true);
	give(teller);
	teller->lent = bytes_of(NULL, 0);
	teller->field->open = false;
}

void field_end(struct teller *teller)
{
	struct bytes whole;

	if (field_whole(teller, &whole)) {
		field_end_as(teller, whole);
		return;
	}
	tell_first(teller);
	field_end_as(teller, teller->lent);
}

void field_gap(struct teller *teller, uint64_t len)
{
	struct field *field = teller->field;

	tell_first(teller);
	field->stream = true;
	if (field->held > 0)
		tell(teller, kept(teller), false);
	give(teller);
	field_flush(teller);
	teller->io->sink.gap(
		teller->io->sink.self, teller->message, (enum field_role)field->role, len);
	field->told += len;
}

void field_tell(struct parse_io *io, const struct message *message, const struct run *run)
{
	struct bytes data = run->data;
	struct run part = *run;

	part.offset = 0;
	part.first = true;
	part.last = false;
	while (!part.last) {
		part.data = bytes_head(data, part.first ? FIELD_WHOLE : RUN_MAX);
		part.last = part.data.len == data.len;
		io->sink.run(io->sink.self, message, &part);
		part.first = false;
		part.offset += part.data.len;
		data = bytes_skip(data, part.data.len);
	}
}
