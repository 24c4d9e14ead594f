/*
 * The yardstick: the least that a TCMU engine in user space can be. One thread, one ring, READ and WRITE straight between
 * the ring's data area and the file. It answers what a Linux host needs to use the disk, and nothing more.
 *
 *   minimal-engine NAME FILE BLOCK_SIZE [nothing]      NAME: the uio device's, such as tcm-user/1/bench
 *
 * With `nothing` it says GOOD to READ and WRITE at once: what is left is the kernel's share.
 */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../node-agent/native/ring/tcmu.h"
#include "../read-line.h"

#define MAX_IOV 1024

static uint8_t *map;
static int medium;
static uint64_t blocks;
static uint32_t block_size;
static bool moves_nothing;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Opens and maps the uio device of that name. */
static int open_ring(const char *name)
{
	DIR *devices = opendir("/sys/class/uio");
	struct dirent *device;
	char path[512], line[512];

	while (devices != NULL && (device = readdir(devices)) != NULL) {
		size_t size;
		int fd;

		snprintf(path, sizeof(path), "/sys/class/uio/%s/name", device->d_name);
		read_line(path, line, sizeof(line));
		if (strcmp(line, name) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/class/uio/%s/maps/map0/size", device->d_name);
		read_line(path, line, sizeof(line));
		size = strtoull(line, NULL, 0);
		snprintf(path, sizeof(path), "/dev/%s", device->d_name);
		fd = open(path, O_RDWR);
		if (fd < 0)
			fail(path);
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			fail("mmap");
		closedir(devices);
		return fd;
	}
	fprintf(stderr, "no uio device %s\n", name);
	exit(1);
}

static uint32_t be32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return be32toh(value);
}

static uint64_t be64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, 8);
	return be64toh(value);
}

static void put_be32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, 4);
}

static uint8_t answer(struct tcmu_command *command, const uint8_t *data, size_t length)
{
	const struct iovec *iov = command->request.iov;

	for (uint32_t i = 0; i < command->request.iov_cnt; i++) {
		size_t part = length < iov[i].iov_len ? length : iov[i].iov_len;
		uint8_t *into = map + (uintptr_t)iov[i].iov_base;

		memcpy(into, data, part);
		memset(into + part, 0, iov[i].iov_len - part);
		data += part;
		length -= part;
	}
	return 0;
}

static uint8_t refuse(struct tcmu_command *command)
{
	memset(command->response.sense, 0, sizeof(command->response.sense));
	command->response.sense[0] = 0x70;
	command->response.sense[2] = 0x05;
	command->response.sense[7] = 10;
	command->response.sense[12] = 0x20;
	return 2;
}

static uint8_t transfer(struct tcmu_command *command, bool write, uint64_t lba, uint32_t count)
{
	struct iovec iov[MAX_IOV];
	uint32_t iov_count = command->request.iov_cnt;
	size_t expected = (size_t)count * block_size;
	ssize_t done;

	if (lba > blocks || count > blocks - lba || iov_count > MAX_IOV)
		return refuse(command);
	for (uint32_t i = 0; i < iov_count; i++) {
		iov[i].iov_base = map + (uintptr_t)command->request.iov[i].iov_base;
		iov[i].iov_len = command->request.iov[i].iov_len;
	}
	if (moves_nothing)
		return 0;
	done = write ? pwritev(medium, iov, (int)iov_count, (off_t)(lba * block_size))
		     : preadv(medium, iov, (int)iov_count, (off_t)(lba * block_size));
	return done == (ssize_t)expected ? 0 : refuse(command);
}

static uint8_t inquiry(struct tcmu_command *command, const uint8_t *cdb)
{
	uint8_t data[96] = {0, 0, 6, 2, 31, 0, 0, 2};

	if (!(cdb[1] & 1)) {
		memcpy(data + 8, "BENCH   minimal engine  1   ", 28);
		return answer(command, data, 36);
	}
	memset(data, 0, sizeof(data));
	data[1] = cdb[2];
	switch (cdb[2]) {
	case 0x00:
		data[3] = 2;
		data[5] = 0xb0;
		return answer(command, data, 6);
	case 0xb0:
		data[3] = 60;
		put_be32(data + 8, 1048576 / block_size);
		return answer(command, data, 64);
	default:
		return refuse(command);
	}
}

static uint8_t execute(struct tcmu_command *command)
{
	/* Out of the slot: the response overlays it. */
	const uint8_t *cdb = map + command->request.cdb_off;
	uint8_t capacity[32] = {0};

	switch (cdb[0]) {
	case 0x00:
		return 0;
	case 0x12:
		return inquiry(command, cdb);
	case 0x25:
		put_be32(capacity, (uint32_t)(blocks - 1));
		put_be32(capacity + 4, block_size);
		return answer(command, capacity, 8);
	case 0x28:
		return transfer(command, false, be32(cdb + 2), (uint32_t)cdb[7] << 8 | cdb[8]);
	case 0x2a:
		return transfer(command, true, be32(cdb + 2), (uint32_t)cdb[7] << 8 | cdb[8]);
	case 0x88:
		return transfer(command, false, be64(cdb + 2), be32(cdb + 10));
	case 0x8a:
		return transfer(command, true, be64(cdb + 2), be32(cdb + 10));
	case 0x35:
	case 0x91:
		return fdatasync(medium) == 0 ? 0 : refuse(command);
	default:
		return refuse(command);
	}
}

int main(int argc, char **argv)
{
	struct tcmu_mailbox *mailbox;
	struct stat status;
	uint32_t anything = 0;
	int uio;

	if (argc != 4 && !(argc == 5 && strcmp(argv[4], "nothing") == 0)) {
		fprintf(stderr, "usage: %s UIO-NAME FILE BLOCK-SIZE [nothing]\n", argv[0]);
		return 2;
	}
	block_size = (uint32_t)atoi(argv[3]);
	moves_nothing = argc == 5;
	medium = open(argv[2], O_RDWR);
	if (medium < 0 || fstat(medium, &status) != 0)
		fail(argv[2]);
	blocks = (uint64_t)status.st_size / block_size;
	uio = open_ring(argv[1]);
	mailbox = (struct tcmu_mailbox *)map;
	puts("attached");
	fflush(stdout);
	for (;;) {
		uint32_t head = atomic_load_explicit(&mailbox->cmd_head, memory_order_acquire);
		uint32_t tail = atomic_load_explicit(&mailbox->cmd_tail, memory_order_relaxed);
		bool completed = tail != head;

		while (tail != head) {
			struct tcmu_command *command =
				(struct tcmu_command *)(map + mailbox->cmdr_off + tail);
			uint32_t operation = tcmu_operation(command->header.len_op);

			if (operation == TCMU_OP_CMD) {
				uint8_t scsi_status = execute(command);

				command->header.uflags = 0;
				command->response.scsi_status = scsi_status;
			} else if (operation != TCMU_OP_PAD) {
				command->header.uflags = TCMU_UFLAG_UNKNOWN_OP;
			}
			tail = (tail + tcmu_length(command->header.len_op)) % mailbox->cmdr_size;
			atomic_store_explicit(&mailbox->cmd_tail, tail, memory_order_release);
			if (tail == head)
				head = atomic_load_explicit(&mailbox->cmd_head, memory_order_acquire);
		}
		if (completed && write(uio, &anything, sizeof(anything)) < 0)
			fail("kick");
		/* Blocks until the kernel has something. */
		if (read(uio, &anything, sizeof(anything)) < 0 && errno != EINTR)
			return errno == EIO ? 0 : 1;
	}
}
