import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";

/** The bounds of an inspection: before and after decoding. */
const maxInspectedBytes = 16 * 1024;
const maxOutputLength = 1024 * 1024;

type Decoder = (bytes: Uint8Array, isWhole: boolean) => unknown;

/** The beginning of a body may end anywhere. */
const ofZlib = (isWhole: boolean) => ({
  finishFlush: isWhole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
  maxOutputLength,
});

const decoders: ReadonlyMap<string, readonly Decoder[]> = new Map<string, readonly Decoder[]>([
  ["gzip", [(bytes, isWhole) => gunzipSync(bytes, ofZlib(isWhole))]],
  // Browsers accept it with and without the header of zlib.
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
 * Whether a body is really encoded as its `content-encoding` says, judged by its beginning. `fetch()` decodes a body but keeps the
 * header: if a handler passed both on, the browser would decode the body a second time.
 *
 * @param encoding The header: `gzip`, or a list in the order in which the encodings were applied.
 * @param beginning The first bytes of the body.
 * @param isWhole Whether they are the whole body.
 * @returns true also for an unknown encoding.
 */
export function isEncoded(encoding: string, beginning: Uint8Array, isWhole: boolean): boolean {
  const known = decoders.get(codingOf(encoding.split(",").at(-1) ?? ""));
  if (known === undefined) return true;
  const isCut = beginning.length > maxInspectedBytes;
  const bytes = isCut ? beginning.subarray(0, maxInspectedBytes) : beginning;
  return known.some((decode) => canDecode(decode, bytes, isWhole && !isCut));
}

/** Whether `fetch()` decodes a body with this `content-encoding`. */
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
    // Output that exceeds the limit shows that the body was encoded.
    return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  }
}
