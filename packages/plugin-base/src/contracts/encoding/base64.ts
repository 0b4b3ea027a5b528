/** The methods of newer engines. */
interface NativeEncoder {
  toBase64(): string;
}
interface NativeDecoder {
  fromBase64(text: string): Uint8Array;
}

/** How many bytes are passed as arguments of one call. */
const chunk = 0x8000;

/** Encodes bytes as base64, with padding. */
export function toBase64(bytes: Uint8Array): string {
  if (hasEncoder(bytes)) return bytes.toBase64();
  let binary = "";
  for (let start = 0; start < bytes.length; start += chunk) {
    // A spread would iterate over them, which is slow.
    binary += String(Reflect.apply(String.fromCharCode, undefined, bytes.subarray(start, start + chunk)));
  }
  return btoa(binary);
}

/** Decodes base64; undefined for a text that is not base64, contains blanks or lacks padding. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const bytes = hasDecoder(Uint8Array) ? Uint8Array.fromBase64(text) : bytesOf(atob(text));
    // The decoders accept blanks and missing padding.
    return Math.ceil(bytes.length / 3) * 4 === text.length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

function hasEncoder(bytes: object): bytes is NativeEncoder {
  return "toBase64" in bytes && typeof bytes.toBase64 === "function";
}

function hasDecoder(constructor: object): constructor is NativeDecoder {
  return "fromBase64" in constructor && typeof constructor.fromBase64 === "function";
}
