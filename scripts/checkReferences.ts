// Reports references that tsconfig.json files lack, before the compiler reports misleading errors: `node scripts/checkReferences.ts [workspace]`.
import { dirname } from "node:path";
import { missingReferences } from "./missingReferences.ts";

const found = missingReferences(process.argv[2] ?? dirname(import.meta.dirname));
for (const line of found) console.error(line);
if (found.length > 0) process.exitCode = 1;
