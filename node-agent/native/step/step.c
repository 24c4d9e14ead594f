/*
 * scst-step: carries out operations on configfs or sysfs that may block for ever, in a process that may be left to itself. Standard
 * input holds the operations, one after the other, each a sequence of texts that end with a NUL:
 *
 *   RECORD write FILE VALUE | RECORD writeWithFile FILE VALUE DESCRIPTOR | RECORD symlink TARGET LINK |
 *   RECORD unlink PATH | RECORD rmdir PATH
 *
 * and standard output has a line for each that has ended:
 *
 *   done | failed ENOENT: No such file or directory | unrecorded EEXIST: File exists
 *
 * RECORD is a file that exists from before the operation begins until it has ended, well or not:
 * {"pid":…,"startTime":…,"operation":{…}}; startTime is field 22 of /proc/PID/stat, which tells this process from a later one of
 * the same pid. A record that stays behind says that the operation was cut short, or still hangs. An empty one is about to be
 * written: the operation hasn't begun. Where the record can't be made (unrecorded), nothing is begun. "-" as RECORD: none is kept.
 *
 * DESCRIPTOR is one of the parent process: the same file is descriptor 3 here meanwhile, for the kernel to open as
 * /proc/self/fd/3.
 *
 * Exit code 0: the input has ended. 2: wrong use.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../write-once.h"

enum { DONE, WRONG_USE = 2 };
enum { FILE_DESCRIPTOR = 3, MOST_ARGUMENTS = 3 };

struct kind {
	const char *name;
	int argument_count;
	/* Keys of the arguments in the record. */
	const char *keys[MOST_ARGUMENTS];
	int (*run)(char **arguments);
};

static int run_write(char **arguments)
{
	return write_once(arguments[0], arguments[1]);
}

/* A path only: the kernel opens the file itself. The parent is the one that said the number as long as it is the parent. */
static int take_descriptor(const char *number)
{
	char path[64];
	pid_t parent = getppid();
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", parent, number);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (getppid() != parent) {
		close(fd);
		return EOWNERDEAD;
	}
	if (fd == FILE_DESCRIPTOR)
		return 0;
	if (dup3(fd, FILE_DESCRIPTOR, O_CLOEXEC) < 0)
		return errno;
	close(fd);
	return 0;
}

static int run_write_with_file(char **arguments)
{
	int error = take_descriptor(arguments[2]);

	if (error == 0)
		error = run_write(arguments);
	close(FILE_DESCRIPTOR);
	return error;
}

static int run_symlink(char **arguments)
{
	return symlink(arguments[0], arguments[1]) < 0 ? errno : 0;
}

static int run_unlink(char **arguments)
{
	return unlink(arguments[0]) < 0 ? errno : 0;
}

static int run_rmdir(char **arguments)
{
	return rmdir(arguments[0]) < 0 ? errno : 0;
}

static const struct kind kinds[] = {
	{"write", 2, {"file", "value"}, run_write},
	{"writeWithFile", 3, {"file", "value", "descriptor"}, run_write_with_file},
	{"symlink", 2, {"target", "link"}, run_symlink},
	{"unlink", 1, {"path"}, run_unlink},
	{"rmdir", 1, {"path"}, run_rmdir},
};

static void put_json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20)
			fprintf(out, "\\u%04x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

/* Field 22 of /proc/self/stat. Field 2 is a name in parentheses that may contain anything. */
static unsigned long long start_time(void)
{
	char line[1024], *field;
	FILE *stat = fopen("/proc/self/stat", "re");
	size_t length = stat != NULL ? fread(line, 1, sizeof(line) - 1, stat) : 0;

	if (stat != NULL)
		fclose(stat);
	line[length] = '\0';
	field = strrchr(line, ')');
	for (int number = 2; field != NULL && number < 22; number++)
		field = strchr(field + 1, ' ');
	return field != NULL ? strtoull(field, NULL, 10) : 0;
}

static char *record_text(const struct kind *kind, char **arguments)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		return NULL;
	fprintf(out, "{\"pid\":%d,\"startTime\":%llu,\"operation\":{\"kind\":\"%s\"", getpid(), start_time(), kind->name);
	for (int i = 0; i < kind->argument_count; i++) {
		fprintf(out, ",\"%s\":", kind->keys[i]);
		put_json_string(out, arguments[i]);
	}
	fputs("}}\n", out);
	return fclose(out) == 0 ? text : NULL;
}

static int make_record(const char *path, const struct kind *kind, char **arguments)
{
	char *text = record_text(kind, arguments);
	int fd, error = 0;

	if (text == NULL)
		return ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		error = errno;
	} else if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		error = errno != 0 ? errno : ENOSPC;
		unlink(path);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return error;
}

static void say(const char *outcome, int error)
{
	const char *name = strerrorname_np(error);

	printf("%s %s: %s\n", outcome, name != NULL ? name : "EUNKNOWN", strerror(error));
}

/* The next text of the input, to be freed; NULL at its end, also where that cuts a text short: the parent was killed. */
static char *next_text(void)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t length = getdelim(&text, &size, '\0', stdin);

	if (length > 0 && text[length - 1] == '\0')
		return text;
	free(text);
	return NULL;
}

static const struct kind *next_kind(void)
{
	char *name = next_text();
	const struct kind *found = NULL;

	for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(name, kinds[i].name) == 0)
			found = &kinds[i];
	free(name);
	return found;
}

static void carry_out(const char *record, const struct kind *kind, char **arguments)
{
	bool recorded = strcmp(record, "-") != 0;
	int error = recorded ? make_record(record, kind, arguments) : 0;

	if (error != 0) {
		say("unrecorded", error);
		return;
	}
	error = kind->run(arguments);
	if (recorded && unlink(record) < 0 && error == 0)
		error = errno;
	if (error != 0)
		say("failed", error);
	else
		puts("done");
}

int main(void)
{
	char *record;

	/* A step that hangs must hold nothing of who started it, such as a lock. */
	syscall(SYS_close_range, FILE_DESCRIPTOR, UINT_MAX, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((record = next_text()) != NULL) {
		const struct kind *kind = next_kind();
		char *arguments[MOST_ARGUMENTS] = {NULL};
		bool whole = kind != NULL;

		for (int i = 0; whole && i < kind->argument_count; i++)
			whole = (arguments[i] = next_text()) != NULL;
		if (whole)
			carry_out(record, kind, arguments);
		free(record);
		for (int i = 0; i < MOST_ARGUMENTS; i++)
			free(arguments[i]);
		if (!whole) {
			fputs("scst-step: no operation that it knows; it takes them from standard input, from the agent\n", stderr);
			return WRONG_USE;
		}
	}
	return DONE;
}
