// What a target driver in user space needs of SCST Local: a session for each initiator, and the sg devices of its LUNs.

/** A LUN as the driver reaches it. */
export interface SgDevice {
  lun: number;
  /** Such as /dev/sg3. */
  path: string;
}

export interface Sessions {
  /** Makes a session of the target and resolves when all its LUNs are there. `transportId`: of the initiator. */
  open(name: string, transportId: string): Promise<SgDevice[]>;
  /** Removes it, and resolves when its SCSI host is gone. */
  close(name: string): Promise<void>;
}

/** A valid name of an object for the n-th session of this process. */
export function sessionName(driver: string, number: number): string {
  return `${driver}-${process.pid}-${number}`;
}
