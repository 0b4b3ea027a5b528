import { statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { linkLibraries } from "./libraryLinks.ts";
import type { PostgresPackage } from "./PostgresPackage.ts";
import { chooseProgramAccount } from "./ProgramAccount.ts";
import type { ProgramCall } from "./runProgram.ts";

/** PostgreSQL's programs, ready to be run on this machine by this account. */
export interface PostgresPrograms {
  /** To whom the data has to belong; undefined: to this account, which made it. */
  readonly owner: number | undefined;
  /** How to run one of them. */
  call(program: "initdb" | "postgres", args: readonly string[]): ProgramCall;
  /** Removes what was made for them alone: they cannot be run any more. */
  readonly remove: () => void;
}

/**
 * Makes what the programs need to be run.
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

/** All the programs get to know: nothing of what the user's shell has for other PostgreSQL clients and servers. */
function programEnvironment(libraryFolders: readonly string[]): ProgramCall["environment"] {
  const search = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  return {
    PATH: process.env["PATH"],
    LC_ALL: "C",
    TZ: "UTC",
    ...(libraryFolders.length === 0 ? {} : { [search]: libraryFolders.join(delimiter) }),
  };
}
