// Says which tsconfig.json lacks a reference, before the compiler says something else: `node scripts/checkReferences.ts`.
import { dirname } from "node:path";
import { missingReferences } from "./missingReferences.ts";

const found = missingReferences(dirname(import.meta.dirname));
for (const line of found) console.error(line);
if (found.length > 0) process.exitCode = 1;
