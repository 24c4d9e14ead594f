// How a segment is cut: parts of bounded size, in an order in which overlapping ranges come out as they were (pure).

/** Bytes that are read and written at once. */
export const CHUNK_BYTES = 1_048_576;

export interface Chunk {
  /** Bytes from the start of the medium. */
  source: number;
  destination: number;
  length: number;
}

/** `sameMedium`: a copy towards the end goes backwards, or it would read what it has written. */
export function* chunksOf(
  source: number,
  destination: number,
  length: number,
  sameMedium: boolean,
): Generator<Chunk, void, void> {
  const backwards = sameMedium && destination > source;
  const count = Math.ceil(length / CHUNK_BYTES);
  for (let number = 0; number < count; number += 1) {
    const at = (backwards ? count - 1 - number : number) * CHUNK_BYTES;
    yield { source: source + at, destination: destination + at, length: Math.min(CHUNK_BYTES, length - at) };
  }
}
