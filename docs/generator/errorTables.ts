import { errorCatalogue, ExitCode } from "@peek/errors";
import { codeSpans } from "./codeSpans.ts";
import { markdownTable } from "./markdownTable.ts";

/** Every error code: what it means, what to do, what the process ends with. */
export function errorsTable(): string {
  return Object.entries(errorCatalogue)
    .map(
      ([code, { meaning, resolution, exitCode }]) => `### ${code}

${codeSpans(meaning)}

What to do: ${codeSpans(resolution)}

Exit code, when it ends a process: ${exitCode}`,
    )
    .join("\n\n");
}

/** Every exit code, with the errors that lead to it. */
export function exitCodesTable(): string {
  const rows = Object.entries(ExitCode).map(([name, number]) => {
    const codes = Object.entries(errorCatalogue).flatMap(([code, entry]) => (entry.exitCode === number ? [code] : []));
    return [String(number), name, codes.map((code) => `[${code}](#${code.toLowerCase()})`).join(", ") || "-"];
  });
  return markdownTable(["exit code", "name", "errors"], rows);
}
