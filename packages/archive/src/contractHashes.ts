import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "@peek/errors";
import { z } from "zod";
import type { ContractHash } from "./ArchiveManifest.ts";
import { readNpmPackage } from "./NpmPackage.ts";
import { packError } from "./packError.ts";
import { packageFiles } from "./packageFiles.ts";

/** Where contracts are by convention: the modules in a folder `contracts`. */
const contractModule = /(?:^|\/)contracts\/[^/]+\.js$/;

/**
 * The structural hashes of the contracts that a plugin declares: of the names, fields and types that others depend on, not of its code.
 * Importing the built modules runs their code.
 *
 * @param dir The plugin's package, built.
 * @param plugin Its name: contracts of other plugins that its modules export do not count.
 * @throws PeekError `PLUGIN_NOT_PACKABLE` when a module cannot be imported.
 */
export async function contractHashes(dir: string, plugin: string): Promise<readonly ContractHash[]> {
  const modules = packageFiles(readNpmPackage(dir)).filter((path) => contractModule.test(path));
  const hashes = new Map<string, ContractHash>();
  for (const path of modules) {
    for (const exported of Object.values(await importModule(dir, path))) {
      const hash = contractHash(exported, plugin);
      if (hash !== undefined) hashes.set(`${hash.kind} ${hash.name}`, hash);
    }
  }
  return [...hashes.values()];
}

async function importModule(dir: string, path: string): Promise<object> {
  try {
    const module: unknown = await import(pathToFileURL(join(dir, path)).href);
    return typeof module === "object" && module !== null ? module : {};
  } catch (cause) {
    throw packError(dir, `has a module ${path} with contracts, which cannot be imported: ${messageOf(cause)}`, cause);
  }
}

const schema = z.custom<z.core.$ZodType>((value) => typeof value === "object" && value !== null && "_zod" in value);
const named = { name: z.string(), plugin: z.string() };
const rpc = z.object({
  ...named,
  procedures: z.record(
    z.string(),
    z.object({
      input: schema.optional(),
      output: schema.optional(),
      stream: schema.optional(),
      errors: z.record(z.string(), schema).optional(),
    }),
  ),
});
const tuple = z.object({ ...named, schema, key: z.array(z.string()) });
const task = z.object({ ...named, input: schema, output: schema.optional(), weight: z.string(), version: z.int() });
const action = z.object({ ...named, schema, result: schema.optional() });

/** The hash of a contract of a plugin; undefined for anything else that a module exports. */
function contractHash(exported: unknown, plugin: string): ContractHash | undefined {
  const known = [
    { kind: "rpc", checked: rpc.safeParse(exported) },
    { kind: "tuple", checked: tuple.safeParse(exported) },
    { kind: "task", checked: task.safeParse(exported) },
    { kind: "action", checked: action.safeParse(exported) },
  ] as const;
  const found = known.find(({ checked }) => checked.success);
  if (found?.checked.data === undefined || found.checked.data.plugin !== plugin) return undefined;
  const { name, plugin: _, ...structure } = found.checked.data;
  const text = JSON.stringify(comparable(structure));
  return { kind: found.kind, name, sha256: createHash("sha256").update(text).digest("hex") };
}

/** A copy with JSON Schemas in place of zod's, and with everything in order whose order has no meaning. */
function comparable(value: unknown, key?: string): unknown {
  const checked = schema.safeParse(value);
  if (checked.success) {
    const jsonSchema = (io: "input" | "output"): unknown =>
      z.toJSONSchema(checked.data, { io, unrepresentable: "any", cycles: "ref" });
    return comparable({ input: jsonSchema("input"), output: jsonSchema("output") });
  }
  if (Array.isArray(value)) {
    const items = value.map((each) => comparable(each));
    return key === "required" ? items.sort((one, other) => (String(one) < String(other) ? -1 : 1)) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, each]) => [key, comparable(each, key)]),
  );
}
