#include "shipper/shipper.h"

#include <unistd.h>

#include "shipper/ship.h"
#include "shipper/stdout.h"

int shipper_run(const struct shipper_conf *conf, struct spsc *ring, const volatile int *stop,
	struct err *err)
{
	if (conf->endpoint == NULL)
		return stdout_run(STDOUT_FILENO, ring, stop, err);
	return ship_run(conf, ring, stop, NULL, err);
}
