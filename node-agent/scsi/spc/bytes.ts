// Big-endian fields, as all of SCSI has them, and padded ASCII.

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** Bytes beyond the end read as 0, so a short buffer decodes like one padded with zeros. */
export function byteAt(data: Uint8Array, offset: number): number {
  return data[offset] ?? 0;
}

export function uint16(data: Uint8Array, offset: number): number {
  return view(data).getUint16(offset);
}

export function uint24(data: Uint8Array, offset: number): number {
  return (byteAt(data, offset) << 16) | uint16(data, offset + 1);
}

export function uint32(data: Uint8Array, offset: number): number {
  return view(data).getUint32(offset);
}

export function uint64(data: Uint8Array, offset: number): bigint {
  return view(data).getBigUint64(offset);
}

export function putUint16(data: Uint8Array, offset: number, value: number): void {
  view(data).setUint16(offset, value);
}

export function putUint32(data: Uint8Array, offset: number, value: number): void {
  view(data).setUint32(offset, value);
}

export function putUint64(data: Uint8Array, offset: number, value: bigint): void {
  view(data).setBigUint64(offset, value);
}

export function concat(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return data;
}

/** Printable ASCII (20h to 7Eh; anything else becomes a space), cut to `length`, padded with spaces (SPC-4 4.4.1). */
export function paddedAscii(text: string, length: number): Uint8Array {
  return ascii(text.slice(0, length).padEnd(length));
}

/** Printable ASCII (20h to 7Eh); anything else becomes a space. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    return character.length === 1 && code >= 0x20 && code <= 0x7e ? code : 0x20;
  });
}

export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function toHex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Big-endian bytes of a number below 2^32, for use in byte lists. */
export function bytes16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}
