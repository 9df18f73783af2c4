#include "shipper/stdout.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "event/record.h"
#include "shipper/scrub.h"

#define NAP_NS 1000000

static bool write_all(int fd, const char *data, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return err_set(err, EXIT_CANNOT, "standard output: %s", strerror(errno));
		data += done;
		len -= (size_t)done;
	}
	return true;
}

/* A restarted replay says everything again from the beginning: n drops what was written. */
struct last {
	uint64_t run, n;
};

static bool one(int fd, const uint8_t *data, uint32_t len, struct last *last, struct err *err)
{
	static char line[EVENT_JSON_MAX + 1];
	struct record record;

	memcpy(&record, data, sizeof(record));
	if (sizeof(record) + record.len > len || record.len > EVENT_JSON_MAX)
		return err_set(err, EXIT_INTERNAL, "a record in the ring is broken");
	if (record.run == last->run && record.n <= last->n)
		return true;
	*last = (struct last){.run = record.run, .n = record.n};
	memcpy(line, data + sizeof(record), record.len);
	if (scrub_text(line, record.len) > 0)
		log_line(LOG_LEVEL_ERROR, "the second scrubber had to change event n=%llu",
			(unsigned long long)record.n);
	line[record.len] = '\n';
	return write_all(fd, line, record.len + 1, err);
}

int stdout_run(int fd, struct spsc *ring, const volatile int *stop, struct err *err)
{
	const struct timespec pause = {.tv_nsec = NAP_NS};
	struct last last = {0, 0};

	for (;;) {
		uint64_t ended = atomic_load(&ring->control->words[SHIPPER_WORD_ENDED]);
		uint64_t position;
		uint32_t len;
		const uint8_t *data = spsc_next(ring, &len, &position);
		if (data == NULL) {
			if (ended != 0 || *stop != 0)
				return EXIT_DONE;
			nanosleep(&pause, NULL);
			continue;
		}
		if (!one(fd, data, len, &last, err))
			return err->status;
		spsc_release(ring);
	}
}
