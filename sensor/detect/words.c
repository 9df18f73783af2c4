#include "detect/words.h"

#include "classify/label.h"
#include "parse/parser.h"
#include "unwrap/unwrap.h"

const char *detect_app_word(uint8_t app, uint16_t label)
{
	return app > 0 && app <= parsers_count ? parsers[app - 1]->name : label_word(label);
}

const char *detect_field_word(uint8_t role)
{
	return field_word((enum field_role)role);
}

const char *detect_layer_word(uint8_t layer)
{
	return layer_word((enum layer)layer);
}

const char *detect_message_word(uint8_t kind)
{
	static const char *const words[] = {
		"http-request", "http-response", "tls-hello", "dns-query", "dns-response", "raw"};

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "flow";
}

const char *detect_technique(const struct fact_finding *finding)
{
	switch ((enum field_role)finding->role) {
	case FIELD_HTTP_BODY:
		return "http-body";
	case FIELD_HTTP_URI:
		return "http-url";
	case FIELD_HTTP_COOKIE:
		return "http-cookie";
	case FIELD_DNS_QUERY:
	case FIELD_DNS_ANSWER:
		return "dns-name";
	case FIELD_TLS_SNI:
		return "tls-sni";
	case FIELD_RAW:
		return finding->flow.key.proto == PROTO_TCP   ? "raw-tcp"
		       : finding->flow.key.proto == PROTO_UDP ? "raw-udp"
							      : "raw-icmp";
	default:
		return "http-header";
	}
}
