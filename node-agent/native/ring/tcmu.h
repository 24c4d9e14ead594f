/*
 * TCMU's shared memory, version 2 of the mailbox, as linux/target_core_user.h lays it out. Declared here because that
 * header brings a struct iovec that clashes with the C library's, and packs what is naturally aligned.
 */
#ifndef SCST_TCMU_H
#define SCST_TCMU_H

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define TCMU_MAILBOX_VERSION 2
#define TCMU_ENTRY_ALIGNMENT 8
#define TCMU_SENSE_BYTES 96

/* Bits of mailbox.flags. */
enum { TCMU_CAP_OUT_OF_ORDER = 1, TCMU_CAP_READ_LEN = 2 };
/* Operation: the low three bits of len_op. */
enum { TCMU_OP_PAD, TCMU_OP_CMD, TCMU_OP_TMR, TCMU_OP_MASK = 7 };
/* Bits of header.uflags. */
enum { TCMU_UFLAG_UNKNOWN_OP = 1, TCMU_UFLAG_READ_LEN = 2 };

struct tcmu_mailbox {
	uint16_t version;
	uint16_t flags;
	uint32_t cmdr_off;
	uint32_t cmdr_size;
	_Atomic uint32_t cmd_head;
	alignas(64) _Atomic uint32_t cmd_tail;
};

struct tcmu_header {
	uint32_t len_op;
	uint16_t cmd_id;
	uint8_t kflags;
	uint8_t uflags;
};

struct tcmu_command {
	struct tcmu_header header;
	union {
		struct {
			uint32_t iov_cnt;
			uint32_t iov_bidi_cnt;
			uint32_t iov_dif_cnt;
			uint64_t cdb_off;
			uint64_t reserved[2];
			/* Bases are offsets from the start of the mapping, as is cdb_off. */
			struct iovec iov[];
		} request;
		struct {
			uint8_t scsi_status;
			uint32_t read_len;
			uint8_t sense[TCMU_SENSE_BYTES];
		} response;
	};
};

struct tcmu_task_management {
	struct tcmu_header header;
	uint8_t type;
	uint32_t cmd_cnt;
	uint64_t reserved[2];
	uint16_t cmd_ids[];
};

static_assert(offsetof(struct tcmu_mailbox, cmd_head) == 12, "mailbox");
static_assert(offsetof(struct tcmu_mailbox, cmd_tail) == 64 && sizeof(struct tcmu_mailbox) == 128, "mailbox");
static_assert(offsetof(struct tcmu_command, request.cdb_off) == 24, "request");
static_assert(offsetof(struct tcmu_command, request.iov) == 48 && sizeof(struct iovec) == 16, "request");
static_assert(offsetof(struct tcmu_command, response.read_len) == 12, "response");
static_assert(offsetof(struct tcmu_command, response.sense) == 16 && sizeof(struct tcmu_command) == 112, "response");
static_assert(offsetof(struct tcmu_task_management, cmd_cnt) == 12, "task management");
static_assert(offsetof(struct tcmu_task_management, cmd_ids) == 32, "task management");

static inline uint32_t tcmu_length(uint32_t len_op)
{
	return len_op & ~(uint32_t)TCMU_OP_MASK;
}

static inline uint32_t tcmu_operation(uint32_t len_op)
{
	return len_op & TCMU_OP_MASK;
}

#endif
