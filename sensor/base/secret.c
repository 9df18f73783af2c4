#include "base/secret.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/scratch.h"

#define HEAD 64 /* before what the caller gets: the size; keeps it aligned for SIMD */

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	/* Better nothing than something that a core shows. */
	if (-1 == madvise(memory, size, MADV_DONTDUMP)) {
		munmap(memory, size);
		return NULL;
	}
	return memory;
}

void *secret_new(size_t size)
{
	uint8_t *memory = size <= SIZE_MAX - HEAD ? map(size + HEAD) : NULL;

	if (memory == NULL)
		return NULL;
	size += HEAD;
	memcpy(memory, &size, sizeof(size));
	return memory + HEAD;
}

void secret_free(void *memory)
{
	size_t size;

	if (memory == NULL)
		return;
	uint8_t *whole = (uint8_t *)memory - HEAD;
	memcpy(&size, whole, sizeof(size));
	munmap(whole, size);
}

bool secret_stack(struct err *err)
{
	pthread_attr_t attr;
	void *low;
	size_t size;
	int failed = pthread_getattr_np(pthread_self(), &attr);

	if (failed == 0) {
		failed = pthread_attr_getstack(&attr, &low, &size);
		pthread_attr_destroy(&attr);
	}
	/* Pages it has not grown to are no error (ENOMEM): they come with its marks. */
	if (failed == 0 && -1 == madvise(low, size, MADV_DONTDUMP) && errno != ENOMEM)
		failed = errno;
	return failed == 0 ||
	       err_set(err, EXIT_CANNOT, "the stack cannot be kept out of core dumps: %s",
		       strerror(failed));
}

__attribute__((noinline)) void secret_stack_wipe(void)
{
	SCRATCH uint8_t area[SECRET_WIPED];

	explicit_bzero(area, sizeof(area));
}

static int start(struct secret_thread *thread, void *(*run)(void *), void *self)
{
	pthread_attr_t attr;
	int failed = pthread_attr_init(&attr);

	if (failed != 0)
		return failed;
	failed = pthread_attr_setstack(&attr, (uint8_t *)thread->stack + page(), SECRET_STACK);
	if (failed == 0)
		failed = pthread_create(&thread->id, &attr, run, self);
	pthread_attr_destroy(&attr);
	return failed;
}

bool secret_thread_start(
	struct secret_thread *thread, void *(*run)(void *), void *self, struct err *err)
{
	thread->stack = map(page() + SECRET_STACK);
	if (thread->stack == NULL)
		return err_set(err, EXIT_CANNOT, "no memory for the stack of a thread");
	int failed =
		-1 == mprotect(thread->stack, page(), PROT_NONE) ? errno : start(thread, run, self);
	if (failed == 0)
		return true;
	munmap(thread->stack, page() + SECRET_STACK);
	thread->stack = NULL;
	return err_set(err, EXIT_CANNOT, "cannot start a thread: %s; raise the limit of tasks",
		strerror(failed));
}

void secret_thread_join(struct secret_thread *thread)
{
	if (thread->stack == NULL)
		return;
	pthread_join(thread->id, NULL);
	munmap(thread->stack, page() + SECRET_STACK);
	thread->stack = NULL;
}
