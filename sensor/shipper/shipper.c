#include "shipper/shipper.h"

#include <unistd.h>

#include "shipper/stdout.h"

int shipper_run(const struct shipper_conf *conf, struct spsc *ring, const volatile int *stop,
	struct err *err)
{
	if (conf->endpoint == NULL)
		return stdout_run(STDOUT_FILENO, ring, stop, err);
	err_set(err, EXIT_USAGE, "--publish is not built in; use --events -");
	return err->status;
}
