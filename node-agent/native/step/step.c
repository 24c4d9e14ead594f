/*
 * scst-step RECORD write FILE VALUE | writeWithFile FILE VALUE | symlink TARGET LINK | unlink PATH | rmdir PATH
 *
 * One operation on configfs or sysfs that may block for ever, in a process of its own. RECORD is a file that exists from before the
 * operation begins until it has ended, well or not: {"pid":…,"startTime":…,"operation":{…}}; startTime is field 22 of
 * /proc/PID/stat, which tells this process from a later one of the same pid. A record that stays behind says that the
 * operation was cut short, or still hangs. An empty one is about to be written: the operation hasn't begun.
 *
 * "-" as RECORD: none is kept. writeWithFile keeps descriptor 3, for the kernel to open as /proc/self/fd/3; else only the
 * standard descriptors are kept.
 *
 * Exit code 0: done. 1: the operation failed, standard error says "ENOENT: No such file or directory". 2: wrong use.
 * 3: the record couldn't be made, nothing was begun (standard error as with 1).
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

enum { DONE, FAILED, WRONG_USE, NO_RECORD };

struct kind {
	const char *name;
	int argument_count;
	/* Keys of the arguments in the record. */
	const char *keys[2];
	int (*run)(char **arguments);
};

/* configfs takes a value in one write; what comes in a second one would be another value. */
static int run_write(char **arguments)
{
	size_t length = strlen(arguments[1]);
	int fd = open(arguments[0], O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return errno;
	written = write(fd, arguments[1], length);
	if (written < 0)
		return errno;
	if ((size_t)written != length)
		return EIO;
	return close(fd) < 0 ? errno : 0;
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
	{"writeWithFile", 2, {"file", "value"}, run_write},
	{"symlink", 2, {"target", "link"}, run_symlink},
	{"unlink", 1, {"path", NULL}, run_unlink},
	{"rmdir", 1, {"path", NULL}, run_rmdir},
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

static void say(int error)
{
	const char *name = strerrorname_np(error);

	fprintf(stderr, "%s: %s\n", name != NULL ? name : "EUNKNOWN", strerror(error));
}

static const struct kind *find_kind(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(argv[2], kinds[i].name) == 0 && argc == 3 + kinds[i].argument_count)
			return &kinds[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct kind *kind = find_kind(argc, argv);
	int error;
	bool recorded;

	if (kind == NULL) {
		fprintf(stderr, "usage: scst-step RECORD write FILE VALUE | writeWithFile FILE VALUE | symlink TARGET LINK | "
				"unlink PATH | rmdir PATH\n");
		return WRONG_USE;
	}
	/* A step that hangs must hold nothing of who started it, such as a lock. */
	syscall(SYS_close_range, strcmp(kind->name, "writeWithFile") == 0 ? 4 : 3, UINT_MAX, 0);
	recorded = strcmp(argv[1], "-") != 0;
	error = recorded ? make_record(argv[1], kind, argv + 3) : 0;
	if (error != 0) {
		say(error);
		return NO_RECORD;
	}
	error = kind->run(argv + 3);
	if (recorded && unlink(argv[1]) < 0 && error == 0)
		error = errno;
	if (error != 0)
		say(error);
	return error != 0 ? FAILED : DONE;
}
