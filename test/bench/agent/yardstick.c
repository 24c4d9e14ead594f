/*
 * What the agent and the engine are measured by: the same work on the same kernel by a C program that does nothing else.
 *
 *   yardstick sessions COUNT BACKSTORE   a session with one LUN that leads to a backstore of LIO, until its sg device answers
 *   yardstick luns COUNT DIRECTORY       so many files of that directory as LUNs of one session, as engine: kernel makes them
 *   yardstick tree                       reads what the agent reads to know the state of LIO and of the SCSI devices
 *   yardstick rings                      takes over every ring that nobody serves, each with a thread, as an engine does
 *
 * Each prints milliseconds, `sessions` one line for each; `rings` goes on until it is killed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <scsi/sg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../read-line.h"

#define TARGET "/sys/kernel/config/target"
#define WWN "naa.5c57be0000000001"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fail(path);
	close(fd);
}

static void make(const char *path)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		fail(path);
}

static void make_session(void)
{
	make(TARGET "/loopback");
	make(TARGET "/loopback/" WWN);
	make(TARGET "/loopback/" WWN "/tpgt_0");
	put(TARGET "/loopback/" WWN "/tpgt_0/nexus", "naa.5c57be0000000002");
}

static void link_lun(int lun, const char *backstore)
{
	char directory[256], link[300];

	snprintf(directory, sizeof(directory), TARGET "/loopback/" WWN "/tpgt_0/lun/lun_%d", lun);
	make(directory);
	snprintf(link, sizeof(link), "%s/link", directory);
	if (symlink(backstore, link) != 0)
		fail(link);
}

/* Whether the generic device of LUN 0 answers TEST UNIT READY, the second time with GOOD. */
static bool answers(void)
{
	unsigned char cdb[6] = {0}, sense[32];
	struct sg_io_hdr command = {
		.interface_id = 'S', .cmd_len = sizeof(cdb), .cmdp = cdb, .mx_sb_len = sizeof(sense), .sbp = sense,
		.dxfer_direction = SG_DXFER_NONE, .timeout = 10000,
	};
	char path[300], address[64];
	struct dirent *entry;
	DIR *directory;
	int fd = -1;

	read_line(TARGET "/loopback/" WWN "/tpgt_0/address", address, sizeof(address));
	snprintf(path, sizeof(path), "/sys/class/scsi_device/%s:0/device/scsi_generic", address);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (strncmp(entry->d_name, "sg", 2) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK);
	}
	if (directory != NULL)
		closedir(directory);
	if (fd < 0)
		return false;
	for (int attempt = 0; attempt < 2; attempt++)
		if (ioctl(fd, SG_IO, &command) == 0 && command.status == 0)
			attempt = 2;
	close(fd);
	return command.status == 0;
}

static void sessions(int count, const char *backstore)
{
	for (int i = 0; i < count; i++) {
		double start = now();

		make_session();
		link_lun(0, backstore);
		while (!answers())
			usleep(1000);
		printf("%.1f\n", now() - start);
		unlink(TARGET "/loopback/" WWN "/tpgt_0/lun/lun_0/link");
		rmdir(TARGET "/loopback/" WWN "/tpgt_0/lun/lun_0");
		put(TARGET "/loopback/" WWN "/tpgt_0/nexus", "NULL");
		rmdir(TARGET "/loopback/" WWN "/tpgt_0");
		rmdir(TARGET "/loopback/" WWN);
	}
}

static void make_disk(int number, const char *directory)
{
	static const char *const attributes[][2] = {
		{"attrib/block_size", "512"},
		{"attrib/is_nonrot", "0"},
		{"attrib/emulate_tpu", "0"},
		{"attrib/emulate_tpws", "0"},
		{"attrib/optimal_sectors", "1024"},
		{"wwn/vendor_id", "SCST_FIO"},
		{"wwn/product_id", "disk"},
		{"wwn/revision", "3110"},
	};
	char base[256], path[400], value[400];

	snprintf(base, sizeof(base), TARGET "/core/fileio_7/disk%d", number);
	make(base);
	snprintf(path, sizeof(path), "%s/control", base);
	snprintf(value, sizeof(value), "fd_dev_name=%s/disk%d.img,fd_dev_size=1048576,fd_buffered_io=1", directory, number);
	put(path, value);
	snprintf(path, sizeof(path), "%s/udev_path", base);
	snprintf(value, sizeof(value), "%s/disk%d.img", directory, number);
	put(path, value);
	snprintf(path, sizeof(path), "%s/enable", base);
	put(path, "1");
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, attributes[i][0]);
		put(path, attributes[i][1]);
	}
	snprintf(path, sizeof(path), "%s/wwn/vpd_unit_serial", base);
	snprintf(value, sizeof(value), "%016x", number);
	put(path, value);
	link_lun(number, base);
}

static void luns(int count, const char *directory)
{
	double start = now();

	make(TARGET "/core/fileio_7");
	make_session();
	for (int i = 0; i < count; i++)
		make_disk(i, directory);
	printf("%.1f\n", now() - start);
}

/* The name of the only entry of a directory. */
static void read_entry(const char *path, char *name, size_t size)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	name[0] = '\0';
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			snprintf(name, size, "%s", entry->d_name);
	if (directory != NULL)
		closedir(directory);
}

