import { pumps } from "../rpc/contracts.ts";

/** A deterministic pseudo-random generator: numbers from 0 up to 1, exclusive. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Generates invalid frames, and some valid ones. */
export class RandomFrames {
  readonly #random: () => number;
  readonly #logic: string;

  /** @param logic The receiver of messages. */
  constructor(seed: number, logic: string) {
    this.#random = seededRandom(seed);
    this.#logic = logic;
  }

  next(): string | Uint8Array {
    const whole = this.#whole();
    switch (this.#below(8)) {
      case 0:
        return whole.slice(0, this.#below(whole.length + 1));
      case 1:
        return Buffer.from(whole);
      case 2:
        return `${whole}\n${this.#whole()}\n\n${this.#text(5)}`;
      case 3: {
        const at = this.#below(whole.length);
        return whole.slice(0, at) + this.#text(3) + whole.slice(at + 1);
      }
      default:
        return whole;
    }
  }

  #whole(): string {
    const message = `m${this.#logic}\t`;
    const call = `${this.#of("CREKXNAP")}${this.#below(1000)} ${this.#of(["30000", "1", "-1", "9e9", ""])} `;
    switch (this.#below(9)) {
      case 0:
        return this.#text(200);
      case 1:
        return `${this.#of("HWm+SPJULGEx\t")}${this.#json()}`;
      case 2:
        return `m${this.#of(["agent-aaaaaaaaaa", "__proto__", "constructor", "", this.#text(20)])}\t${this.#json()}`;
      case 3:
        return `+${this.#of(["logic", "agent", "__proto__", "toString", this.#text(9)])}`;
      case 4:
        return `S${this.#of(['["a.b"]', "[]", '["__proto__"]', '[""]', "[1]", this.#json()])}`;
      case 5:
        return message + this.#text(100);
      case 6:
        return message + this.#json();
      default:
        return `${message}${call}${pumps.name} ${this.#of(["add", "echo", "ping", "count", "__proto__"])}\t${this.#json()}`;
    }
  }

  #json(): string {
    return this.#of([
      "{",
      "null",
      '{"a":1}',
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"instance":"agent-aaaaaaaaaa","version":"1","since":"2025-01-02T03:04:05Z","observer":false,"serves":[],"__proto__":{}}',
      '{"$date":"x"}',
      "[".repeat(this.#below(5000)),
      `${"[".repeat(2000)}1${"]".repeat(2000)}`,
      `${'{"a":'.repeat(1500)}1${"}".repeat(1500)}`,
      `"${"x".repeat(this.#below(20_000))}"`,
      "1e999",
      '"\\ud800"',
    ]);
  }

  #text(length: number): string {
    return String.fromCharCode(...Array.from({ length: this.#below(length + 1) }, () => this.#below(0x3000)));
  }

  #of<T>(choices: ArrayLike<T>): T {
    const choice = choices[this.#below(choices.length)];
    if (choice === undefined) throw new Error("There is nothing to choose from.");
    return choice;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
