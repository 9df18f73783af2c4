#include "shipper/ship.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "shipper/deliver.h"
#include "shipper/scrub.h"
#include "shipper/zmq_link.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S (1000 * NS_PER_MS)
#define GROUP_NS (10 * NS_PER_MS)
#define TELL_NS NS_PER_S
#define TEND_NS NS_PER_S
#define TEND_FULL_NS (50 * NS_PER_MS)
#define STUCK_NS (60 * NS_PER_S)
#define STOP_NS (10 * NS_PER_S)
#define RETRY_NS NS_PER_S
#define RECORDS_PER_STEP 1024
#define IDLE_MS 5

struct ship {
	const struct shipper_conf *conf;
	struct spsc *ring;
	struct ship_clock clock;
	struct spool_dir dir;
	struct spool_io io;
	struct spool *spool;
	struct zmq_link zmq;
	struct deliver *deliver;
	uint64_t ring_id;
	uint64_t given_up[2];    /* by the engine, P1 and P2: up to where the spool knows */
	bool ended, empty, full; /* full: the record at hand found no room */
	uint64_t group_ns;       /* when the group began; 0: none */
	uint64_t admitted_ns, told_ns, tended_ns, failed_ns, stopped_ns;
	struct err disk; /* what the disk said last */
	uint8_t body[SPOOL_BODY_MAX];
};

static uint64_t real_clock(void *self)
{
	(void)self;
	return clock_boot_ns();
}

static uint64_t boot_number(void)
{
	const struct hash_key key = {0, 0};
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd == -1 ? -1 : read(fd, text, sizeof(text));

	if (fd != -1)
		close(fd);
	return len <= 0 ? 1 : hash_sip24(&key, text, (size_t)len) | 1;
}

/* Positions mean something only within the ring that gave them. */
static bool name_ring(struct ship *ship, struct err *err)
{
	_Atomic uint64_t *words = ship->ring->control->words;
	uint64_t boot = boot_number();

	ship->ring_id = atomic_load(&words[SHIPPER_WORD_RING]);
	if (ship->ring_id != 0 && atomic_load(&words[SHIPPER_WORD_BOOT]) == boot)
		return true;
	do {
		if (getrandom(&ship->ring_id, sizeof(ship->ring_id), 0) != sizeof(ship->ring_id))
			return err_set(err, EXIT_CANNOT, "no random bytes for the ring's number");
	} while (ship->ring_id == 0);
	atomic_store(&words[SHIPPER_WORD_RING], ship->ring_id);
	atomic_store(&words[SHIPPER_WORD_BOOT], boot);
	return true;
}

static bool prepare(struct ship *ship, struct err *err)
{
	const struct shipper_conf *conf = ship->conf;
	const struct spool_conf spool = {.path = conf->spool_dir,
		.sensor = conf->name,
		.bytes = conf->spool_bytes,
		.segment_bytes = SPOOL_SEGMENT_BYTES};
	struct link link;

	if (!name_ring(ship, err) || !zmq_link_open(&ship->zmq, conf->endpoint, &link, err) ||
		!spool_dir_open(&ship->dir, conf->spool_dir, &ship->io, err))
		return false;
	ship->spool = spool_open(&ship->io, &spool, err);
	if (ship->spool == NULL)
		return false;
	ship->deliver = deliver_new(ship->spool, &link, conf->name, ship->ring_id);
	return ship->deliver != NULL || err_set(err, EXIT_CANNOT, "no memory for delivery");
}

static enum spool_patience patience(const struct ship *ship)
{
	if (ship->conf->until_drained)
		return SPOOL_WAITS;
	/* Live, P0 waits in the ring, until there is hardly room for anything else. */
	return spsc_fill(ship->ring) > ship->ring->size / 8 * 7 ? SPOOL_SHEDS_ALL : SPOOL_SHEDS;
}

/* One record of the ring, copied before it is looked at: the engine may be
 * broken into. */
static enum spool_rc admit(struct ship *ship, const uint8_t *data, uint32_t len, uint64_t position)
{
	const struct spool_origin origin = {
		.ring = ship->ring_id, .position = position, .real_ns = clock_real_ns()};
	struct record record;

