import { describeValue, PeekError } from "@peek/errors";
import { z } from "zod";
import { checkContractName } from "./contractName.ts";
import { isRecord } from "./encoding/isRecord.ts";
import type { RpcContract, RpcProcedures } from "./RpcContract.ts";
import { isSafeName } from "./safeName.ts";

const identifier = /^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/;
const schemaFields = ["input", "output", "stream"];
const procedureFields: ReadonlySet<PropertyKey> = new Set([...schemaFields, "errors"]);

/**
 * Defines a set of procedures, shared by servers and callers.
 *
 * ```ts
 * export const rpcForAgent = defineRpc("peek_plugin_tutorial.RpcForAgent", {
 *   addInts: { input: z.object({ a: z.int(), b: z.int() }), output: z.int() },
 *   updateStatus: { input: z.string(), errors: { unknownAgent: z.object({ name: z.string() }) } },
 *   watch: { stream: z.string() },
 * });
 * ```
 *
 * Schemas must be synchronous. A schema drops unknown fields of objects, so that either side may have a newer version.
 *
 * @param name `<plugin>.<Name>`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function defineRpc<const Procedures extends RpcProcedures>(
  name: string,
  procedures: Procedures,
): RpcContract<Procedures> {
  const plugin = checkContractName("an RPC contract", name);
  const checked = copyRecord(name, "the procedures", procedures);
  for (const [procedure, definition] of Object.entries(checked)) {
    checked[procedure] = checkProcedure(name, procedure, definition);
  }
  // A copy with the same fields, each of which was checked.
  return Object.freeze({ name, plugin, procedures: Object.freeze(checked) as Procedures });
}

function checkProcedure(contract: string, name: string, definition: unknown): object {
  checkName(contract, "procedure", name);
  if (name === "then") {
    throw invalid(
      contract,
      "no procedure can be called then: what has one is taken for a promise. Give it another name",
    );
  }
  const procedure = copyRecord(contract, `the procedure ${name}`, definition);
  for (const [field, value] of Object.entries(procedure)) {
    if (!procedureFields.has(field)) {
      throw invalid(contract, `the procedure ${name} has a field ${describeValue(field)}. There are ${fieldNames}`);
    }
    // JavaScript allows `output: condition ? schema : undefined`.
    if (value === undefined) delete procedure[field];
    else if (field === "errors") procedure[field] = checkErrors(contract, name, value);
    else checkSchema(contract, `the ${field} of ${name}`, value);
  }
  if ("output" in procedure && "stream" in procedure) {
    throw invalid(contract, `the procedure ${name} has both output and stream. Leave out one`);
  }
  return Object.freeze(procedure);
}

const fieldNames = `${schemaFields.join(", ")} and errors`;

function checkErrors(contract: string, procedure: string, errors: unknown): object {
  const checked = copyRecord(contract, `the errors of ${procedure}`, errors);
  for (const [name, schema] of Object.entries(checked)) {
    checkName(contract, `error of ${procedure}`, name);
    checkSchema(contract, `the error ${name} of ${procedure}`, schema);
  }
  return Object.freeze(checked);
}

function checkName(contract: string, kind: string, name: string): void {
  if (identifier.test(name) && isSafeName(name)) return;
  throw invalid(
    contract,
    `no ${kind} can be called ${describeValue(name)}. It has to be an identifier of at most 100 characters that is not a property of all objects, such as addInts`,
  );
}

function checkSchema(contract: string, what: string, schema: unknown): void {
  if (schema instanceof z.ZodType) return;
  throw invalid(contract, `${what} has to be a zod schema, such as z.string()`);
}

/** A copy without a prototype: a peer's name is found in it only if it was defined. */
function copyRecord(contract: string, what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || !isRecord(value)) {
    throw invalid(contract, `${what} must be a plain object, with no __proto__`);
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw invalid(contract, `${what} cannot have symbols for names`);
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, each] of Object.entries(value)) copy[name] = each;
  return copy;
}

function invalid(name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The RPC contract ${name} cannot be defined: ${what}.`, {
    fields: { name },
  });
}
