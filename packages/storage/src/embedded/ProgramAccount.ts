import { join } from "node:path";
import { PeekError } from "@peek/errors";
import type { PostgresPackage } from "./PostgresPackage.ts";
import { runProgram } from "./runProgram.ts";

/** By whom PostgreSQL's programs are run: they refuse root. */
export interface ProgramAccount {
  /** What goes before a program and its arguments. It becomes the program, so that the process's id stays. */
  readonly prefix: readonly string[];
  /** To whom the data has to belong, outside of any namespace; undefined: to this account, which made it. */
  readonly owner: number | undefined;
}

/** Root that looks like another to itself. The files stay root's, and there is no right beyond that. */
const namespaced: ProgramAccount = {
  prefix: ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
  owner: 0,
};

/**
 * Another account that may open all files: the home is root's alone, and the folders above it may be anyone's. In
 * containers, where namespaces may not be made, mostly.
 */
const nobody: ProgramAccount = {
  prefix: [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
  ],
  owner: 65_534,
};

/**
 * By whom the programs can be run here.
 *
 * @param dir The folder in which they are to write.
 * @throws PeekError `STORAGE_EMBEDDED_UNSUPPORTED`
 */
export async function chooseProgramAccount(postgres: PostgresPackage, dir: string): Promise<ProgramAccount> {
  if (process.getuid?.() !== 0) return { prefix: [], owner: undefined };
  // Within a namespace root is kept from others' folders: whether the way to these is free shows only there.
  const reach = ["sh", "-c", 'test -x "$1" && test -w "$2"', "sh", join(postgres.bin, "postgres"), dir];
  if (await succeeds([...namespaced.prefix, ...reach])) return namespaced;
  if (await succeeds([...nobody.prefix, "true"])) return nobody;
  throw new PeekError(
    "STORAGE_EMBEDDED_UNSUPPORTED",
    "The embedded PostgreSQL refuses to be run by root, and neither unshare nor setpriv can give it another account here. Run the service by an ordinary account, or name a PostgreSQL server in storage.connectUrl.",
  );
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  try {
    return (await runProgram({ command, environment: { PATH: process.env["PATH"] } })).code === 0;
  } catch {
    // It is not installed.
    return false;
  }
}
