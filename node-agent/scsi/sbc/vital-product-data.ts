// Vital product data pages of a disk (SBC-3 6.6): block limits B0, block device characteristics B1.
import { putUint16, putUint32 } from '../spc/bytes.js';
import type { VitalProductDataPage } from '../spc/personality.js';

const BODY_LENGTH = 60;
/** A page of the host's memory, as SCST. */
const TRANSFER_GRANULARITY = 4096;

/** The limits of UNMAP, WRITE SAME and COMPARE AND WRITE are 0: those commands aren't served. */
const blockLimits: VitalProductDataPage = {
  code: 0xb0,
  body: ({ settings, blockSize }) => {
    const body = new Uint8Array(BODY_LENGTH);
    const maximum = Math.floor(settings.maximumTransferLength / blockSize);
    putUint16(body, 2, Math.max(1, TRANSFER_GRANULARITY / blockSize));
    putUint32(body, 4, maximum);
    putUint32(body, 8, Math.min(maximum, Math.floor(settings.optimalTransferLength / blockSize)));
    return body;
  },
};

const ROTATION_RATE = 0x3a98;
const NOT_ROTATIONAL = 1;

const blockDeviceCharacteristics: VitalProductDataPage = {
  code: 0xb1,
  body: ({ settings }) => {
    const body = new Uint8Array(BODY_LENGTH);
    putUint16(body, 0, settings.rotational ? ROTATION_RATE : NOT_ROTATIONAL);
    return body;
  },
};

export const diskVitalProductData: readonly VitalProductDataPage[] = [blockLimits, blockDeviceCharacteristics];
