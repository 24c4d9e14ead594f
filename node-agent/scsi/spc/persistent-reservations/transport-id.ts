// TransportIDs (SPC-4 7.6.4): where one ends in a parameter list, and whether it is one.
import { byteAt, uint16 } from '../bytes.js';

const FORMAT_CODE = 0xc0;
const PROTOCOL = 0x0f;
const ISCSI = 0x5;
const FIXED_LENGTH = 24;
const ISCSI_HEADER = 4;
/** FORMAT CODE 01b of iSCSI: name and initiator session identifier. */
const WITH_SESSION = 0x40;
const SEPARATOR = ',i,0x';

/** Fibre Channel, parallel, SRP, iSCSI, SAS; the others have no TransportID or one that no host of ours has. */
const KNOWN_PROTOCOLS: ReadonlySet<number> = new Set([0x0, 0x1, 0x4, ISCSI, 0x6]);

/** The TransportID at the start of `data`, or nothing where there's no valid one. */
export function leadingTransportId(data: Uint8Array): Uint8Array | undefined {
  const protocol = byteAt(data, 0) & PROTOCOL;
  if (data.length < FIXED_LENGTH || !KNOWN_PROTOCOLS.has(protocol)) return undefined;
  if (protocol === ISCSI) return leadingIscsi(data);
  return byteAt(data, 0) & FORMAT_CODE ? undefined : data.subarray(0, FIXED_LENGTH);
}

/** Null-terminated, padded to a multiple of four, and at least 20 bytes. */
function leadingIscsi(data: Uint8Array): Uint8Array | undefined {
  const length = ISCSI_HEADER + uint16(data, 2);
  if (length < FIXED_LENGTH || length % 4 !== 0 || length > data.length) return undefined;
  const text = data.subarray(ISCSI_HEADER, length);
  const end = text.indexOf(0);
  if (end <= 0) return undefined;
  const format = byteAt(data, 0) & FORMAT_CODE;
  const hasSession = new TextDecoder().decode(text.subarray(0, end)).includes(SEPARATOR);
  if (format !== 0 && format !== WITH_SESSION) return undefined;
  return hasSession === (format === WITH_SESSION) ? data.subarray(0, length) : undefined;
}
