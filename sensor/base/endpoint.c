#include "base/endpoint.h"

#include <string.h>
#include <sys/un.h>

#include "base/addr.h"

#define PATH_MAX_LEN (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static bool is_port(const char *text)
{
	unsigned port = 0;

	if (text[0] < '1' || text[0] > '9' || strlen(text) > 5)
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		port = port * 10 + (unsigned)(*text - '0');
	return *text == '\0' && port <= 65535;
}

static bool is_loopback(const char *host)
{
	const char *colon = strrchr(host, ':');
	struct prefix net;
	struct addr addr;

	if (colon == NULL || !is_port(colon + 1))
		return false;
	if (strncmp(host, "[::1]:", 6) == 0)
		return colon == host + 5;
	return prefix_parse(bytes_text("127.0.0.0/8"), &net) &&
	       addr_parse(bytes_of(host, (size_t)(colon - host)), &addr) &&
	       prefix_holds(&net, &addr);
}

bool endpoint_check(const char *option, const char *endpoint, struct err *err)
{
	if (strncmp(endpoint, "ipc://", 6) == 0)
		return (endpoint[6] == '/' && strlen(endpoint + 6) <= PATH_MAX_LEN) ||
		       err_set(err, EXIT_USAGE,
			       "%s: \"%s\": the path must be absolute and of at most %zu bytes",
			       option, endpoint, PATH_MAX_LEN);
	if (strncmp(endpoint, "tcp://", 6) != 0)
		return err_set(err, EXIT_USAGE,
			"%s: \"%s\" is neither ipc://PATH nor tcp://127.0.0.1:PORT", option,
			endpoint);
	return is_loopback(endpoint + 6) ||
	       err_set(err, EXIT_USAGE,
		       "%s: \"%s\" is no loopback address with a port (1 to 65535); between "
		       "machines there is no encryption yet: use ipc://PATH or "
		       "tcp://127.0.0.1:PORT (and a tunnel)",
		       option, endpoint);
}
