/* prefixes.c - what is ours by policy, told whenever a policy comes into force. */
#include <stdio.h>
#include <string.h>

#include "join/state.h"

#define PREFIXES_PER_EVENT 128 /* rows of at most 80 bytes */

static void put_row(struct json *json, const struct policy_prefix *row)
{
	char text[ADDR_TEXT_MAX + 4];
	size_t len = addr_text(&row->prefix.addr, text);
	unsigned bits = row->prefix.bits;

	if (addr_is4(&row->prefix.addr) && bits >= 96)
		bits -= 96;
	snprintf(text + len, sizeof(text) - len, "/%u", bits);
	json_array(json, NULL);
	json_text(json, NULL, text);
	json_i64(json, NULL, row->every ? -1 : row->tenant);
	json_u64(json, NULL, row->merchant);
	json_close(json);
}

static void event(struct join *join, uint32_t from, uint32_t to, uint64_t ns)
{
	struct record record = {.packet_ns = ns, .kind = EVENT_HEALTH, .event_class = EVENT_P1};
	struct json json;

	send_start(join, &json, "health", ns);
	json_object(&json, "sekisho");
	json_text(&json, "state", "policy");
	send_generation(join, &json);
	json_u64(&json, "from", from);
	json_array(&json, "prefixes");
	for (uint32_t i = from; i < to; i++) {
		const struct policy_prefix row = policy_prefix(join->env.policy, i);
		put_row(&json, &row);
	}
	json_close(&json);
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
}

void join_prefixes(struct join *join, uint64_t packet_ns)
{
	uint32_t count = policy_given(join->env.policy) ? policy_prefixes(join->env.policy) : 0;

	for (uint32_t from = 0, to; from < count; from = to) {
		to = count - from > PREFIXES_PER_EVENT ? from + PREFIXES_PER_EVENT : count;
		event(join, from, to, packet_ns);
	}
}
