/* alert.c - a decided finding as an EVE alert. */
#include <stdio.h>
#include <string.h>

#include "detect/words.h"
#include "flow/flow.h"
#include "join/flood.h"
#include "join/state.h"

static const char *proto_word(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return "TCP";
	case PROTO_UDP:
		return "UDP";
	case PROTO_ICMP:
		return "ICMP";
	case PROTO_ICMP6:
		return "IPv6-ICMP";
	default:
		return "IP";
	}
}

static void put_tuple(struct json *json, const struct fact_flow *flow)
{
	const struct tuple *key = &flow->key;
	bool forward = flow->dir == 0;

	json_addr(json, "src_ip", forward ? &key->src : &key->dst);
	json_u64(json, "src_port", forward ? key->sport : key->dport);
	json_addr(json, "dest_ip", forward ? &key->dst : &key->src);
	json_u64(json, "dest_port", forward ? key->dport : key->sport);
	json_text(json, "proto", proto_word(key->proto));
}

static void put_flow(struct join *join, struct json *json, const struct fact_flow *flow)
{
	char community[COMMUNITY_ID_MAX];

	json_u64(json, "flow_id", flow->flow_id);
	json_text(json, "in_iface", source_name(join, flow->source));
	json_u64(json, "pcap_cnt", flow->frame);
	put_tuple(json, flow);
	flow_community_id(&flow->key, community);
	json_text(json, "community_id", community);
	const char *app = detect_app_word(flow->app, flow->label);
	if (app != NULL)
		json_text(json, "app_proto", app);
	json_text(json, "direction", flow->dir == flow->client_end ? "to_server" : "to_client");
}

static void put_alert(struct json *json, const struct verdict *verdict, uint32_t sid, uint32_t rev,
	const char *signature)
{
	json_object(json, "alert");
	json_text(json, "action", "allowed");
	json_u64(json, "gid", 1);
	json_u64(json, "signature_id", sid);
	json_u64(json, "rev", rev);
	json_text(json, "signature", signature);
	json_text(json, "category", category_sentence(verdict->category));
	json_u64(json, "severity",
		(uint64_t)category_severity(verdict->category, verdict->confidence));
	json_close(json);
}

static void put_reasons(struct json *json, uint64_t why)
{
	json_array(json, "reasons");
	for (int i = 0; i < WHY_COUNT; i++) {
		if ((why & WHY_BIT(i)) == 0)
			continue;
		json_object(json, NULL);
		json_text(json, "id", why_row((enum why)i)->word);
		json_tenths(json, "weight", why_row((enum why)i)->weight);
		json_close(json);
	}
	json_close(json);
}

static void put_remote(
	struct join *join, struct json *json, const struct addr *remote, uint16_t port)
{
	struct geo_answer geo = {.country = ""};
	struct masked org;

	if (join->env.geo != NULL)
		geo = geo_find(join->env.geo, remote);
	json_object(json, "remote");
	json_addr(json, "ip", remote);
	json_u64(json, "port", port);
	if (geo.country[0] != 0)
		json_text(json, "country", geo.country);
	if (geo.asn != 0)
		json_u64(json, "asn", geo.asn);
	if (geo.as_org != NULL) {
		/* of the operator's table, never of the wire; geo_open knows its digits */
		masked_literal(&org, geo.as_org);
		json_masked(json, "as_org", &org);
	}
	json_close(json);
}

static void put_subject(struct join *join, struct json *json, const struct fact_flow *flow)
{
	const struct addr *server = flow->subject_end == 0 ? &flow->key.src : &flow->key.dst;
	const struct addr *remote = flow->subject_end == 0 ? &flow->key.dst : &flow->key.src;
	bool known = (flow->flags & FACT_CLIENT_UNKNOWN) == 0;
	struct policy_end end;

	json_object(json, "subject");
	json_u64(json, "merchant", flow->merchant);
	json_addr(json, "server", server);
	json_close(json);
	put_remote(join, json, remote, flow->subject_end == 0 ? flow->key.dport : flow->key.sport);
	json_u64(json, "tenant", flow->key.tenant);
	json_text(json, "initiator",
		!known                                  ? "unknown"
		: flow->client_end == flow->subject_end ? "server"
							: "client");
	json_text(json, "direction", flow->dir == flow->subject_end ? "outbound" : "inbound");
	policy_address(join->env.policy, flow->key.tenant, server, &end);
	static const char *const levels[] = {"none", "match_only", "contacts", "content"};
	json_text(json, "coverage_level", levels[end.level]);
}

