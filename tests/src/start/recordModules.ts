// Preloaded into a program by NODE_OPTIONS: notes each module that the program imports in the file PEEK_IMPORTS_FILE, one on
// a line, and the line that says `Ready`. It has no imports of its own from the workspace, and is no part of what it counts.
import fs, { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const file = process.env["PEEK_IMPORTS_FILE"];
const note = (line: string): void => {
  if (file !== undefined) appendFileSync(file, `${line}\n`);
};

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (resolved.url.startsWith("node:")) note(resolved.url);
    return resolved;
  },
  load(url, context, next) {
    if (url.startsWith("file:")) note(url);
    return next(url, context);
  },
});

const getBuiltinModule = process.getBuiltinModule.bind(process);
process.getBuiltinModule = (id: string) => {
  note(id.startsWith("node:") ? id : `node:${id}`);
  return getBuiltinModule(id);
};

// The console and the log file are written by this function.
const { writeSync } = fs;
fs.writeSync = (...values: readonly unknown[]): number => {
  if (String(values[1]).includes(":Ready in ")) note("Ready");
  return Number(Reflect.apply(writeSync, fs, values));
};
