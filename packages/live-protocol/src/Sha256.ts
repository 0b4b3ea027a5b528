const blockBytes = 64;

/** The first 32 bits of the fraction of a root of each of the first primes, which the standard takes for constants. */
function fractions(exponent: number, count: number): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(count);
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.some((prime) => number % prime === 0)) continue;
    // None of them is so near to a whole number that the rounding of an engine could matter.
    result[primes.length] = Math.floor((number ** exponent % 1) * 2 ** 32);
    primes.push(number);
  }
  return result;
}

const rounds = Int32Array.from(fractions(1 / 3, 64), (word) => word | 0);
const start = fractions(1 / 2, 8);

/**
 * SHA-256 (FIPS 180-4), bit by bit as long as it takes. Pages without TLS have no `crypto.subtle`, and a library of hashes is
 * a tenth of the whole client.
 */
export class Sha256 {
  readonly #state = Int32Array.from(start, (word) => word | 0);
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(blockBytes);
  readonly #view = new DataView(this.#block.buffer);
  #filled = 0;
  #length = 0;

  /** Takes more. */
  update(bytes: Uint8Array): this {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + blockBytes - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === blockBytes) this.#mix();
    }
    return this;
  }

  /** What it makes of all that it was given: 64 hexadecimal digits. To be called once, at the end. */
  hex(): string {
    const bits = this.#length * 8;
    this.update(Uint8Array.of(0x80));
    while (this.#filled !== blockBytes - 8) this.update(Uint8Array.of(0));
    this.#view.setUint32(blockBytes - 8, bits / 2 ** 32);
    this.#view.setUint32(blockBytes - 4, bits);
    this.#mix();
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #mix(): void {
    this.#filled = 0;
    const words = this.#words;
    for (let index = 0; index < 16; index += 1) words[index] = this.#view.getInt32(index * 4);
    for (let index = 16; index < 64; index += 1) {
      const x = words[index - 15] ?? 0;
      const y = words[index - 2] ?? 0;
      const low = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
      const high = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
      words[index] = ((words[index - 16] ?? 0) + low + (words[index - 7] ?? 0) + high) | 0;
    }
    const state = this.#state;
    // One by one: taking a list apart costs as much as all of the rounds.
    let a = state[0] ?? 0;
    let b = state[1] ?? 0;
    let c = state[2] ?? 0;
    let d = state[3] ?? 0;
    let e = state[4] ?? 0;
    let f = state[5] ?? 0;
    let g = state[6] ?? 0;
    let h = state[7] ?? 0;
    for (let index = 0; index < 64; index += 1) {
      const mixed = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g));
      const first = (mixed + (rounds[index] ?? 0) + (words[index] ?? 0)) | 0;
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
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

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
