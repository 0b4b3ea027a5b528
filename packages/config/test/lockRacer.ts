// A process of its own: for each line on its standard input, the PEEK_HOME of a round, it tries to take the lock there,
// and prints what came of it. It holds what it got until its input ends.
import { createInterface } from "node:readline";
import { HomeLock, serviceHome } from "../src/index.ts";

const held: HomeLock[] = [];

function race(base: string): string {
  try {
    held.push(HomeLock.acquire(serviceHome("logic", { PEEK_HOME: base })));
    return "won";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

createInterface({ input: process.stdin }).on("line", (base) => void process.stdout.write(`${race(base)}\n`));
process.stdout.write("ready\n");
