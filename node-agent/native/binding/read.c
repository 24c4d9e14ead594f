/* Many small files and directories, read in one go off the JavaScript thread. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"

/* A file of configfs or sysfs is at most a page; only others go on beyond it. */
enum { TEXT_SIZE = 4096 };
enum { IS_DIRECTORY = 'd', IS_OTHER = '-' };

/* A path, and what was found there: a file's text, or names and targets of a directory's entries. */
struct node {
	char *path;
	char *found;
	size_t length;
};

struct read_work {
	struct work work;
	/* First the files, then the directories. */
	struct node *nodes;
	uint32_t file_count, node_count;
	int error;
	char failed[PATH_MAX];
};

/* ENOENT: removed since it was listed, or not in this kernel. ENODEV: on its way out, or tcm_loop has no nexus. ENXIO: likewise. */
static bool is_absent(int error)
{
	return error == ENOENT || error == ENODEV || error == ENXIO;
}

/* Most have a few bytes, and thousands are kept until the last is read. */
static int append(struct node *node, const char *text, size_t length)
{
	char *found = realloc(node->found, node->length + length + 1);

	if (found == NULL)
		return ENOMEM;
	memcpy(found + node->length, text, length);
	node->found = found;
	node->length += length;
	return 0;
}

/* A read that comes short is the last one: a second look at thousands of files would cost as much as the first. */
static int read_all(int fd, struct node *node)
{
	char text[TEXT_SIZE];
	ssize_t length;
	int error;

	do {
		length = read(fd, text, sizeof(text));
		if (length < 0)
			return errno;
		error = append(node, text, (size_t)length);
	} while (error == 0 && length == sizeof(text));
	return error;
}

static int read_file(struct node *node)
{
	int fd = open(node->path, O_RDONLY | O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	error = read_all(fd, node);
	close(fd);
	return error;
}

/* For each entry: a letter for what it is, name NUL target NUL; the target is empty but for a symbolic link. */
static int list_entries(DIR *directory, FILE *out)
{
	struct dirent *entry;

	while ((errno = 0, entry = readdir(directory)) != NULL) {
		char target[PATH_MAX];
		ssize_t length = 0;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_LNK)
			length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
		if (length < 0 && !is_absent(errno))
			return errno;
		if (length < 0)
			continue;
		fputc(entry->d_type == DT_DIR ? IS_DIRECTORY : IS_OTHER, out);
		fwrite(entry->d_name, 1, strlen(entry->d_name) + 1, out);
		fwrite(target, 1, (size_t)length, out);
		fputc('\0', out);
	}
	return errno;
}

static int read_directory(struct node *node)
{
	DIR *directory = opendir(node->path);
	FILE *out;
	int error;

	if (directory == NULL)
		return errno;
	out = open_memstream(&node->found, &node->length);
	error = out == NULL ? ENOMEM : list_entries(directory, out);
	if (out != NULL && fclose(out) != 0 && error == 0)
		error = ENOMEM;
	closedir(directory);
	return error;
}

static void execute(napi_env env, void *data)
{
	struct read_work *work = data;

	(void)env;
	for (uint32_t i = 0; i < work->node_count && work->error == 0; i++) {
		struct node *node = &work->nodes[i];
		int error = i < work->file_count ? read_file(node) : read_directory(node);

		if (error != 0 && is_absent(error)) {
			free(node->found);
			node->found = NULL;
		} else if (error != 0) {
			work->error = error;
			snprintf(work->failed, sizeof(work->failed), "%s", node->path);
		}
	}
}

static napi_value text_of(napi_env env, const struct node *node)
{
	napi_value value;

	if (node->found == NULL || napi_create_string_utf8(env, node->found, node->length, &value) != napi_ok)
		napi_get_null(env, &value);
	return value;
}

static napi_value entries_of(napi_env env, const struct node *node)
{
	const char *at = node->found, *end = node->found + node->length;
	napi_value entries, entry, text, directory;

	if (node->found == NULL) {
		napi_get_null(env, &entries);
		return entries;
	}
	napi_create_array(env, &entries);
	for (uint32_t i = 0; at < end; i++) {
		napi_create_object(env, &entry);
		napi_get_boolean(env, *at++ == IS_DIRECTORY, &directory);
		set_named(env, entry, "directory", directory);
		napi_create_string_utf8(env, at, NAPI_AUTO_LENGTH, &text);
		set_named(env, entry, "name", text);
		at += strlen(at) + 1;
		if (*at != '\0') {
			napi_create_string_utf8(env, at, NAPI_AUTO_LENGTH, &text);
			set_named(env, entry, "target", text);
		}
		at += strlen(at) + 1;
		napi_set_element(env, entries, i, entry);
	}
	return entries;
}

static void free_nodes(struct node *nodes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		free(nodes[i].path);
		free(nodes[i].found);
	}
	free(nodes);
}

static void complete(napi_env env, napi_status status, void *data)
{
	struct read_work *work = data;
	napi_value result, files, directories;
	char what[256];

	snprintf(what, sizeof(what), "read '%.200s'", work->failed);
	napi_create_object(env, &result);
	napi_create_array(env, &files);
	napi_create_array(env, &directories);
	for (uint32_t i = 0; i < work->node_count; i++) {
		if (i < work->file_count)
			napi_set_element(env, files, i, text_of(env, &work->nodes[i]));
		else
			napi_set_element(env, directories, i - work->file_count, entries_of(env, &work->nodes[i]));
	}
	set_named(env, result, "files", files);
	set_named(env, result, "directories", directories);
	free_nodes(work->nodes, work->node_count);
	work_end(env, &work->work, status, work->error, what, result);
}

/* Appends the paths of an array. False: an exception is pending. */
static bool take_paths(napi_env env, struct read_work *work, napi_value array, const char *name)
{
	uint32_t count;

	if (napi_get_array_length(env, array, &count) != napi_ok) {
		throw_type(env, name, "an array");
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		char **path = &work->nodes[work->node_count].path;
		napi_value element;

		napi_get_element(env, array, i, &element);
		*path = copy_text(env, element, name, PATH_MAX);
		if (*path == NULL)
			return false;
		work->node_count++;
	}
	return true;
}

static bool take_arguments(napi_env env, struct read_work *work, napi_value *arguments)
{
	uint32_t files, directories;

	if (napi_get_array_length(env, arguments[0], &files) != napi_ok ||
	    napi_get_array_length(env, arguments[1], &directories) != napi_ok) {
		throw_type(env, "files and directories", "arrays");
		return false;
	}
	work->nodes = calloc((size_t)files + directories + 1, sizeof(*work->nodes));
	if (work->nodes == NULL) {
		throw_errno(env, ENOMEM, "read");
		return false;
	}
	work->file_count = files;
	return take_paths(env, work, arguments[0], "files") && take_paths(env, work, arguments[1], "directories");
}

napi_value read_nodes(napi_env env, napi_callback_info info)
{
	struct read_work *work = calloc(1, sizeof(*work));
	napi_value arguments[2], promise;
	struct node *nodes;
	uint32_t node_count;
	size_t count = 2;

	if (work == NULL)
		return throw_errno(env, ENOMEM, "read");
	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!take_arguments(env, work, arguments)) {
		free_nodes(work->nodes, work->node_count);
		free(work);
		return NULL;
	}
	nodes = work->nodes;
	node_count = work->node_count;
	promise = work_start(env, &work->work, "scst read", execute, complete);
	if (promise == NULL)
		free_nodes(nodes, node_count);
	return promise;
}
