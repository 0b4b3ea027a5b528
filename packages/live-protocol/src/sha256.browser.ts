const blockBytes = 64;

/** The first 32 bits of the fraction of a root of each of the first primes: the constants of the standard. */
function fractions(exponent: number, count: number): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(count);
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.some((prime) => number % prime === 0)) continue;
    // None of the roots is so near to a whole number that an engine's rounding could matter.
    result[primes.length] = Math.floor((number ** exponent % 1) * 2 ** 32);
    primes.push(number);
  }
  return result;
}

const rounds = Int32Array.from(fractions(1 / 3, 64), (word) => word | 0);
const start = fractions(1 / 2, 8);

/**
 * `sha256.ts` for browsers: the SHA-256 of texts one after another, in UTF-8, as 64 hexadecimal digits. Pages without TLS have no
 * `crypto.subtle`, and a hash library would be a tenth of the whole client.
 */
export function sha256(texts: Iterable<string>): string {
  const hash = new Sha256();
  const encoder = new TextEncoder();
  for (const text of texts) hash.update(encoder.encode(text));
  return hash.hex();
}

/** The algorithm of FIPS 180-4. */
class Sha256 {
  readonly #state = Int32Array.from(start, (word) => word | 0);
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(blockBytes);
  readonly #view = new DataView(this.#block.buffer);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + blockBytes - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === blockBytes) this.#compress();
    }
  }

  /** The hash. To be called once, at the end. */
  hex(): string {
    const bits = this.#length * 8;
    this.update(Uint8Array.of(0x80));
    while (this.#filled !== blockBytes - 8) this.update(Uint8Array.of(0));
    this.#view.setUint32(blockBytes - 8, bits / 2 ** 32);
    this.#view.setUint32(blockBytes - 4, bits);
    this.#compress();
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #compress(): void {
    this.#filled = 0;
    const words = this.#words;
    for (let index = 0; index < 16; index += 1) words[index] = this.#view.getInt32(index * 4);
    for (let index = 16; index < 64; index += 1) {
      const x = words[index - 15] ?? 0;
      const y = words[index - 2] ?? 0;
      const low = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
      const high = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
      words[index] = ((words[index - 16] ?? 0) + low + (words[index - 7] ?? 0) + high) | 0;
    }
    const state = this.#state;
    // One by one: destructuring would cost as much as all of the rounds.
    let a = state[0] ?? 0;
    let b = state[1] ?? 0;
    let c = state[2] ?? 0;
    let d = state[3] ?? 0;
    let e = state[4] ?? 0;
    let f = state[5] ?? 0;
    let g = state[6] ?? 0;
    let h = state[7] ?? 0;
    for (let index = 0; index < 64; index += 1) {
      const mixed = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g));
      const first = (mixed + (rounds[index] ?? 0) + (words[index] ?? 0)) | 0;
      const second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] = (state[0] ?? 0) + a;
    state[1] = (state[1] ?? 0) + b;
    state[2] = (state[2] ?? 0) + c;
    state[3] = (state[3] ?? 0) + d;
    state[4] = (state[4] ?? 0) + e;
    state[5] = (state[5] ?? 0) + f;
    state[6] = (state[6] ?? 0) + g;
    state[7] = (state[7] ?? 0) + h;
  }
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
