#include "correlate/alert.h"

#include <stdio.h>
#include <string.h>

#include "base/category.h"
#include "base/why.h"
#include "correlate/sink.h"
#include "store/book.h"

static int64_t confidence_of(const char *word)
{
	int64_t confidence = CONFIDENCE_HIGH;

	while (confidence > CONFIDENCE_LOW &&
		strcmp(word, confidence_word((enum confidence)confidence)) != 0)
		confidence--;
	return confidence;
}

static uint64_t why_of(const struct json_in *reasons)
{
	uint64_t set = 0;

	for (size_t i = 0; i < json_in_count(reasons); i++) {
		const char *id = json_in_text(json_in_item(reasons, i), "id");

		for (int why = 0; why < WHY_COUNT; why++) {
			if (strcmp(why_row((enum why)why)->word, id) == 0)
				set |= WHY_BIT(why);
		}
	}
	return set;
}

static bool card_reason(uint64_t set)
{
	for (int why = 0; why < WHY_COUNT; why++) {
		const struct why_row *row = why_row((enum why)why);

		if ((set & WHY_BIT(why)) && row->weight > 0 && strncmp(row->word, "card-", 5) == 0)
			return true;
	}
	return false;
}

static void encoding_read(const struct json_in *list, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < json_in_count(list) && i < 4 && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? " " : "",
			json_in_value_text(json_in_item(list, i)));
}

static void message_read(const struct json_in *event, struct alert *out)
{
	const struct json_in *http = json_in_get(event, "http");
	const char *url = json_in_text(http, "url");

	out->method = json_in_text(http, "http_method");
	out->host = json_in_text(http, "hostname");
	out->name = out->host;
	if (out->name[0] == '\0')
		out->name = json_in_text(json_in_get(event, "tls"), "sni");
	if (out->name[0] == '\0')
		out->name = json_in_text(json_in_get(event, "dns"), "rrname");
	snprintf(out->url, sizeof(out->url), "%.*s", (int)strcspn(url, "?#"), url);
	out->field = json_in_text(out->sekisho, "field");
	out->key = json_in_text(out->sekisho, "key");
	out->message = json_in_text(out->sekisho, "message");
	out->initiator = json_in_text(out->sekisho, "initiator");
	encoding_read(json_in_get(out->sekisho, "encoding"), out->encoding, sizeof(out->encoding));
}

static void remote_read(const struct json_in *event, struct alert *out)
{
	const struct json_in *remote = json_in_get(out->sekisho, "remote");
	bool from = strcmp(out->server, json_in_text(event, "src_ip")) == 0;

	if (remote != NULL) {
		out->remote = json_in_text(remote, "ip");
		out->port = json_in_int(remote, "port");
		return;
	}
	out->remote = json_in_text(event, from ? "dest_ip" : "src_ip");
	out->port = json_in_int(event, from ? "dest_port" : "src_port");
}

bool alert_read(const struct correlate_event *event, struct alert *out)
{
	const struct json_in *sekisho = json_in_get(event->json, "sekisho");
	const struct json_in *subject = json_in_get(sekisho, "subject");
	int category = category_find(json_in_text(sekisho, "category"));

	*out = (struct alert){.sekisho = sekisho,
		.run = event->run,
		.server = json_in_text(subject, "server"),
		.sensor = (int64_t)event->sensor,
		.event = event->id};
	if (category < 0 || category == CATEGORY_BLIND || out->server[0] == '\0')
		return false;
	out->category = category_word((enum category)category);
	out->family = category_family((enum category)category);
	out->technique = json_in_text(sekisho, "technique");
	out->finding = json_in_int(sekisho, "finding_id");
	out->part = json_in_int(sekisho, "part");
	out->tenant = json_in_int(sekisho, "tenant");
	out->merchant = json_in_int(subject, "merchant");
	out->time = book_time(json_in_text(event->json, "timestamp"));
	out->first = book_time(json_in_text(sekisho, "first"));
	if (out->first == 0 || out->first > out->time)
		out->first = out->time;
	out->confidence = confidence_of(json_in_text(sekisho, "confidence"));
	out->severity =
		category_severity((enum category)category, (enum confidence)out->confidence);
	uint64_t why = why_of(json_in_get(sekisho, "reasons"));
	out->why = (int64_t)why;
	out->shared = (why & WHY_BIT(WHY_SHARED_HOST)) != 0;
	out->confirmed = category == CATEGORY_CARD_EXFIL && out->confidence == CONFIDENCE_HIGH &&
			 card_reason(why);
	out->score = json_in_real(sekisho, "score");
	out->n = 1 + json_in_int(sekisho, "folded");
	message_read(event->json, out);
	remote_read(event->json, out);
	subject_text(out->subject, sizeof(out->subject), out->tenant, out->merchant, out->server);
	struct sink_in sink = {.name = out->name,
		.url = out->url,
		.ip = out->remote,
		.port = out->port,
		.fetched = strcmp(out->initiator, "client") == 0};
	sink_of(&sink, out->sink, sizeof(out->sink));
	return true;
}
