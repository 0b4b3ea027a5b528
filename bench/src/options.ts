import { parseArgs } from "node:util";

/** The groups of cases. */
const suiteNames = [
  "plugins",
  "cold",
  "memory",
  "reload",
  "queries",
  "starts",
  "migrations",
  "rpc",
  "nats",
  "connections",
  "fanout",
  "deltas",
  "commits",
  "actions",
  "tasks",
  "web",
] as const;

/** Groups that run only when they are named, because they take long. */
const namedOnly = ["backlog"] as const;

/** A group of cases, as `--only` names it. */
export type SuiteName = (typeof suiteNames)[number] | (typeof namedOnly)[number];

/** The options of the command line. */
export interface Options {
  /** The number of measured runs of each case, after one run that warms the caches. */
  readonly runs: number;
  readonly only: readonly SuiteName[];
}

/** @throws Error when an argument is invalid. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { runs: { type: "string", default: "7" }, only: { type: "string", multiple: true } },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`--runs takes a whole number of 1 or more, not ${values.runs}`);
  }
  return { runs, only: values.only?.map(suiteName) ?? suiteNames };
}

function suiteName(text: string): SuiteName {
  const names = [...suiteNames, ...namedOnly];
  const name = names.find((each) => each === text);
  if (name === undefined) throw new Error(`--only takes ${names.join(", ")}, not ${text}`);
  return name;
}
