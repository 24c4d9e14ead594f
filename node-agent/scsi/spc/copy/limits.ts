// What one EXTENDED COPY may ask for; told by RECEIVE COPY RESULTS and VPD page 8F.

export const MAXIMUM_CSCDS = 16;
export const MAXIMUM_SEGMENTS = 64;
/** Bytes of both lists of descriptors. */
export const MAXIMUM_LIST_LENGTH = MAXIMUM_CSCDS * 32 + MAXIMUM_SEGMENTS * 28;
/** Bytes: all that a segment descriptor's 16 bits can name in blocks of 4096 bytes. */
export const MAXIMUM_SEGMENT_LENGTH = 0xffff * 4096;
/** Of one I_T nexus; the list identifiers tell them apart. */
export const CONCURRENT_COPIES = 16;

/** Operation codes. */
export const EXTENDED_COPY = 0x83;
export const RECEIVE_COPY_RESULTS = 0x84;

/** Service actions of EXTENDED COPY, by the length of their list identifiers. */
export const LID1 = 0x00;
export const LID4 = 0x01;

/** Service actions of RECEIVE COPY RESULTS. */
export const COPY_STATUS_LID1 = 0x00;
export const OPERATING_PARAMETERS = 0x03;
export const COPY_STATUS_LID4 = 0x05;

/** Descriptor type codes (SPC-4 6.4.5, 6.4.6). */
export const BLOCK_TO_BLOCK = 0x02;
export const IDENTIFICATION = 0xe4;