	if (len < sizeof(record))
		return SPOOL_BAD;
	memcpy(&record, data, sizeof(record));
	if (record.len > EVENT_JSON_MAX || sizeof(record) + record.len > len)
		return SPOOL_BAD;
	memcpy(ship->body, &record, sizeof(record));
	memcpy(ship->body + sizeof(record), data + sizeof(record), record.len);
	if (scrub_text((char *)ship->body + sizeof(record), record.len) > 0)
		log_line(LOG_LEVEL_ERROR, "the second scrubber had to change event n=%llu",
			(unsigned long long)record.n);
	return spool_admit(ship->spool, &origin, bytes_of(ship->body, sizeof(record) + record.len),
		patience(ship));
}

/* True: go on with the next record. */
static bool take_one(struct ship *ship, uint64_t now, struct err *err)
{
	uint64_t position;
	uint32_t len;
	const uint8_t *data = spsc_next(ship->ring, &len, &position);

	ship->empty = data == NULL;
	if (data == NULL)
		return !ship->ring->broken ? false
					   : err_set(err, EXIT_INTERNAL,
						     "the ring of events contradicts itself");
	enum spool_rc rc = admit(ship, data, len, position);
	ship->full = rc == SPOOL_FULL;
	if (rc == SPOOL_BAD)
		return err_set(err, EXIT_INTERNAL, "a record in the ring is broken");
	if (rc == SPOOL_BUSY || rc == SPOOL_FULL) {
		ship->ring->seen = position; /* it comes again; a release ends before it */
		if (rc == SPOOL_BUSY)
			ship->group_ns = now > GROUP_NS ? now - GROUP_NS : 1;
		return false;
	}
	if (rc == SPOOL_TAKEN) {
		ship->admitted_ns = now;
		if (ship->group_ns == 0)
			ship->group_ns = now;
	}
	return true;
}

static void sync_group(struct ship *ship, uint64_t now)
{
	if (ship->failed_ns != 0 && now - ship->failed_ns < RETRY_NS)
		return;
	ship->failed_ns = 0;
	if (spool_sync(ship->spool, &ship->disk)) {
		ship->group_ns = 0;
		return;
	}
	log_line(LOG_LEVEL_ERROR, "%s; the events wait in memory", ship->disk.text);
	ship->failed_ns = now;
}

/* What the engine had to give up is refused here, and told with the rest.  A
 * kill between the record that tells it and the word tells it once more: a loss
 * is never passed over. */
static void hear_given_up(struct ship *ship)
{
	_Atomic uint64_t *words = ship->ring->control->words;
	bool settled = spool_state(ship->spool).settled;

	for (int i = 0; i < 2; i++) {
		uint64_t told = atomic_load(&words[SHIPPER_WORD_TOLD_P1 + i]);
		uint64_t lost = atomic_load(&words[SHIPPER_WORD_REFUSED_P1 + i]);

		if (settled && ship->given_up[i] > told)
			atomic_store(&words[SHIPPER_WORD_TOLD_P1 + i], ship->given_up[i]);
		if (ship->given_up[i] < told)
			ship->given_up[i] = told;
		if (lost > ship->given_up[i])
			spool_refuse(ship->spool, (enum event_class)(EVENT_P1 + i),
				(uint32_t)(lost - ship->given_up[i]));
		ship->given_up[i] = lost;
	}
}

static void tell(struct ship *ship, uint64_t now)
{
	hear_given_up(ship);
	const struct spool_state state = spool_state(ship->spool);
	bool early = spsc_fill(ship->ring) > ship->ring->size / 2 || ship->ended;

	if (state.untold == 0 || (now - ship->told_ns < TELL_NS && !(early && !state.settled)))
		return;
	enum spool_rc rc = spool_tell(ship->spool, clock_real_ns());
	if (rc == SPOOL_TAKEN)
		ship->told_ns = now;
	if (rc != SPOOL_FULL && ship->group_ns == 0)
		ship->group_ns = now;
}

