// A process of its own: for each line on its standard input, the PEEK_HOME of a round, it tries to take the lock there,
// and prints what came of it. It holds what it got until its input ends.
import { createInterface } from "node:readline";
import { lockHome, serviceHome } from "../src/index.ts";

const held: Disposable[] = [];

function race(base: string): string {
  try {
    held.push(lockHome(serviceHome("logic", { PEEK_HOME: base })));
    return "won";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

createInterface({ input: process.stdin }).on("line", (base) => void process.stdout.write(`${race(base)}\n`));
process.stdout.write("ready\n");
