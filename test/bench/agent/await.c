/* await FILE TEXT: ends when a file that is replaced now and then has the text; it doesn't poll, so that it takes no CPU from what is measured. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static bool has(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char *content = NULL;
	size_t size = 0;
	bool found;

	if (file == NULL)
		return false;
	found = getdelim(&content, &size, '\0', file) > 0 && strstr(content, text) != NULL;
	free(content);
	fclose(file);
	return found;
}

static void await(const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');
	int events = inotify_init1(IN_CLOEXEC);
	char directory[400];

	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	if (events < 0 || inotify_add_watch(events, directory, IN_MOVED_TO) < 0)
		fail(directory);
	while (!has(path, text)) {
		char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
		bool replaced = false;

		while (!replaced) {
			ssize_t length = read(events, buffer, sizeof(buffer));

			if (length <= 0)
				fail("inotify");
			for (char *at = buffer; at < buffer + length;) {
				struct inotify_event *event = (struct inotify_event *)at;

				replaced |= event->len > 0 && strcmp(event->name, slash + 1) == 0;
				at += sizeof(*event) + event->len;
			}
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 3 || strchr(argv[1], '/') == NULL)
		return 2;
	await(argv[1], argv[2]);
	return 0;
}
