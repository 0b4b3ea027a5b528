import { RawClient } from "./RawClient.ts";
import { itemsOf, loadName } from "./loadPlugin.ts";

/** The number of messages of one connection before its state is checked: more than a service tolerates. */
const framesEach = 30;
const atATime = 16;

/** The results. */
export interface FuzzFigures {
  readonly frames: number;
  readonly connections: number;
  /** The number of errors by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** The codes with which connections were closed. */
  readonly closes: Readonly<Record<number, number>>;
}

/** Random numbers from 0 to 1, determined by a seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const act = {
  ...{ type: `${loadName}.Note`, body: '{"lane":"x","n":"no number"}', client: "fuzz", lane: "fuzz" },
  ...{ seq: 1, after: 0, acked: 0, at: "", watch: [] },
};
const seeds = [
  { t: "sub", id: 1, sel: itemsOf(0), at: { epoch: "x", offset: 3, digest: "0" } },
  { t: "sub", id: 2, sel: itemsOf(1) },
  { t: "unsub", id: 1 },
  { t: "act", id: 1, act },
  { t: "beat" },
].map((message) => JSON.stringify(message));
const strange = [
  "\\u0000",
  "[[[[",
  "__proto__",
  "1e999",
  "-0",
  "null",
  '"',
  "\ud800",
  "9".repeat(400),
  "{".repeat(2000),
];

function frame(random: () => number): string | Uint8Array {
  const pick = <T>(list: readonly T[], other: T): T => list[Math.floor(random() * list.length)] ?? other;
  if (random() < 0.1) return Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256);
  let text = pick(seeds, "");
  for (let changes = Math.floor(random() * 5); changes >= 0; changes -= 1) {
    const at = Math.floor(random() * text.length);
    const until = at + Math.floor(random() * 8);
    text = text.slice(0, at) + pick([...strange, "", "7", "t"], "") + text.slice(until);
  }
  return text;
}

/** Sends nearly valid messages, random frames, and bytes that are no frames. */
export async function fuzz(url: string, frames: number): Promise<FuzzFigures> {
  const codes: Record<string, number> = {};
  const closes: Record<number, number> = {};
  let connections = 0;
  let sent = 0;
  const some = async (): Promise<void> => {
    while (sent < frames) {
      connections += 1;
      const random = randomOf(connections);
      const isRaw = connections % 10 === 0;
      await using client = await RawClient.open(url);
      for (let count = 0; count < framesEach; count += 1) {
        const each = frame(random);
        if (isRaw) client.write(Buffer.from(each));
        else client.send(each);
      }
      sent += framesEach;
      client.send({ t: "sub", id: 999_999, sel: "none" });
      await client.until(() => client.closed !== undefined || client.heard.some(({ id }) => id === 999_999));
      for (const { code } of client.heard) if (code !== undefined) codes[code] = (codes[code] ?? 0) + 1;
      if (client.closed !== undefined) closes[client.closed.code] = (closes[client.closed.code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, some));
  return { frames: sent, connections, codes, closes };
}
