#include "keeper/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

bool key_random(uint8_t key[static CARD_KEY_LEN], struct err *err)
{
	if (getrandom(key, CARD_KEY_LEN, 0) != CARD_KEY_LEN)
		return err_set(err, EXIT_CANNOT, "no random bytes: %s", strerror(errno));
	return true;
}

static bool key_make(const char *path, uint8_t key[static CARD_KEY_LEN], struct err *err)
{
	int fd;
	bool done;

	if (!key_random(key, err))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_set(err, EXIT_CANNOT, "%s: cannot make the card key: %s", path,
			strerror(errno));
	done = write(fd, key, CARD_KEY_LEN) == CARD_KEY_LEN && fsync(fd) == 0;
	if (close(fd) == -1 || !done) {
		unlink(path); /* half a key is none */
		return err_set(err, EXIT_CANNOT, "%s: cannot write the card key: %s", path,
			strerror(errno));
	}
	return true;
}

bool key_load(const char *path, uint8_t key[static CARD_KEY_LEN], struct err *err)
{
	struct stat state;
	uint8_t more;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1 && errno == ENOENT)
		return key_make(path, key, err);
	if (fd == -1)
		return err_set(err, EXIT_CANNOT, "%s: cannot read the card key: %s", path,
			strerror(errno));
	bool private =
		fstat(fd, &state) == 0 && S_ISREG(state.st_mode) && (state.st_mode & 077) == 0;
	bool whole = read(fd, key, CARD_KEY_LEN) == CARD_KEY_LEN && read(fd, &more, 1) == 0;
	close(fd);
	if (!private)
		return err_set(
			err, EXIT_USAGE, "%s: the card key is open to others; chmod 600 it", path);
	if (!whole)
		return err_set(err, EXIT_USAGE,
			"%s: a card key is exactly 32 bytes; restore it, or move it away to start "
			"with a new one (old tokens then match nothing)",
			path);
	return true;
}
