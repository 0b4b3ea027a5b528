import { statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { linkLibraries } from "./libraryLinks.ts";
import type { PostgresPackage } from "./PostgresPackage.ts";
import { chooseProgramAccount } from "./ProgramAccount.ts";
import type { ProgramCall } from "./runProgram.ts";

/** PostgreSQL's programs, prepared to run on this machine with this account. */
export interface PostgresPrograms {
  /** The required owner of the data, as a user id; undefined: this account. */
  readonly owner: number | undefined;
  /** The command line and environment of a program. */
  call(program: "initdb" | "postgres", args: readonly string[]): ProgramCall;
  /** Removes the temporary files of the preparation; the programs cannot be run any more. */
  readonly remove: () => void;
}

/**
 * Prepares the programs: chooses an account, and links the libraries.
 *
 * @throws PeekError `STORAGE_EMBEDDED_UNSUPPORTED`; Error of `node:fs`
 */
export async function preparePrograms(postgres: PostgresPackage, layout: EmbeddedLayout): Promise<PostgresPrograms> {
  const { prefix, owner } = await chooseProgramAccount(postgres, layout.dir, ownerOfData(layout));
  const { folders, remove } = linkLibraries(postgres, layout.libDir);
  const environment = programEnvironment(folders);
  return {
    owner,
    call: (program, args) => ({ command: [...prefix, join(postgres.bin, program), ...args], environment }),
    remove,
  };
}

function ownerOfData({ dataDir }: EmbeddedLayout): number | undefined {
  return statSync(dataDir, { throwIfNoEntry: false })?.uid;
}

/** The whole environment of the programs, without the variables of the user's shell, such as PGDATA. */
function programEnvironment(libraryFolders: readonly string[]): ProgramCall["environment"] {
  const search = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  return {
    PATH: process.env["PATH"],
    LC_ALL: "C",
    TZ: "UTC",
    ...(libraryFolders.length === 0 ? {} : { [search]: libraryFolders.join(delimiter) }),
  };
}
