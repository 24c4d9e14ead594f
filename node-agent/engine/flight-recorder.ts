// Remembers over the engine's death which slow commands each ring was executing, and refuses one that keeps killing it.
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Deaths in a row during the same CDB after which it is no longer executed. */
const POISON_AFTER = 3;
/** Commands of one ring that run at the same time and are recorded; what goes beyond is not. */
const SLOTS = 8;
/** Length byte and CDB: TCMU's longest is 260 bytes, of which the first 63 tell enough. */
const SLOT_SIZE = 64;

/** The engine died too often while it executed this CDB: it is answered without being executed. */
export class PoisonCommand extends Error {
  readonly code = 'PoisonCommand';
  constructor(cdb: string, deaths: number) {
    super(`the engine has died ${deaths} times in a row while it executed ${cdb}: refused until the node restarts`);
  }
}

/** One file of slots per ring, in a directory that is gone with a reboot. */
export class FlightRecorder {
  private readonly records = new Map<string, FlightRecord>();
  private readonly directory: string;
  /** Names of files that former engines left. */
  private readonly left: ReadonlySet<string>;

  constructor(runDirectory: string) {
    this.directory = join(runDirectory, 'flight');
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.left = new Set(readdirSync(this.directory));
  }

  /** Throws PoisonCommand instead of running `work`. */
  async during<T>(ringKey: string, cdb: Uint8Array, work: () => Promise<T>): Promise<T> {
    const record = this.recordOf(ringKey);
    const key = Buffer.from(cdb.subarray(0, SLOT_SIZE - 1));
    record.refusePoison(key.toString('hex'));
    const slot = record.begin(key);
    try {
      return await work();
    } finally {
      record.end(slot, key.toString('hex'));
    }
  }

  /** For a ring that is gone for good. */
  forget(ringKey: string): void {
    this.records.get(ringKey)?.remove();
    this.records.delete(ringKey);
  }

  /** CDBs (hexadecimal) that the ring refuses. */
  poison(ringKey: string): string[] {
    return this.recordOf(ringKey).poison();
  }

  private recordOf(ringKey: string): FlightRecord {
    let record = this.records.get(ringKey);
    if (record === undefined) {
      record = new FlightRecord(this.directory, encodeURIComponent(ringKey), this.left);
      this.records.set(ringKey, record);
    }
    return record;
  }
}

class FlightRecord {
  /** Open from the first slow command on: a node has many rings that never see one. */
  private fd: number | undefined;
  private readonly path: string;
  private readonly busy = new Array<boolean>(SLOTS).fill(false);
  /** Deaths in a row by CDB. */
  private readonly deaths: Map<string, number>;
  private readonly deathsPath: string;

  constructor(directory: string, name: string, left: ReadonlySet<string>) {
    this.path = join(directory, name);
    this.deathsPath = `${this.path}.deaths`;
    this.deaths = left.has(`${name}.deaths`) ? readDeaths(this.deathsPath) : new Map<string, number>();
    const inFlight = new Set(left.has(name) ? readSlots(this.path) : []);
    if (inFlight.size === 0) return;
    for (const cdb of inFlight) this.deaths.set(cdb, (this.deaths.get(cdb) ?? 0) + 1);
    this.writeDeaths();
    // After the deaths are counted: a crash in between counts one twice, which errs towards safety.
    this.slots();
  }

  refusePoison(cdb: string): void {
    const deaths = this.deaths.get(cdb) ?? 0;
    if (deaths >= POISON_AFTER) throw new PoisonCommand(cdb, deaths);
  }

  poison(): string[] {
    return [...this.deaths].filter(([, deaths]) => deaths >= POISON_AFTER).map(([cdb]) => cdb);
  }

  begin(cdb: Buffer): number {
    const slot = this.busy.indexOf(false);
    if (slot < 0) return slot;
    this.busy[slot] = true;
    // The page cache outlives the process: no flush.
    writeSync(this.slots(), Buffer.concat([Buffer.of(cdb.length), cdb]), 0, cdb.length + 1, slot * SLOT_SIZE);
    return slot;
  }

  end(slot: number, cdb: string): void {
    if (slot < 0) return;
    this.busy[slot] = false;
    writeSync(this.slots(), Buffer.of(0), 0, 1, slot * SLOT_SIZE);
    if (this.deaths.delete(cdb)) this.writeDeaths();
  }

  remove(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    rmSync(this.path, { force: true });
    rmSync(this.deathsPath, { force: true });
  }

  /** Emptied when it is opened. */
  private slots(): number {
    this.fd ??= openSync(this.path, 'w', 0o600);
    return this.fd;
  }

  private writeDeaths(): void {
    writeFileSync(this.deathsPath, JSON.stringify(Object.fromEntries(this.deaths)), { mode: 0o600 });
  }
}

function readSlots(path: string): string[] {
  const content = readIfThere(path) ?? Buffer.alloc(0);
  const cdbs: string[] = [];
  for (let at = 0; at < content.length; at += SLOT_SIZE) {
    const length = content[at] ?? 0;
    if (length > 0) cdbs.push(content.subarray(at + 1, at + 1 + length).toString('hex'));
  }
  return cdbs;
}

function readDeaths(path: string): Map<string, number> {
  try {
    const content = readIfThere(path)?.toString() ?? '{}';
    return new Map(Object.entries(JSON.parse(content) as Record<string, number>));
  } catch {
    // Cut short by a death while it was written: the count begins again.
    return new Map();
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