static void tend(struct ship *ship, uint64_t now)
{
	if (now - ship->tended_ns < (ship->full ? TEND_FULL_NS : TEND_NS))
		return;
	ship->tended_ns = now;
	if (!spool_tend(ship->spool, clock_real_ns(), &ship->disk))
		log_line(LOG_LEVEL_ERROR, "%s; acknowledged events stay", ship->disk.text);
}

/* Ring to spool; false: err. */
static bool take(struct ship *ship, uint64_t now, struct err *err)
{
	ship->ended = atomic_load(&ship->ring->control->words[SHIPPER_WORD_ENDED]) != 0;
	for (int i = 0; i < RECORDS_PER_STEP && take_one(ship, now, err); i++)
		continue;
	tell(ship, now);
	if (ship->group_ns != 0 &&
		(now - ship->group_ns >= GROUP_NS || err->status != 0 || ship->ended))
		sync_group(ship, now);
	if (spool_state(ship->spool).settled)
		spsc_release(ship->ring);
	tend(ship, now);
	return err->status == 0;
}

static uint64_t waiting(const struct ship *ship)
{
	const struct spool_state state = spool_state(ship->spool);

	return state.next_seq - 1 - state.acked;
}

static bool is_drained(const struct ship *ship)
{
	return ship->ended && ship->empty && spool_state(ship->spool).settled &&
	       waiting(ship) == 0 && !deliver_is_behind(ship->deliver);
}

static bool is_stuck(const struct ship *ship, uint64_t now)
{
	uint64_t since = deliver_progress_ns(ship->deliver);

	if (ship->admitted_ns > since)
		since = ship->admitted_ns;
	return ship->conf->until_drained && (ship->full || ship->ended) && now > since &&
	       now - since >= STUCK_NS;
}

/* True: the end, err says why if it is not a good one. */
static bool is_over(struct ship *ship, bool stop, uint64_t now, struct err *err)
{
	if (stop && ship->stopped_ns == 0)
		ship->stopped_ns = now;
	if (is_drained(ship))
		return stop || ship->conf->until_drained;
	if (stop && now - ship->stopped_ns >= STOP_NS) {
		log_line(LOG_LEVEL_WARN, "%llu events wait in %s for the next start",
			(unsigned long long)waiting(ship), ship->conf->spool_dir);
		return true;
	}
	if (!is_stuck(ship, now))
		return false;
	if (!spool_state(ship->spool).settled && ship->disk.status != 0)
		*err = ship->disk;
	else
		err_set(err, EXIT_CANNOT,
			"%s: nothing acknowledged for 60 s; %llu events wait in %s and go with the "
			"next start",
			ship->conf->endpoint, (unsigned long long)waiting(ship),
			ship->conf->spool_dir);
	return true;
}

static void loop(struct ship *ship, const volatile int *stop, struct err *err)
{
	for (;;) {
		uint64_t now = ship->clock.now_ns(ship->clock.self);
		bool fine = take(ship, now, err);
		bool moved = deliver_step(ship->deliver, now);
		if (!fine || is_over(ship, *stop != 0, now, err))
			return;
		if (!moved && (ship->empty || ship->full || ship->failed_ns != 0))
			zmq_link_wait(&ship->zmq, IDLE_MS);
	}
}

int ship_run(const struct shipper_conf *conf, struct spsc *ring, const volatile int *stop,
	const struct ship_clock *clock, struct err *err)
{
	struct ship *ship = calloc(1, sizeof(*ship));

	if (ship == NULL) {
		err_set(err, EXIT_CANNOT, "no memory for the shipper");
		return err->status;
	}
	*ship = (struct ship){.conf = conf, .ring = ring, .dir = {.fd = -1}};
	ship->clock = clock != NULL ? *clock : (struct ship_clock){.now_ns = real_clock};
	if (prepare(ship, err)) {
		loop(ship, stop, err);
		(void)spool_tend(ship->spool, clock_real_ns(), &ship->disk);
	}
	deliver_free(ship->deliver);
	spool_close(ship->spool);
	zmq_link_close(&ship->zmq);
	spool_dir_close(&ship->dir);
	free(ship);
	return err->status;
}
