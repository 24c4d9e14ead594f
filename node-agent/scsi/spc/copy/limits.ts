// What one EXTENDED COPY may ask for; told by RECEIVE COPY RESULTS and VPD page 8F.

export const MAXIMUM_CSCDS = 16;
export const MAXIMUM_SEGMENTS = 64;
/** Bytes of both lists of descriptors. */
export const MAXIMUM_LIST_LENGTH = MAXIMUM_CSCDS * 32 + MAXIMUM_SEGMENTS * 28;
/** Bytes: all that a segment descriptor's 16 bits can name in blocks of 4096 bytes. */
export const MAXIMUM_SEGMENT_LENGTH = 0xffff * 4096;
/** Of one I_T nexus; the list identifiers tell them apart. */
export const CONCURRENT_COPIES = 16;

/** Operation code. */
export const EXTENDED_COPY = 0x83;

/** Descriptor type codes (SPC-4 6.4.5, 6.4.6). */
export const BLOCK_TO_BLOCK = 0x02;
export const IDENTIFICATION = 0xe4;
