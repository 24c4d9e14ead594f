// Random commands through /dev/sgN, and through the pure layer on a model: each answer and every byte of the file are alike.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  addNexus,
  createLogicalUnit,
  disk as personality,
  execute,
  type CommandResult,
} from '../../node-agent/scsi/index.js';
import { availableOf } from '../../node-agent/scsi/spc/personality.js';
import { IDENTITY, ModelMedium, nexus } from '../../node-agent/scsi/testing/disk-fixture.js';
import { random, randomCdb, randomData } from '../../node-agent/scsi/testing/random-commands.js';
import { eventually } from '../env/stack/eventually.js';
import { ROOT } from '../env/stack/paths.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(600_000);
const COMMANDS = Number(process.env['SCST_FUZZ_COMMANDS'] ?? 6_000);
const SEED = Number(process.env['SCST_FUZZ_SEED'] ?? 20_261_127);
const BLOCK = 512;
const BLOCKS = 64;
const PATH = diskPath('fuzz');
/** Longer ones, and those that go on behind their answer, or whose answer is the node's: not the model's. */
const LEFT_OUT = [0x04, 0x48, 0x83, 0x84, 0xa0];
/** Their data tell of identities, clocks, or where the file has holes. */
const OWN_DATA = [0x12, 0x5e, 0x9e, 0xa3];
/** What the transport's buffer holds before, or of what it wasn't given. */
const UNTOUCHED = [0xee, 0x00];

interface Sent {
  cdb: Uint8Array;
  dataOut: Uint8Array;
  room: number;
}

function commands(): Sent[] {
  const pick = random(SEED);
  const rows = availableOf(personality.commands, unitOf(new ModelMedium(BLOCK, BigInt(BLOCKS)))).filter(
    ({ opcode }) => !LEFT_OUT.includes(opcode),
  );
  return Array.from({ length: COMMANDS }, () => {
    const definition = rows[pick(rows.length)]!;
    const dataOut = randomData(definition, pick);
    const room = definition.dataOut ? 0 : [0, 4, 255, 512, 4096][pick(5)]!;
    return { cdb: randomCdb(definition, dataOut.length, pick), dataOut, room };
  });
}

function unitOf(medium: ModelMedium) {
  const unit = createLogicalUnit({ personality, identity: IDENTITY, medium, thinProvisioned: true });
  addNexus(unit, nexus('s1'));
  unit.nexuses.get('s1')?.attentions.splice(0);
  return unit;
}

function encode({ cdb, dataOut, room }: Sent): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt8(cdb.length, 0);
  head.writeUInt8(dataOut.length > 0 ? 1 : room > 0 ? 2 : 0, 1);
  head.writeUInt32LE(dataOut.length || room, 2);
  return Buffer.concat([head, cdb, dataOut]);
}

interface Answer extends CommandResult {
  host: number;
}

function decode(output: Buffer): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < output.length;) {
    const senseLength = output.readUInt8(at + 3);
    const dataAt = at + 4 + senseLength;
    const length = output.readUInt32LE(dataAt);
    answers.push({
      status: output.readUInt8(at),
      host: output.readUInt16LE(at + 1),
      sense: output.subarray(at + 4, dataAt),
      data: output.subarray(dataAt + 4, dataAt + 4 + length),
    });
    at = dataAt + 4 + length;
  }
  return answers;
}

/** What of the real answer isn't the model's; nothing: they are alike. */
function difference(sent: Sent, real: Answer | undefined, model: CommandResult): string | undefined {
  if (real === undefined) return 'no answer';
  if (real.host !== 0) return `host status ${real.host}`;
  if (real.status !== model.status) return `status ${real.status}, the model's is ${model.status}`;
  const [sense, modelSense] = [hex(real.sense).slice(0, 2 * (model.sense?.length ?? 0)), hex(model.sense)];
  if (model.status === 2 && sense !== modelSense) return `sense ${sense}, the model's is ${modelSense}`;
  const [data, modelData] = [real.data ?? Buffer.alloc(0), model.data ?? Buffer.alloc(0)];
  if (!OWN_DATA.includes(sent.cdb[0] ?? 0) && hex(data.subarray(0, modelData.length)) !== hex(modelData))
    return `data ${hex(data).slice(0, 80)}, the model's are ${hex(modelData).slice(0, 80)}`;
  // Pages that aren't filled as a whole go through a buffer of the kernel, which isn't cleared.
  const direct = sent.room % BLOCK === 0 && !OWN_DATA.includes(sent.cdb[0] ?? 0);
  const beyond = direct ? [...data.subarray(modelData.length)] : [];
  return beyond.every((byte) => UNTOUCHED.includes(byte)) ? undefined : 'Data-In holds what isn’t its own';
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

describe('random commands', () => {
  let node: LoneNode;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'scst-fuzz-'));
    execFileSync('cc', [
      '-O1',
      '-Wall',
      '-Werror',
      '-o',
      join(directory, 'sg-replay'),
      join(ROOT, 'test/kernel/support/sg-replay.c'),
    ]);
    node = await LoneNode.start(
      { kernel: 'uml' },
      { 'fuzz.yaml': disk('fuzz', { size: `${(BLOCK * BLOCKS) / 1024}Ki`, properties: { thinProvisioned: true } }) },
    );
    await node.ready(PATH);
    await node.sh('udevadm settle');
    await eventually(async () =>
      expect(await scsi(node.machine, PATH, '00 00 00 00 00 00')).toEqual({ status: 'GOOD' }),
    );
  });
  afterAll(async () => {
    await node?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it(`are answered as the model answers them, ${COMMANDS} of them (seed ${SEED})`, async () => {
    const sent = commands();
    writeFileSync(join(directory, 'input'), Buffer.concat(sent.map(encode)));
    await node.sh(`${directory}/sg-replay ${PATH} ${directory}/input /tmp/output`, 500_000);
    const packed = await node.sh('gzip -c /tmp/output | base64 -w 0');
    const answers = decode(gunzipSync(Buffer.from(packed, 'base64')));

    const medium = new ModelMedium(BLOCK, BigInt(BLOCKS));
    const unit = unitOf(medium);
    const counts = new Map<number, number>();
    for (const [at, command] of sent.entries()) {
      const model = await execute(unit, 's1', command.cdb, command.dataOut, command.room);
      const differs = difference(command, answers[at], model);
      if (differs !== undefined) throw new Error(`command ${at}, ${hex(command.cdb)}: ${differs}`);
      counts.set(model.status, (counts.get(model.status) ?? 0) + 1);
    }
    expect(answers).toHaveLength(COMMANDS);
    expect(counts.get(0)).toBeGreaterThan(COMMANDS / 10);
    const file = Buffer.from(await node.sh('base64 -w 0 /var/lib/scst/fuzz.img'), 'base64');
    expect(file.equals(medium.content)).toBe(true);
    await node.machine.assertCleanKernel();
  });
});
