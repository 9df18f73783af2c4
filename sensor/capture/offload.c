#include "capture/offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define WORDS_MAX 64

static const struct {
	uint32_t get, bit;
	const char *word; /* of ethtool -K */
} rows[] = {
	{ETHTOOL_GGRO, 1, "gro"},
	{ETHTOOL_GFLAGS, ETH_FLAG_LRO, "lro"},
	{ETHTOOL_GTSO, 1, "tso"},
	{ETHTOOL_GGSO, 1, "gso"},
};

/* What an interface does not know it does not do. */
static bool is_on(int fd, const char *interface, uint32_t get, uint32_t bit)
{
	struct ethtool_value value = {.cmd = get};
	struct ifreq req = {.ifr_data = (void *)&value};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", interface);
	return -1 != ioctl(fd, SIOCETHTOOL, &req) && (value.data & bit) != 0;
}

void offload_say(const char *interface)
{
	char words[WORDS_MAX] = "";
	size_t len = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (-1 == fd)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_on(fd, interface, rows[i].get, rows[i].bit))
			len += (size_t)snprintf(
				words + len, sizeof(words) - len, " %s off", rows[i].word);
	close(fd);
	if (len > 0)
		log_line(LOG_LEVEL_WARN,
			"%s: the interface joins or has yet to cut packets before they are seen; "
			"ethtool -K %s%s shows them as on the wire",
			interface, interface, words);
}
