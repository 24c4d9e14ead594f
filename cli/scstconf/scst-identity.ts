// The identity that SCST gives a device whose scst.conf names none: made of its name and setup_id (scst_vdisk.c).

/** Castagnoli, reflected. */
const POLYNOMIAL = 0x82f63b78;

/** As the kernel's crc32c(0, …): neither the start nor the end is inverted. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return crc >>> 0;
}

export interface ScstIdentity {
  serial: string;
  t10DeviceId: string;
  /** 16 hexadecimal digits. */
  eui64: string;
}

const T10_DEVICE_ID_LENGTH = 25;

/** What SCST makes up: `usn`, `t10_dev_id`, and of its first eight bytes an EUI-64 designator. */
export function scstIdentity(name: string, setupId: number, t10DeviceId?: string): ScstIdentity {
  const number = (BigInt(setupId) << 32n) | BigInt(crc32c(Buffer.from(`${name}\0`)));
  const serial = number.toString(16);
  const id = t10DeviceId ?? `${serial}-${name}`.slice(0, T10_DEVICE_ID_LENGTH);
  const eui64 = Buffer.alloc(8);
  eui64.write(id);
  return { serial, t10DeviceId: id, eui64: eui64.toString('hex') };
}
