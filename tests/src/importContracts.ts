import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import { workspaceDir } from "./workspace.ts";

/** A row of the tutorial's table. */
export interface StringInt {
  readonly id: number;
  readonly string1: string;
  readonly int1: number;
}

/** The contracts of the tutorial's page and logic. */
export interface TutorialContracts {
  readonly StringIntTuple: TupleType<StringInt>;
  readonly AddIntValue: ActionType<{ readonly id: number; readonly offset: number }>;
  readonly StringCapToggle: ActionType<{ readonly id: number }>;
}

/** The contracts of the tutorial, from its build, like those of its page. */
export async function tutorialContracts(): Promise<TutorialContracts> {
  const dir = join(workspaceDir, "plugins", "peek-plugin-tutorial", "dist", "_private", "contracts");
  const names = ["StringIntTuple", "AddIntValue", "StringCapToggle"];
  const modules = await Promise.all(names.map((name) => importContracts<object>(join(dir, `${name}.js`))));
  return Object.assign({}, ...modules) as TutorialContracts;
}

/** Imports a file. The caller knows the type of its exports. */
export async function importContracts<Contracts>(file: string): Promise<Contracts> {
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Contracts;
}
