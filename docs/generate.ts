import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commandHelp } from "./generator/commandHelp.ts";
import { exampleConfig } from "./generator/exampleConfig.ts";
import { errorsTable, exitCodesTable } from "./generator/errorTables.ts";
import { fillBlocks } from "./generator/fillBlocks.ts";
import { fillSnippets } from "./generator/fillSnippets.ts";
import { manifestSchema } from "./generator/manifestSchema.ts";
import { packageRulesTable } from "./generator/packageRulesTable.ts";
import { sharedModulesTable } from "./generator/sharedModulesTable.ts";
import { pages } from "./generator/pages.ts";
import { configSchema, configTable, manifestTable } from "./generator/schemaTables.ts";
import { workspaceDir } from "./generator/workspace.ts";

// Brings everything in the documents that is made from code up to date; `--check` only says what is not.

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

const blocks = {
  errors: errorsTable,
  "exit-codes": exitCodesTable,
  "config-keys": () => configTable(configSchema()),
  "config-example": exampleConfig,
  "manifest-keys": () => manifestTable(manifestSchema()),
  commands: commandHelp,
  "package-rules": packageRulesTable,
  "shared-modules": sharedModulesTable,
};

const filled = pages().map((file): readonly [string, string] => {
  const text = readFileSync(join(workspaceDir, file), "utf8");
  return [file, fillSnippets(file, fillBlocks(file, text, blocks))];
});
const wanted: readonly (readonly [string, string])[] = [
  ...filled,
  ["packages/plugin-base/plugin_package.schema.json", `${JSON.stringify(manifestSchema(), null, 2)}\n`],
];

const outdated = wanted.filter(([file, text]) => {
  const path = join(workspaceDir, file);
  return !existsSync(path) || readFileSync(path, "utf8") !== text;
});

for (const [file, text] of outdated) {
  if (!values.check) writeFileSync(join(workspaceDir, file), text);
  console.log(values.check ? `${file} is out of date` : `${file} written`);
}
if (values.check && outdated.length > 0) {
  console.log("Run pnpm make-docs.");
  process.exitCode = 1;
}
