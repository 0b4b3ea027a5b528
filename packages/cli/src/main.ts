import { runCommandLine } from "./runCommandLine.ts";

// No process.exit(): what was printed into a pipe is to get through, and `peek run` goes on.
process.exitCode = await runCommandLine(process.argv);
