// EXTENDED COPY (SPC-4 6.4, 6.5): copies block ranges between logical units that the session can reach.
import { MediumError, type Medium } from '../../types.js';
import { equalBytes, uint32 } from '../bytes.js';
import type { Command } from '../command.js';
import type { LogicalUnit } from '../logical-unit.js';
import { noteMediumFailure } from '../medium-failures.js';
import { writeCacheEnabled } from '../mode-pages.js';
import { ReservationConflict } from '../persistent-reservations/transition.js';
import { mediumFor } from '../preconditions.js';
import { CheckCondition, SENSE } from '../sense.js';
import { unitDesignators } from '../vital-product-data.js';
import { chunksOf, CHUNK_BYTES, type Chunk } from './chunks.js';
import { beginCopy, endCopy, type CopyRecord } from './copies.js';
import { LID1, LID4 } from './limits.js';
import { parseCopyOrder, parseLongCopyOrder, type CopyOrder, type Cscd, type Segment } from './parameter-list.js';
import { CopyCancelled, type CopyPeer } from './peers.js';

/** A segment whose ends were found: blocks in bytes. */
interface Transfer {
  source: CopyPeer;
  destination: CopyPeer;
  from: number;
  to: number;
  length: number;
}

/** EXTENDED COPY(LID1). */
export async function extendedCopy(command: Command): Promise<void> {
  await run(command, LID1, parseCopyOrder);
}

/** EXTENDED COPY(LID4): the same copies, told of by a list identifier of four bytes. */
export async function extendedCopyLong(command: Command): Promise<void> {
  await run(command, LID4, parseLongCopyOrder);
}

/** Every descriptor is checked before the first byte is copied: what is refused then has copied nothing. */
async function run(
  command: Command,
  serviceAction: CopyRecord['serviceAction'],
  parse: (list: Uint8Array) => CopyOrder,
): Promise<void> {
  const { cdb, dataOut, nexus } = command;
  const length = uint32(cdb, 10);
  if (length === 0) return;
  const order = parse(dataOut.subarray(0, length));
  const transfers = order.segments.map((segment) => transferOf(command, order.cscds, segment));
  const record = beginCopy(nexus, order, serviceAction);
  try {
    for (const transfer of transfers) {
      record.segments += 1;
      await copy(transfer, record);
    }
    record.state = 'completed';
  } catch (error) {
    record.state = error instanceof CopyCancelled ? 'terminated' : 'failed';
    if (error instanceof CheckCondition) record.sense = error.sense;
    throw error;
  } finally {
    endCopy(nexus, order);
  }
}

function transferOf(command: Command, cscds: readonly Cscd[], segment: Segment): Transfer {
  const source = peerOf(command, cscds[segment.source]);
  const destination = peerOf(command, cscds[segment.destination]);
  const [from, to] = [source.unit.blockSize, destination.unit.blockSize];
  const length = segment.blocks * (segment.countsDestination ? to : from);
  if (length % from !== 0 || length % to !== 0) throw new CheckCondition(SENSE.inexactSegment);
  checkRange(source.unit, segment.sourceLba, length);
  checkRange(destination.unit, segment.destinationLba, length);
  return {
    source,
    destination,
    from: Number(segment.sourceLba) * from,
    to: Number(segment.destinationLba) * to,
    length,
  };
}

function peerOf({ peers }: Command, cscd: Cscd | undefined): CopyPeer {
  if (!cscd) throw new CheckCondition(SENSE.copyTargetNotReachable);
  for (const peer of peers()) {
    if (!unitDesignators(peer.unit).some((designator) => equalBytes(designator, cscd.designator))) continue;
    const { blockSize, personality } = peer.unit;
    if (cscd.peripheralDeviceType !== personality.peripheralDeviceType || ![0, blockSize].includes(cscd.blockSize)) {
      throw new CheckCondition(SENSE.incorrectCopyTargetType);
    }
    return peer;
  }
  throw new CheckCondition(SENSE.copyTargetNotReachable);
}

/** The capacity may still change until a chunk is copied, which checks for itself. */
function checkRange({ medium, blockSize }: LogicalUnit, lba: bigint, length: number): void {
  if (!medium || lba + BigInt(length / blockSize) > medium.blocks) throw new CheckCondition(SENSE.copyAborted);
}

async function copy({ source, destination, from, to, length }: Transfer, record: CopyRecord): Promise<void> {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length));
  for (const chunk of chunksOf(from, to, length, source.unit === destination.unit)) {
    const data = buffer.subarray(0, chunk.length);
    await access(source, 'read', chunk.source, chunk, (medium) => medium.read(chunk.source, data));
    await access(destination, 'write', chunk.destination, chunk, (medium, unit) =>
      medium.write(chunk.destination, data, !unit.settings.nvCache && !writeCacheEnabled(unit)),
    );
    record.bytes += chunk.length;
    record.commands += 2;
  }
}

/** Reservations, write protection and size are those of the moment, as for a READ or WRITE of the session. */
async function access(
  peer: CopyPeer,
  kind: 'read' | 'write',
  offset: number,
  { length }: Chunk,
  work: (medium: Medium, unit: LogicalUnit) => Promise<void>,
): Promise<void> {
  try {
    await peer.run(async (unit) => {
      const medium = mediumFor(unit, peer.nexusId, kind);
      if (BigInt(offset + length) > medium.blocks * BigInt(medium.blockSize)) {
        throw new CheckCondition(SENSE.blockOutOfRange);
      }
      await work(medium, unit).catch((error: unknown) => {
        noteMediumFailure(unit, error);
        throw error;
      });
    });
  } catch (error) {
    const isOfDevice =
      error instanceof CheckCondition || error instanceof MediumError || error instanceof ReservationConflict;
    throw isOfDevice ? new CheckCondition(SENSE.thirdPartyDeviceFailure) : error;
  }
}
