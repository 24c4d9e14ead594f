/*
 * sg-replay DEVICE INPUT OUTPUT: sends the commands of a file through SG_IO, one after the other, and writes what came of each.
 * Input: cdb length (1 byte), direction (1: 0 none, 1 out, 2 in), bytes of data (4), the CDB, the data where it goes out.
 * Output: SCSI status (1), host status (2), sense length (1), sense, bytes of Data-In (4), Data-In. Little-endian.
 */
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { TIMEOUT_MILLISECONDS = 30000, SENSE_BYTES = 96, FILL = 0xee, ALIGNMENT = 4096 };

static void put(FILE *output, const void *data, size_t length)
{
	if (fwrite(data, 1, length, output) != length) {
		perror("output");
		exit(1);
	}
}

static void get(FILE *input, void *data, size_t length)
{
	if (fread(data, 1, length, input) != length) {
		fprintf(stderr, "the input ends within a command\n");
		exit(1);
	}
}

static void replay(int device, FILE *output, uint8_t *cdb, uint8_t cdb_length, uint8_t direction, uint8_t *data,
		   uint32_t length)
{
	static const int directions[] = {SG_DXFER_NONE, SG_DXFER_TO_DEV, SG_DXFER_FROM_DEV};
	uint8_t sense[SENSE_BYTES] = {0};
	sg_io_hdr_t header = {
		.interface_id = 'S',
		.dxfer_direction = length == 0 ? SG_DXFER_NONE : directions[direction],
		.cmd_len = cdb_length,
		.mx_sb_len = SENSE_BYTES,
		.dxfer_len = length,
		.dxferp = data,
		.cmdp = cdb,
		.sbp = sense,
		.timeout = TIMEOUT_MILLISECONDS,
	};
	uint32_t in = direction == 2 ? length : 0;

	if (ioctl(device, SG_IO, &header) < 0) {
		perror("SG_IO");
		exit(1);
	}
	put(output, &header.status, 1);
	put(output, &header.host_status, 2);
	put(output, &header.sb_len_wr, 1);
	put(output, sense, header.sb_len_wr);
	put(output, &in, 4);
	put(output, data, in);
}

int main(int argc, char **argv)
{
	FILE *input = argc == 4 ? fopen(argv[2], "rb") : NULL;
	FILE *output = input != NULL ? fopen(argv[3], "wb") : NULL;
	int device = output != NULL ? open(argv[1], O_RDWR | O_NONBLOCK) : -1;
	uint8_t head[2], cdb[256];
	uint32_t length;

	if (device < 0) {
		fprintf(stderr, "usage: sg-replay DEVICE INPUT OUTPUT\n");
		return 2;
	}
	while (fread(head, 1, sizeof(head), input) == sizeof(head)) {
		uint8_t *data;

		get(input, &length, sizeof(length));
		get(input, cdb, head[0]);
		/* Aligned: the kernel then uses these very pages, and nothing of others comes in between. */
		data = aligned_alloc(ALIGNMENT, (length / ALIGNMENT + 1) * ALIGNMENT);
		if (data == NULL)
			return 1;
		memset(data, FILL, length);
		if (head[1] == 1)
			get(input, data, length);
		replay(device, output, cdb, head[0], head[1], data, length);
		free(data);
	}
	return fclose(output) == 0 ? 0 : 1;
}
