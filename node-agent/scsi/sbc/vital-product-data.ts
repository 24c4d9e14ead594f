// Vital product data pages of a disk (SPC-4 7.8, SBC-3 6.6): copies 8F, block limits B0, characteristics B1, provisioning B2.
import { putUint16, putUint32, putUint64 } from '../spc/bytes.js';
import { thirdPartyCopy } from '../spc/copy/vital-product-data.js';
import type { VitalProductDataPage } from '../spc/personality.js';
import {
  maximumAtomicBlocks,
  MAXIMUM_COMPARE_AND_WRITE_BLOCKS,
  MAXIMUM_WRITE_SAME_BLOCKS,
  maximumUnmapBlocks,
} from './limits.js';

const BODY_LENGTH = 60;
/** A page of the host's memory, as SCST. */
const TRANSFER_GRANULARITY = 4096;

const WSNZ = 0x01;
const UNLIMITED = 0xffff_ffff;
/** UGAVALID: the alignment, 0, is valid. */
const UGAVALID = 0x8000_0000;

const blockLimits: VitalProductDataPage = {
  code: 0xb0,
  body: ({ settings, blockSize, medium }) => {
    const body = new Uint8Array(BODY_LENGTH);
    body[0] = WSNZ;
    if (!settings.sharedMedium) body[1] = MAXIMUM_COMPARE_AND_WRITE_BLOCKS;
    const maximum = Math.floor(settings.maximumTransferLength / blockSize);
    putUint16(body, 2, Math.max(1, TRANSFER_GRANULARITY / blockSize));
    putUint32(body, 4, maximum);
    putUint32(body, 8, Math.min(maximum, Math.floor(settings.optimalTransferLength / blockSize)));
    if (settings.thinProvisioned) {
      putUint32(body, 16, maximumUnmapBlocks(blockSize));
      putUint32(body, 20, UNLIMITED);
      putUint32(body, 24, Math.max(1, Math.floor((medium?.allocationUnit ?? 0) / blockSize)));
      putUint32(body, 28, UGAVALID);
    }
    putUint64(body, 32, BigInt(MAXIMUM_WRITE_SAME_BLOCKS));
    // No alignment, any number of blocks, no atomic boundaries.
    if (!settings.sharedMedium) putUint32(body, 40, maximumAtomicBlocks(blockSize));
    return body;
  },
};

const ROTATION_RATE = 0x3a98;
const NOT_ROTATIONAL = 1;
/** WABEREQ 01b, WACEREQ 00b: what was block-erased can be read without writing it first. */
const READABLE_AFTER_ERASE = 0x40;

const blockDeviceCharacteristics: VitalProductDataPage = {
  code: 0xb1,
  body: ({ settings }) => {
    const body = new Uint8Array(BODY_LENGTH);
    putUint16(body, 0, settings.rotational ? ROTATION_RATE : NOT_ROTATIONAL);
    if (settings.thinProvisioned) body[3] = READABLE_AFTER_ERASE;
    return body;
  },
};

const LBPU = 0x80;
const LBPWS = 0x40;
const LBPWS10 = 0x20;
/** Unmapped blocks read as zeros. */
const LBPRZ = 0x04;
/** PROVISIONING TYPE. */
const THIN = 0x02;

const logicalBlockProvisioning: VitalProductDataPage = {
  code: 0xb2,
  available: ({ settings }) => settings.thinProvisioned,
  body: () => Uint8Array.from([0, LBPU | LBPWS | LBPWS10 | LBPRZ, THIN, 0]),
};

export const diskVitalProductData: readonly VitalProductDataPage[] = [
  thirdPartyCopy,
  blockLimits,
  blockDeviceCharacteristics,
  logicalBlockProvisioning,
];
