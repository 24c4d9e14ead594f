/* Decodes the CDBs that the fast path knows. */

#include "internal.h"

enum {
	TEST_UNIT_READY = 0x00,
	READ_6 = 0x08,
	WRITE_6 = 0x0a,
	READ_10 = 0x28,
	WRITE_10 = 0x2a,
	SYNCHRONIZE_CACHE_10 = 0x35,
	VARIABLE_LENGTH = 0x7f,
	READ_16 = 0x88,
	WRITE_16 = 0x8a,
	SYNCHRONIZE_CACHE_16 = 0x91,
	READ_12 = 0xa8,
	WRITE_12 = 0xaa,
};

static uint32_t be16_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t be32_at(const uint8_t *at)
{
	return be16_at(at) << 16 | be16_at(at + 2);
}

static uint64_t be64_at(const uint8_t *at)
{
	return (uint64_t)be32_at(at) << 32 | be32_at(at + 4);
}

/*
 * The ring doesn't say how long a CDB is: the opcode's group does (SPC). Groups 3, 6 and 7 are reserved or vendor
 * specific, so all that may belong to the CDB is handed on. At most `available`.
 */
size_t cdb_length(const uint8_t *cdb, size_t available)
{
	static const uint8_t of_group[8] = {6, 10, 10, 16, 16, 12, 16, 16};
	size_t length;

	if (available == 0)
		return 0;
	length = of_group[cdb[0] >> 5];
	if (cdb[0] == VARIABLE_LENGTH && available > 7)
		length = 8 + (size_t)cdb[7];
	return length < available ? length : available;
}

/* RDPROTECT or WRPROTECT 0 (byte 1, bits 7 to 5): the medium has no protection information. */
static void decode_transfer(struct decoded *decoded, enum command_class class, const uint8_t *cdb, uint64_t lba,
			    uint32_t blocks)
{
	if (cdb[1] & 0xe0)
		return;
	decoded->class = class;
	decoded->fua = cdb[1] & 0x08;
	decoded->lba = lba;
	decoded->blocks = blocks;
}

static void decode_flush(struct decoded *decoded, uint64_t lba, uint32_t blocks)
{
	decoded->class = CLASS_SYNCHRONIZE_CACHE;
	decoded->lba = lba;
	decoded->blocks = blocks;
}

/* CLASS_OTHER for everything that the fast path leaves alone. */
struct decoded cdb_decode(const uint8_t *cdb, size_t length)
{
	struct decoded decoded = {.class = CLASS_OTHER};

	/* NACA (SAM, CONTROL byte bit 2) asks for ACA, which needs an answer in sense data. */
	if (length == 0 || length != cdb_length(cdb, 16) || (cdb[length - 1] & 0x04))
		return decoded;
	switch (cdb[0]) {
	case TEST_UNIT_READY:
		decoded.class = CLASS_TEST_UNIT_READY;
		break;
	case READ_6:
	case WRITE_6:
		/* Byte 1's upper bits belong to no field of the 6-byte forms; 0 blocks means 256 (SBC). */
		decoded.class = cdb[0] == READ_6 ? CLASS_READ : CLASS_WRITE;
		decoded.lba = (uint64_t)(cdb[1] & 0x1f) << 16 | be16_at(cdb + 2);
		decoded.blocks = cdb[4] == 0 ? 256 : cdb[4];
		break;
	case READ_10:
	case WRITE_10:
		decode_transfer(&decoded, cdb[0] == READ_10 ? CLASS_READ : CLASS_WRITE, cdb, be32_at(cdb + 2),
				be16_at(cdb + 7));
		break;
	case READ_12:
	case WRITE_12:
		decode_transfer(&decoded, cdb[0] == READ_12 ? CLASS_READ : CLASS_WRITE, cdb, be32_at(cdb + 2),
				be32_at(cdb + 6));
		break;
	case READ_16:
	case WRITE_16:
		decode_transfer(&decoded, cdb[0] == READ_16 ? CLASS_READ : CLASS_WRITE, cdb, be64_at(cdb + 2),
				be32_at(cdb + 10));
		break;
	case SYNCHRONIZE_CACHE_10:
		decode_flush(&decoded, be32_at(cdb + 2), be16_at(cdb + 7));
		break;
	case SYNCHRONIZE_CACHE_16:
		decode_flush(&decoded, be64_at(cdb + 2), be32_at(cdb + 10));
		break;
	}
	return decoded;
}
