// Where LIO's objects are in configfs.
import { join } from 'node:path';
import { hbaOf, TPG, type Hba } from './naming.js';

/** Mount point of configfs + /target. */
export const TARGET_ROOT = '/sys/kernel/config/target';

/** Paths of our objects below a root, which tests set to a directory of their own. */
export class LioPaths {
  constructor(readonly root: string = TARGET_ROOT) {}

  get core(): string {
    return join(this.root, 'core');
  }
  get loopback(): string {
    return join(this.root, 'loopback');
  }
  hba(hba: Hba): string {
    return join(this.core, hba);
  }
  backstore(name: string): string {
    return join(this.hba(hbaOf(name)), name);
  }
  session(wwn: string): string {
    return join(this.loopback, wwn);
  }
  tpg(wwn: string): string {
    return join(this.session(wwn), TPG);
  }
  luns(wwn: string): string {
    return join(this.tpg(wwn), 'lun');
  }
  lun(wwn: string, lun: number): string {
    return join(this.luns(wwn), `lun_${lun}`);
  }
}
