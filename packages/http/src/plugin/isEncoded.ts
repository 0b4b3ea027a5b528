import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";

/** What is looked at, and how far it may grow; bytes. */
const maxBegin = 16 * 1024;
const maxOutputLength = 1024 * 1024;

type Decoder = (bytes: Uint8Array, isWhole: boolean) => unknown;

/** What is not whole may end anywhere. */
const ofZlib = (isWhole: boolean) => ({
  finishFlush: isWhole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
  maxOutputLength,
});

const decoders: ReadonlyMap<string, readonly Decoder[]> = new Map<string, readonly Decoder[]>([
  ["gzip", [(bytes, isWhole) => gunzipSync(bytes, ofZlib(isWhole))]],
  // Browsers take it with and without the header of zlib.
  [
    "deflate",
    [
      (bytes, isWhole) => inflateSync(bytes, ofZlib(isWhole)),
      (bytes, isWhole) => inflateRawSync(bytes, ofZlib(isWhole)),
    ],
  ],
  [
    "br",
    [
      (bytes, isWhole) => {
        const finishFlush = isWhole ? constants.BROTLI_OPERATION_FINISH : constants.BROTLI_OPERATION_FLUSH;
        return brotliDecompressSync(bytes, { finishFlush, maxOutputLength });
      },
    ],
  ],
  [
    "zstd",
    [
      (bytes, isWhole) => {
        const finishFlush = isWhole ? constants.ZSTD_e_end : constants.ZSTD_e_continue;
        return zstdDecompressSync(bytes, { finishFlush, maxOutputLength });
      },
    ],
  ],
]);

/**
 * Whether a body is encoded as its `content-encoding` says, as far as its beginning tells. `fetch()` decodes a body and leaves
 * the header as it was: a handler that passes both on would have the browser decode it again.
 *
 * @param encoding The header: `gzip`, or a list in the order in which the encodings were applied.
 * @param begin The first bytes of the body.
 * @param isWhole Whether they are all of it.
 * @returns true also for an encoding that is unknown.
 */
export function isEncoded(encoding: string, begin: Uint8Array, isWhole: boolean): boolean {
  const known = decoders.get(codingOf(encoding.split(",").at(-1) ?? ""));
  if (known === undefined) return true;
  const isCut = begin.length > maxBegin;
  const bytes = isCut ? begin.subarray(0, maxBegin) : begin;
  return known.some((decode) => canDecode(decode, bytes, isWhole && !isCut));
}

/** Whether `fetch()` has decoded a body that came with a `content-encoding`. */
export function isDecodedByFetch(encoding: string): boolean {
  return encoding.split(",").every((each) => ["gzip", "deflate", "br"].includes(codingOf(each)));
}

function codingOf(text: string): string {
  const name = text.trim().toLowerCase();
  return name === "x-gzip" ? "gzip" : name;
}

function canDecode(decode: Decoder, bytes: Uint8Array, isWhole: boolean): boolean {
  try {
    decode(bytes, isWhole);
    return true;
  } catch (error) {
    // What becomes too large was encoded.
    return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  }
}
