import { userInfo } from "node:os";
import { join } from "node:path";
import { PeekError } from "@peek/errors";
import type { PostgresPackage } from "./PostgresPackage.ts";
import { runProgram } from "./runProgram.ts";

/** The account that runs PostgreSQL's programs, which refuse to run as root. */
export interface ProgramAccount {
  /** The command before a program and its arguments. It executes the program in the same process. */
  readonly prefix: readonly string[];
  /** The required owner of the data, as a user id outside of any namespace; undefined: this account. */
  readonly owner: number | undefined;
}

/** Root in a user namespace that shows another user id. The files stay root's, and the programs get no further rights. */
const namespaced: ProgramAccount = {
  prefix: ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
  owner: 0,
};

/**
 * An account without a name, as in containers that run with an arbitrary user id: `initdb` requires a name. In the
 * namespace it has the id of `nobody`, which every system has; the files belong to the account itself.
 */
const nameless: ProgramAccount = {
  prefix: ["unshare", "--user", "--map-user=65534", "--map-group=65534"],
  owner: undefined,
};

/** The user id of `nobody`, who owns no files. For containers, where namespaces are mostly not allowed. */
const nobody = 65_534;

/** Another account with the right to open all files, since the home is accessible to root only. */
function otherAccount(uid: number): ProgramAccount {
  const caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  return { prefix: ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", ...caps], owner: uid };
}

/**
 * Chooses the account to run the programs with.
 *
 * @param dir The folder in which they write.
 * @param dataOwner The owner of existing data; undefined where there is none.
 * @throws PeekError `STORAGE_EMBEDDED_UNSUPPORTED`
 */
export async function chooseProgramAccount(
  postgres: PostgresPackage,
  dir: string,
  dataOwner: number | undefined,
): Promise<ProgramAccount> {
  if (process.getuid?.() !== 0) {
    return !hasName() && (await succeeds([...nameless.prefix, "true"])) ? nameless : { prefix: [], owner: undefined };
  }
  // Existing data keeps its owner.
  if (dataOwner !== undefined && dataOwner !== 0 && dataOwner !== nobody) return otherAccount(dataOwner);
  // In a namespace, root has no access to the folders of others: only a test there shows whether these are accessible.
  const accessTest = ["sh", "-c", 'test -x "$1" && test -w "$2"', "sh", join(postgres.bin, "postgres"), dir];
  if (await succeeds([...namespaced.prefix, ...accessTest])) return namespaced;
  if (await succeeds([...otherAccount(nobody).prefix, "true"])) return otherAccount(nobody);
  throw new PeekError(
    "STORAGE_EMBEDDED_UNSUPPORTED",
    "The embedded PostgreSQL refuses to run as root, and neither unshare nor setpriv can switch to another account here. Run the service with an ordinary account, or name a PostgreSQL server in storage.connectUrl.",
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
    // The program is not installed.
    return false;
  }
}
