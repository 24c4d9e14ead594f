// Version descriptors of transports (SPC-4 annex E, none of them with a revision claimed), by the standards' names. Pure.

const SCSI_TRANSPORTS: Readonly<Record<string, number>> = {
  FCP: 0x08c0,
  'SBP-2': 0x08e0,
  'FCP-2': 0x0900,
  SRP: 0x0940,
  iSCSI: 0x0960,
  'SBP-3': 0x0980,
  'SRP-2': 0x09a0,
  ADT: 0x09e0,
  'FCP-3': 0x0a00,
  'ADT-2': 0x0a20,
  'FCP-4': 0x0a40,
  SPI: 0x0aa0,
  'SPI-2': 0x0ae0,
  'SPI-3': 0x0b00,
  'SPI-4': 0x0b40,
  'SPI-5': 0x0b60,
  SAS: 0x0be0,
  'SAS-1.1': 0x0c00,
  'SAS-2': 0x0c20,
  'SAS-2.1': 0x0c40,
  'SAS-3': 0x0c60,
  'SAS-4': 0x0c80,
  UAS: 0x1740,
  'UAS-2': 0x1780,
  SPL: 0x20a0,
  'SPL-2': 0x20c0,
  'SPL-3': 0x20e0,
  'SPL-4': 0x2100,
};

const PHYSICAL_TRANSPORTS: Readonly<Record<string, number>> = {
  none: 0,
  'FC-PH': 0x0d20,
  'FC-AL': 0x0d40,
  'FC-AL-2': 0x0d60,
  'FC-PH-3': 0x0d80,
  'FC-FS': 0x0da0,
  'FC-PI': 0x0dc0,
  'FC-PI-2': 0x0de0,
  'FC-FS-2': 0x0e00,
  'FC-PI-3': 0x0e60,
  'FC-PI-4': 0x0e80,
  'FC-FS-3': 0x0ee0,
  'FC-PI-5': 0x0f20,
};

/** What scst_local shows. */
const DEFAULT_SCSI_TRANSPORT = 'SAS';
const DEFAULT_PHYSICAL_TRANSPORT = 'none';

/** The CRD lets through what is in the table, and numbers. */
export function scsiTransport(wish: number | string = DEFAULT_SCSI_TRANSPORT): number {
  return typeof wish === 'number' ? wish : (SCSI_TRANSPORTS[wish] ?? Number(wish));
}

/** Likewise; 0 is no descriptor. */
export function physicalTransport(wish: number | string = DEFAULT_PHYSICAL_TRANSPORT): number {
  return typeof wish === 'number' ? wish : (PHYSICAL_TRANSPORTS[wish] ?? Number(wish));
}

/** The names of both tables. */
export const TRANSPORT_NAMES = { scsi: Object.keys(SCSI_TRANSPORTS), physical: Object.keys(PHYSICAL_TRANSPORTS) };
