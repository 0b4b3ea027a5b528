import { createInterface } from "node:readline";

/**
 * An argument as it was given; or, for `-`, the first line of standard input: what may hold a password need not stand
 * on a command line, where others on the machine see it.
 */
export async function secretArgument(text: string): Promise<string> {
  if (text !== "-") return text;
  try {
    // Not readFileSync(0): that wants the end of the input, which a person at a terminal does not give, and fails when
    // what is to come through a pipe has not come yet.
    for await (const line of createInterface({ input: process.stdin })) return line;
    return "";
  } finally {
    // Whoever writes into a pipe may keep it open. At a terminal, something may be asked yet.
    if (!process.stdin.isTTY) process.stdin.destroy();
  }
}