/* The agent's look at a SCSI device that is a disk. */
static void look_at_device(const char *address, const char *lun)
{
	static const char *const files[] = {"type", "timeout", "queue_depth"};
	static const char *const drivers[] = {"block", "scsi_generic", "bsg"};
	static const char *const limits[] = {"size", "ro"};
	char path[500], names[3][256], text[256];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/class/scsi_device/%s:%s/device/%s", address, lun, files[i]);
		read_line(path, text, sizeof(text));
	}
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/class/scsi_device/%s:%s/device/%s", address, lun, drivers[i]);
		read_entry(path, names[i], sizeof(names[i]));
	}
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/class/block/%s/%s", names[0], limits[i]);
		read_line(path, text, sizeof(text));
	}
}

/* Of a directory, and of those in it. */
static void read_links(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char text[4096], below[600];

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		snprintf(below, sizeof(below), "%.300s/%.255s", path, entry->d_name);
		if (entry->d_type == DT_LNK && readlink(below, text, sizeof(text)) < 0)
			fail(below);
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			read_links(below);
	}
	if (directory != NULL)
		closedir(directory);
}

/* The agent's look at disks that LIO serves, at their LUNs, and at the links to them. */
static void tree(void)
{
	static const char *const files[] = {
		"enable", "info", "udev_path", "attrib/block_size", "attrib/is_nonrot", "attrib/emulate_tpu",
		"attrib/emulate_tpws", "attrib/optimal_sectors", "wwn/vendor_id", "wwn/product_id", "wwn/revision",
		"wwn/vpd_unit_serial",
	};
	DIR *hba = opendir(TARGET "/core/fileio_21332"), *wwns = opendir(TARGET "/loopback");
	double start = now();
	struct dirent *entry;
	char path[900], text[4096];

	while (hba != NULL && (entry = readdir(hba)) != NULL) {
		if (strncmp(entry->d_name, "scst-", 5) != 0)
			continue;
		for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
			snprintf(path, sizeof(path), TARGET "/core/fileio_21332/%s/%s", entry->d_name, files[i]);
			read_line(path, text, sizeof(text));
		}
	}
	while (wwns != NULL && (entry = readdir(wwns)) != NULL) {
		char base[400], address[64];
		struct dirent *lun;
		DIR *directory;

		if (strncmp(entry->d_name, "naa.", 4) != 0)
			continue;
		snprintf(base, sizeof(base), TARGET "/loopback/%s/tpgt_0", entry->d_name);
		snprintf(path, sizeof(path), "%s/address", base);
		read_line(path, address, sizeof(address));
		snprintf(path, sizeof(path), "%s/nexus", base);
		read_line(path, text, sizeof(text));
		snprintf(path, sizeof(path), "%s/lun", base);
		directory = opendir(path);
		while (directory != NULL && (lun = readdir(directory)) != NULL) {
			struct dirent *link;
			DIR *links;

			if (strncmp(lun->d_name, "lun_", 4) != 0)
				continue;
			look_at_device(address, lun->d_name + 4);
			snprintf(path, sizeof(path), "%s/lun/%s", base, lun->d_name);
			links = opendir(path);
			while (links != NULL && (link = readdir(links)) != NULL) {
				char target[1200];

				if (link->d_type != DT_LNK)
					continue;
				snprintf(target, sizeof(target), "%s/%s", path, link->d_name);
				if (readlink(target, text, sizeof(text)) < 0)
					fail(target);
			}
			closedir(links);
		}
		if (directory != NULL)
			closedir(directory);
	}
	read_links("/dev/scst");
	read_links("/dev/disk/by-id");
	printf("%.1f\n", now() - start);
}

static _Atomic int serving;

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;
	uint32_t events;

	serving++;
	while (read(fd, &events, sizeof(events)) > 0)
		;
	return NULL;
}

static void take_over(const char *hba, const char *backstore, const char *uio)
{
	char path[400], size[32];
	pthread_t thread;
	void *map;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/uio/%s/maps/map0/size", uio);
	read_line(path, size, sizeof(size));
	snprintf(path, sizeof(path), "/dev/%s", uio);
	fd = open(path, O_RDWR);
	if (fd < 0)
		fail(path);
	snprintf(path, sizeof(path), TARGET "/core/user_%s/%s/action/block_dev", hba, backstore);
	put(path, "1");
	snprintf(path, sizeof(path), TARGET "/core/user_%s/%s/action/reset_ring", hba, backstore);
	put(path, "1");
	map = mmap(NULL, strtoul(size, NULL, 0), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		fail("mmap");
	snprintf(path, sizeof(path), TARGET "/core/user_%s/%s/action/block_dev", hba, backstore);
	put(path, "0");
	if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
		fail("thread");
}

static void rings(void)
{
	DIR *devices = opendir("/sys/class/uio");
	double start = now();
	struct dirent *entry;
	int taken = 0;

	while (devices != NULL && (entry = readdir(devices)) != NULL) {
		char path[400], name[400], *hba, *backstore;

		snprintf(path, sizeof(path), "/sys/class/uio/%s/name", entry->d_name);
		read_line(path, name, sizeof(name));
		if (strncmp(name, "tcm-user/", 9) != 0)
			continue;
		hba = strtok(name + 9, "/");
		backstore = strtok(NULL, "/");
		take_over(hba, backstore, entry->d_name);
		taken++;
	}
	/* A ring whose thread has not run yet is not served. */
	while (serving < taken)
		sched_yield();
	printf("%.1f\n", now() - start);
	fflush(stdout);
	pause();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "sessions") == 0 && argc == 4)
		sessions(atoi(argv[2]), argv[3]);
	else if (strcmp(what, "luns") == 0 && argc == 4)
		luns(atoi(argv[2]), argv[3]);
	else if (strcmp(what, "tree") == 0)
		tree();
	else if (strcmp(what, "rings") == 0)
		rings();
	else
		return 2;
	return 0;
}
