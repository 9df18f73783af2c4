#include "disk_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True: the call fails (errno is set).  *half: it was under way. */
static bool fails(struct model *model, bool *half)
{
	*half = false;
	errno = EIO;
	if (model->dead)
		return true;
	if (model->fault == MODEL_NONE || ++model->calls != model->fault_at)
		return false;
	if (model->fault == MODEL_SHORT) {
		*half = true;
		return false;
	}
	if (model->fault == MODEL_ENOSPC)
		errno = ENOSPC;
	if (model->fault == MODEL_KILL || model->fault == MODEL_POWER)
		model->dead = *half = true;
	return true;
}

static struct model_name *find(struct model_name *names, const char *name)
{
	for (int i = 0; i < MODEL_NAMES; i++)
		if (strcmp(names[i].text, name) == 0)
			return &names[i];
	return NULL;
}

static int model_io_open(void *self, const char *name, bool create)
{
	struct model *model = self;
	bool half;

	if (fails(model, &half))
		return -1;
	struct model_name *at = find(model->names, name);
	if (at == NULL && !create) {
		errno = ENOENT;
		return -1;
	}
	if (at != NULL && create) {
		errno = EEXIST;
		return -1;
	}
	if (at == NULL) {
		at = find(model->names, "");
		if (at == NULL || model->file_cnt == MODEL_FILES)
			abort();
		snprintf(at->text, sizeof(at->text), "%s", name);
		at->file = model->file_cnt++;
		model->files[at->file] = (struct model_file){
			.data = calloc(2, model->file_max),
		};
		model->files[at->file].synced = model->files[at->file].data + model->file_max;
	}
	model->open_cnt++;
	return at->file + 100;
}

static void model_io_close(void *self, int fd)
{
	(void)fd;
	((struct model *)self)->open_cnt--;
}

static struct model_file *file_of(struct model *model, int fd)
{
	return &model->files[fd - 100];
}

static int model_io_reserve(void *self, int fd, uint64_t len)
{
	struct model *model = self;
	struct model_file *file = file_of(model, fd);
	bool half;

	if (fails(model, &half))
		return -1;
	if (len <= file->len)
		return 0;
	if (model->space > 0 && model->reserved + len - file->len > model->space) {
		errno = ENOSPC;
		return -1;
	}
	model->reserved += len - file->len;
	file->len = len;
	return 0;
}

static ssize_t model_io_read(void *self, int fd, void *out, size_t len, uint64_t at)
{
	struct model *model = self;
	struct model_file *file = file_of(model, fd);
	bool half;

	if (fails(model, &half))
		return -1;
	if (at >= file->len)
		return 0;
	if (len > file->len - at)
		len = file->len - at;
	if (half && len > 1)
		len /= 2;
	memcpy(out, file->data + at, len);
	return (ssize_t)len;
}

static ssize_t model_io_write(void *self, int fd, const void *data, size_t len, uint64_t at)
{
	struct model *model = self;
	struct model_file *file = file_of(model, fd);
	bool half, failed = fails(model, &half);
	int reason = errno;

	if (half && len > 1)
		len /= 2;
	if (at + len > model->file_max)
		abort();
	if (!failed || half) {
		memcpy(file->data + at, data, len);
		if (file->len < at + len)
			file->len = at + len;
	}
	errno = reason;
	return failed ? -1 : (ssize_t)len;
}

static int model_io_sync(void *self, int fd)
{
	struct model *model = self;
	struct model_file *file = file_of(model, fd);
	bool half;

	if (fails(model, &half))
		return -1;
	memcpy(file->synced, file->data, model->file_max);
	file->synced_len = file->len;
	return 0;
}

static int model_io_sync_dir(void *self)
{
	struct model *model = self;
	bool half;

	if (fails(model, &half))
		return -1;
	memcpy(model->synced_names, model->names, sizeof(model->names));
	return 0;
}

static int model_io_rename(void *self, const char *from, const char *to)
{
	struct model *model = self;
	struct model_name *source = find(model->names, from);
	struct model_name *old = find(model->names, to);
	bool half;

	if (fails(model, &half) && !half)
		return -1;
	if (source == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (old != NULL)
		old->text[0] = '\0';
	snprintf(source->text, sizeof(source->text), "%s", to);
	errno = EIO;
	return half ? -1 : 0;
}

static int model_io_unlink(void *self, const char *name)
{
	struct model *model = self;
	struct model_name *at = find(model->names, name);
	bool half;

	if (fails(model, &half))
		return -1;
	if (at == NULL) {
		errno = ENOENT;
		return -1;
	}
	model->reserved -= model->files[at->file].len;
	at->text[0] = '\0';
	return 0;
}

static int model_io_list(void *self, void (*each)(void *to, const char *name), void *to)
{
	struct model *model = self;
	bool half;

	if (fails(model, &half))
		return -1;
	for (int i = 0; i < MODEL_NAMES; i++)
		if (model->names[i].text[0] != '\0')
			each(to, model->names[i].text);
	return 0;
}

void model_open(struct model *model, size_t file_max, struct spool_io *io)
{
	*model = (struct model){.file_max = file_max};
	*io = (struct spool_io){.self = model,
		.open = model_io_open,
		.close = model_io_close,
		.reserve = model_io_reserve,
		.read = model_io_read,
		.write = model_io_write,
		.sync = model_io_sync,
		.sync_dir = model_io_sync_dir,
		.rename = model_io_rename,
		.unlink = model_io_unlink,
		.list = model_io_list};
}

void model_close(struct model *model)
{
	for (int i = 0; i < model->file_cnt; i++)
		free(model->files[i].data);
	model->file_cnt = 0;
}

void model_restart(struct model *model)
{
	if (model->dead && model->fault == MODEL_POWER) {
		for (int i = 0; i < model->file_cnt; i++) {
			struct model_file *file = &model->files[i];
			memcpy(file->data, file->synced, model->file_max);
			file->len = file->synced_len;
		}
		memcpy(model->names, model->synced_names, sizeof(model->names));
	}
	model->dead = false;
	model->fault = MODEL_NONE;
}

struct model_file *model_file(struct model *model, const char *name)
{
	struct model_name *at = find(model->names, name);

	return at == NULL ? NULL : &model->files[at->file];
}

const char *model_name(struct model *model, const char *text, int i)
{
	for (int k = 0; k < MODEL_NAMES; k++)
		if (strncmp(model->names[k].text, text, strlen(text)) == 0 && i-- == 0)
			return model->names[k].text;
	return NULL;
}
