// TransportIDs of initiator ports: readable forms to the bytes of SPC-4 7.6.4, as hexadecimal digits. Pure.

/** No TransportID, or one that SPC doesn't have. */
export class InvalidTransportId extends Error {
  constructor(text: string, problem: string) {
    super(`transportId ${JSON.stringify(text)} ${problem}`);
  }
}

const PROTOCOL = { fibreChannel: 0x0, srp: 0x4, iscsi: 0x5, sas: 0x6 } as const;
const LENGTH = 24;
const ISCSI_HEADER = 4;
/** FORMAT CODE 01b: the name with the initiator session identifier. */
const WITH_SESSION = 0x40;
const SESSION = /,i,0x[0-9a-fA-F]{12}$/;

/**
 * `sas:5000c500a1b2c3d4`, `fc:21:00:00:24:ff:00:00:01`, `srp:` and 32 digits, `iscsi:iqn.2026-11.dev.scst:host` with or
 * without `,i,0x` and the session identifier, or the bytes themselves as hexadecimal digits. Throws InvalidTransportId.
 */
export function parseTransportId(text: string): string {
  const [, form, value = ''] = /^(sas|fc|srp|iscsi):(.+)$/.exec(text) ?? [];
  switch (form) {
    case 'sas':
      return fixed(PROTOCOL.sas, 4, digits(text, value, 8));
    case 'fc':
      return fixed(PROTOCOL.fibreChannel, 8, digits(text, value, 8));
    case 'srp':
      return fixed(PROTOCOL.srp, 8, digits(text, value, 16));
    case 'iscsi':
      return iscsi(value);
    default:
      return checked(text);
  }
}

/** Colons between bytes are for people. */
function digits(text: string, value: string, bytes: number): Buffer {
  const plain = value.replaceAll(':', '');
  if (!/^[0-9a-fA-F]+$/.test(plain) || plain.length !== bytes * 2)
    throw new InvalidTransportId(text, `needs ${bytes * 2} hexadecimal digits`);
  return Buffer.from(plain, 'hex');
}

function fixed(protocol: number, at: number, address: Buffer): string {
  const data = Buffer.alloc(LENGTH);
  data[0] = protocol;
  address.copy(data, at);
  return data.toString('hex');
}

/** Null-terminated, padded to a multiple of four bytes, and at least 24 with the header. */
function iscsi(name: string): string {
  const length = Math.max(LENGTH, ISCSI_HEADER + Math.ceil((Buffer.byteLength(name) + 1) / 4) * 4);
  const data = Buffer.alloc(length);
  data[0] = PROTOCOL.iscsi | (SESSION.test(name) ? WITH_SESSION : 0);
  data.writeUInt16BE(length - ISCSI_HEADER, 2);
  data.write(name, ISCSI_HEADER);
  return data.toString('hex');
}

/** Bytes that somebody wrote out: of a protocol that has TransportIDs, and of its length. */
function checked(text: string): string {
  if (!/^([0-9a-fA-F]{2})+$/.test(text)) {
    throw new InvalidTransportId(text, 'is none of sas:…, fc:…, srp:…, iscsi:… and hexadecimal digits');
  }
  const data = Buffer.from(text, 'hex');
  const [first = 0] = data;
  const protocol = first & 0x0f;
  if (!Object.values<number>(PROTOCOL).includes(protocol)) {
    throw new InvalidTransportId(
      text,
      `has protocol identifier ${protocol}; 0 (FC), 4 (SRP), 5 (iSCSI) and 6 (SAS) are known`,
    );
  }
  const length = protocol === PROTOCOL.iscsi && data.length >= LENGTH ? ISCSI_HEADER + data.readUInt16BE(2) : LENGTH;
  if (data.length !== length || length % 4 !== 0) {
    throw new InvalidTransportId(text, `has ${data.length} bytes, and should have ${length}`);
  }
  return text.toLowerCase();
}
