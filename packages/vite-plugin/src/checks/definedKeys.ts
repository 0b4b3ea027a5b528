import { type ESTree, Visitor } from "vite";

/** The keys that a module passes to `definePluginWeb`. A list is undefined if it is not written out in the call. */
export interface DefinedKeys {
  readonly routes: readonly string[] | undefined;
  readonly commands: readonly string[] | undefined;
  readonly settings: boolean | undefined;
}

/** Reads the call of `definePluginWeb`; undefined if the module has none with an object as its argument. */
export function definedKeys(program: ESTree.Program): DefinedKeys | undefined {
  let found: DefinedKeys | undefined;
  new Visitor({
    CallExpression({ callee, arguments: [argument] }) {
      if (callee.type !== "Identifier" || callee.name !== "definePluginWeb") return;
      if (argument?.type === "ObjectExpression") found = keysOf(argument);
    },
  }).visit(program);
  return found;
}

function keysOf(definition: ESTree.ObjectExpression): DefinedKeys {
  const members = membersOf(definition);
  // Another object is spread into it.
  if (members === undefined) return { routes: undefined, commands: undefined, settings: undefined };
  const list = (name: string): readonly string[] | undefined => {
    const value = members.get(name);
    if (value === undefined) return [];
    const keys = value.type === "ObjectExpression" ? membersOf(value)?.keys() : undefined;
    return keys === undefined ? undefined : [...keys];
  };
  return { routes: list("routes"), commands: list("commands"), settings: members.has("settings") };
}

/** The members of an object by their names; undefined if some are computed or spread. */
function membersOf(object: ESTree.ObjectExpression): ReadonlyMap<string, ESTree.Node> | undefined {
  const members = new Map<string, ESTree.Node>();
  for (const member of object.properties) {
    const name = member.type === "Property" && !member.computed ? nameOf(member.key) : undefined;
    if (member.type !== "Property" || name === undefined) return undefined;
    members.set(name, member.value);
  }
  return members;
}

function nameOf(key: ESTree.Node): string | undefined {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" && typeof key.value === "string" ? key.value : undefined;
}
