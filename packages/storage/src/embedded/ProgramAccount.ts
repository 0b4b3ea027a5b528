import { userInfo } from "node:os";
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
 * An account that the system has no name for, as containers are given any number: `initdb` asks for the name. To itself
 * it looks like one that every system has; the files are of the account as it is.
 */
const nameless: ProgramAccount = {
  prefix: ["unshare", "--user", "--map-user=65534", "--map-group=65534"],
  owner: undefined,
};

/** Owns nothing, on any system. In containers, where namespaces may not be made, mostly. */
const nobody = 65_534;

/** Another account that may open all files: the home is root's alone, and the folders above it may be anyone's. */
function another(uid: number): ProgramAccount {
  const caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  return { prefix: ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", ...caps], owner: uid };
}

/**
 * By whom the programs can be run here.
 *
 * @param dir The folder in which they are to write.
 * @param present To whom the data belongs that is there; undefined where there is none.
 * @throws PeekError `STORAGE_EMBEDDED_UNSUPPORTED`
 */
export async function chooseProgramAccount(
  postgres: PostgresPackage,
  dir: string,
  present: number | undefined,
): Promise<ProgramAccount> {
  if (process.getuid?.() !== 0) {
    return !hasName() && (await succeeds([...nameless.prefix, "true"])) ? nameless : { prefix: [], owner: undefined };
  }
  // It stays with the account that it was given to.
  if (present !== undefined && present !== 0 && present !== nobody) return another(present);
  // Within a namespace root is kept from others' folders: whether the way to these is free shows only there.
  const reach = ["sh", "-c", 'test -x "$1" && test -w "$2"', "sh", join(postgres.bin, "postgres"), dir];
  if (await succeeds([...namespaced.prefix, ...reach])) return namespaced;
  if (await succeeds([...another(nobody).prefix, "true"])) return another(nobody);
  throw new PeekError(
    "STORAGE_EMBEDDED_UNSUPPORTED",
    "The embedded PostgreSQL refuses to be run by root, and neither unshare nor setpriv can give it another account here. Run the service by an ordinary account, or name a PostgreSQL server in storage.connectUrl.",
  );
}

function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  try {
    return (await runProgram({ command, environment: { PATH: process.env["PATH"] } })).code === 0;
  } catch {
    // It is not installed.
    return false;
  }
}
