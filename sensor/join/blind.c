/* blind.c - what makes silence worth less, as events: facts that workers could
 * not tell, by class. */
#include "fact/lost.h"
#include "join/state.h"

static const char *const causes[LOST_COUNT] = {[LOST_FINDINGS] = "findings-dropped",
	[LOST_NAMES] = "names-dropped",
	[LOST_VALUES] = "values-dropped"};

static void put_nobody(struct json *json)
{
	struct addr none = {.b = {0}};

	json_object(json, "subject");
	json_u64(json, "merchant", 0);
	json_addr(json, "server", &none);
	json_close(json);
	json_u64(json, "tenant", 0);
	json_text(json, "initiator", "unknown");
	json_text(json, "direction", "outbound");
	json_text(json, "coverage_level", "none");
	json_text(json, "source", "");
	json_text(json, "message", "flow");
}

static void blind_event(struct join *join, const char *cause, uint64_t n, uint64_t ns)
{
	struct record record = {.packet_ns = ns, .kind = EVENT_ALERT, .event_class = EVENT_P0};
	struct json json;

	send_start(join, &json, "alert", ns);
	json_object(&json, "alert");
	json_text(&json, "action", "allowed");
	json_u64(&json, "gid", 1);
	json_u64(&json, "signature_id", SID_BASE + CATEGORY_BLIND);
	json_u64(&json, "rev", 1);
	json_text(&json, "signature", "the sensor could not keep all it found");
	json_text(&json, "category", category_sentence(CATEGORY_BLIND));
	json_u64(&json, "severity", (uint64_t)category_severity(CATEGORY_BLIND, CONFIDENCE_MEDIUM));
	json_close(&json);
	json_object(&json, "sekisho");
	json_text(&json, "category", category_word(CATEGORY_BLIND));
	json_text(&json, "technique", cause);
	json_text(&json, "confidence", confidence_word(CONFIDENCE_MEDIUM));
	json_u64(&json, "score", 0);
	json_array(&json, "reasons");
	json_close(&json);
	put_nobody(&json);
	json_u64(&json, "finding_id", 0);
	json_u64(&json, "part", 0);
	json_time(&json, "first", ns);
	json_object(&json, "blind");
	json_text(&json, "cause", cause);
	json_u64(&json, "n", n);
	json_close(&json);
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
}

static uint64_t lost(const struct join *join, enum fact_lost what)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < join->conf.rings; i++)
		sum += atomic_load_explicit(
			&join->rings[i].control->words[LOST_WORD + what], memory_order_relaxed);
	return sum;
}

void blind_tell(struct join *join, uint64_t ns)
{
	for (int what = 0; what < LOST_COUNT; what++) {
		uint64_t now = lost(join, (enum fact_lost)what);

		if (now != join->lost_told[what])
			blind_event(join, causes[what], now - join->lost_told[what], ns);
		join->lost_told[what] = now;
	}
}
