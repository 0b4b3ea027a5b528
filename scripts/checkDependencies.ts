// Reports the dependencies between packages that are not allowed: `node scripts/checkDependencies.ts [workspace]`.
import { dirname } from "node:path";
import { forbiddenDependencies } from "./forbiddenDependencies.ts";

const found = forbiddenDependencies(process.argv[2] ?? dirname(import.meta.dirname));
for (const line of found) console.error(line);
if (found.length > 0) process.exitCode = 1;