static void put_verdict(struct join *join, struct json *json, const struct verdict *verdict,
	const struct fact_flow *flow)
{
	json_text(json, "category", category_word(verdict->category));
	json_text(json, "technique", verdict->technique);
	json_text(json, "confidence", confidence_word(verdict->confidence));
	json_tenths(json, "score", verdict->sum);
	put_reasons(json, verdict->why);
	put_subject(join, json, flow);
	json_text(json, "source", source_name(join, flow->source));
	json_time(json, "first", flow->first_ns);
}

static void put_cards(struct json *json, const struct fact_card cards[], uint32_t count,
	uint32_t distinct, bool test, bool estimated, bool tokens)
{
	json_object(json, "cards");
	json_u64(json, "distinct", distinct);
	json_bool(json, "test", test);
	json_bool(json, "estimated", estimated);
	json_array(json, "list");
	for (uint32_t i = 0; i < count; i++) {
		json_object(json, NULL);
		json_text(json, "brand", cards[i].brand);
		json_text(json, "bin", cards[i].bin);
		json_text(json, "last4", cards[i].last4);
		json_u64(json, "digits", cards[i].digits);
		if (tokens)
			json_hex(json, "token", cards[i].token, sizeof(cards[i].token));
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void put_slot(struct json *json, const char *name, const struct fact_finding *finding,
	enum fact_text slot)
{
	struct masked text;

	fact_text_get(finding, slot, &text);
	if (text.len > 0)
		json_masked(json, name, &text);
}

static void put_http(struct json *json, const struct fact_finding *finding)
{
	if (finding->slot[TEXT_METHOD].len == 0)
		return;
	json_object(json, "http");
	put_slot(json, "hostname", finding, TEXT_HOST);
	put_slot(json, "url", finding, TEXT_URL);
	put_slot(json, "http_method", finding, TEXT_METHOD);
	if (finding->status != 0)
		json_u64(json, "status", finding->status);
	json_close(json);
}

static void put_tls(struct json *json, const struct fact_finding *finding)
{
	if (finding->slot[TEXT_SNI].len == 0)
		return;
	json_object(json, "tls");
	put_slot(json, "sni", finding, TEXT_SNI);
	json_close(json);
}

static void put_place(struct json *json, const struct fact_finding *finding)
{
	json_text(json, "message", detect_message_word(finding->message_kind));
	json_array(json, "encoding");
	for (int i = 0; i < finding->depth; i++)
		json_text(json, NULL, detect_layer_word(finding->layers[i]));
	json_close(json);
	json_text(json, "field", detect_field_word(finding->role));
	put_slot(json, "key", finding, TEXT_KEY);
	json_u64(json, "offset", finding->offset);
	put_slot(json, "evidence", finding, TEXT_EVIDENCE);
	json_u64(json, "count", finding->count);
	json_u64(json, "finding_id", finding->finding_id);
	json_u64(json, "part", finding->part);
}

static struct record record_of(
	const struct fact_flow *flow, uint64_t finding_id, const struct verdict *verdict)
{
	return (struct record){.packet_ns = flow->packet_ns,
		.finding_id = finding_id,
		.merchant = flow->merchant,
		.tenant = flow->key.tenant,
		.kind = EVENT_ALERT,
		.event_class = verdict->confidence == CONFIDENCE_LOW ? EVENT_P1 : EVENT_P0};
}

static void put_rule(struct join *join, struct json *json, const struct fact_finding *finding)
{
	struct rule_row row = rules_row(join->env.rules, finding->rule);

	json_object(json, "rule");
	json_u64(json, "sid", row.sid);
	json_u64(json, "rev", row.rev);
	json_close(json);
}

static void put_flood(struct json *json, const struct flood *flood)
{
	uint32_t samples = 0;

	if (flood == NULL)
		return;
	json_u64(json, "folded", flood->messages > 0 ? flood->messages - 1 : 0);
	json_object(json, "flood");
	json_u64(json, "alerts", flood->alerts);
	json_time(json, "last", flood->last_ns);
	json_array(json, "samples");
	for (; samples < flood->alerts && samples < FLOOD_SAMPLES; samples++) {
		const struct flood_sample *sample = &flood->sample[samples];
		json_object(json, NULL);
		json_time(json, "timestamp", sample->packet_ns);
		json_u64(json, "flow_id", sample->flow_id);
		json_u64(json, "pcap_cnt", sample->frame);
		json_u64(json, "finding_id", sample->finding_id);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

void alert_finding(struct join *join, const struct fact_finding *finding,
	const struct verdict *verdict, const struct flood *flood)
{
	bool rule = (finding->why & WHY_BIT(WHY_RULE_MATCH)) != 0;
	struct record record = record_of(&finding->flow, finding->finding_id, verdict);
	struct json json;
	char signature[96];

	snprintf(signature, sizeof(signature), "Sekisho %s %s", category_word(verdict->category),
		verdict->technique);
	send_start(join, &json, "alert", finding->flow.packet_ns);
	put_flow(join, &json, &finding->flow);
	if (rule) {
		struct rule_row row = rules_row(join->env.rules, finding->rule);
		put_alert(&json, verdict, row.sid, row.rev, row.msg);
	} else {
		put_alert(&json, verdict, SID_BASE + (uint32_t)verdict->category, 1, signature);
	}
	put_http(&json, finding);
	put_tls(&json, finding);
	json_object(&json, "sekisho");
	put_verdict(join, &json, verdict, &finding->flow);
	put_place(&json, finding);
	if (rule)
		put_rule(join, &json, finding);
	else
		put_cards(&json, finding->card, finding->card_cnt, finding->distinct,
			finding->test_only, finding->estimated,
			(verdict->why & WHY_BIT(WHY_DEST_PSP)) == 0);
	put_flood(&json, flood);
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
	join->counters.alerts++;
}

static void put_listed(struct join *join, struct json *json, const struct fact_listed *listed)
{
	static const char *const states[] = {
		"current", "taken_down", "sinkholed", "expired", "reassigned", "revoked"};
	static const char *const by[] = {"address", "dns", "sni", "host"};
	const struct indicator_row *row = indicators_row(join->env.lists, listed->row);
	char id[LIST_ID_MAX];

	indicator_list_id(row->list, id);
	json_object(json, "listed");
	json_text(json, "list", id);
	json_u64(json, "line", row->line);
	json_text(json, "state", states[row->state]);
	json_text(json, "by", by[listed->by_name]);
	json_u64(json, "bytes_out", listed->bytes_out);
	json_u64(json, "bytes_in", listed->bytes_in);
	json_close(json);
}

static void put_listed_name(struct json *json, const struct fact_listed *listed)
{
	static const char *const object[] = {NULL, "dns", "tls", "http"};
	static const char *const member[] = {NULL, "rrname", "sni", "hostname"};
	struct masked name = {.len = listed->name_len};

	if (listed->by_name == 0)
		return;
	memcpy(name.text, listed->name, listed->name_len);
	json_object(json, object[listed->by_name]);
	json_masked(json, member[listed->by_name], &name);
	json_close(json);
}

void alert_listed(struct join *join, const struct fact_listed *listed,
	const struct verdict *verdict, const struct flood *flood)
{
	struct record record = record_of(&listed->flow, listed->finding_id, verdict);
	struct json json;
	char signature[96];

	snprintf(signature, sizeof(signature), "Sekisho %s %s", category_word(verdict->category),
		verdict->technique);
	send_start(join, &json, "alert", listed->flow.packet_ns);
	put_flow(join, &json, &listed->flow);
	put_alert(&json, verdict, SID_BASE + (uint32_t)verdict->category, 1, signature);
	put_listed_name(&json, listed);
	json_object(&json, "sekisho");
	put_verdict(join, &json, verdict, &listed->flow);
	json_text(&json, "message", "flow");
	json_u64(&json, "finding_id", listed->finding_id);
	json_u64(&json, "part", 0);
	put_listed(join, &json, listed);
	put_flood(&json, flood);
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
	join->counters.alerts++;
}

void alert_more_cards(struct join *join, const struct fact_finding *finding,
	const struct verdict *verdict, const struct fact_more_cards *more)
{
	struct record record = record_of(&finding->flow, finding->finding_id, verdict);
	struct json json;

	send_start(join, &json, "alert", finding->flow.packet_ns);
	put_flow(join, &json, &finding->flow);
	put_alert(&json, verdict, SID_BASE + (uint32_t)verdict->category, 1,
		"Sekisho further cards of a finding");
	json_object(&json, "sekisho");
	put_verdict(join, &json, verdict, &finding->flow);
	json_text(&json, "message", detect_message_word(finding->message_kind));
	json_u64(&json, "finding_id", finding->finding_id);
	json_u64(&json, "part", more->part);
	put_cards(&json, more->card, more->count, finding->distinct, finding->test_only,
		finding->estimated, true);
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
}
