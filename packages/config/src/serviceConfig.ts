import { z } from "zod";
import { dataExchangeSchema } from "./exchangeConfig.ts";
import { httpServerSchema } from "./httpServerConfig.ts";

/** The levels of `logging.level`, lowest first. */
export const logLevels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;

/** A level of the log, in the users' words. */
export type LogLevel = (typeof logLevels)[number];

const level = z.enum(logLevels);
const folder = z.string().min(1).max(4096);
const seconds = z.number().positive().max(86_400);

const loggingSchema = z.strictObject({
  level: level.default("INFO").describe("Lines below this level are not written."),
  levels: z
    .record(z.string().min(1), level)
    .default({})
    .describe(
      'Levels of single loggers, by name or by the beginning of it up to a dot: {"peek_plugin_x": "DEBUG"}. The longest that fits wins.',
    ),
  format: z.enum(["text", "json"]).default("text").describe("How lines look, on the console and in the file."),
  timestamps: z.boolean().default(false).describe("Whether text on the console begins with date and time."),
  logToStdout: z.boolean().default(true).describe("Whether lines go to the console."),
  logToFile: z.boolean().default(true).describe("Whether lines go to log/peek-<service>-service.log in the home."),
  daysToKeep: z.int().min(1).max(3650).default(14).describe("How many days' log files are kept."),
  maxFileMegabytes: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe("A day's log file is rotated sooner when it is larger than this; megabytes."),
});

const deadlinesSchema = z.strictObject({
  warnSeconds: seconds.default(5).describe("After this long in one hook, a warning names the plugin; seconds."),
  migrateSeconds: seconds
    .default(3600)
    .describe(
      "What migrating a plugin's database schema may take; on the worker, waiting for logic to do it; seconds.",
    ),
  loadSeconds: seconds.default(60).describe("What importing a plugin, and then its load(), may take each; seconds."),
  startSeconds: seconds.default(60).describe("What start() may take; seconds."),
  stopSeconds: seconds.default(10).describe("What stop() may take; seconds."),
  unloadSeconds: seconds.default(10).describe("What unload() may take; seconds."),
  shutdownSeconds: seconds.default(30).describe("What stopping and unloading all plugins may take together; seconds."),
});

const pluginSchema = z.strictObject({
  enabled: z.array(z.string()).max(10_000).default([]).describe("The plugins to run, by name. Their order is free."),
  softwarePath: folder
    .default("plugin-software")
    .describe("A folder in which plugins were installed with npm; relative to the home, or absolute."),
  dataPath: folder
    .default("plugin-data")
    .describe("Where each plugin has a folder for its files; relative to the home, or absolute."),
  deadlines: deadlinesSchema.prefault({}).describe("How long a plugin's hooks are waited for."),
});

const sslModes = ["disable", "require", "verify-ca", "verify-full"];

const storageSchema = z.strictObject({
  connectUrl: z
    .string()
    .max(4096)
    .refine(isPostgresUrl, {
      error: `a URL such as "postgresql://user:password@host:5432/database", with @ and / in the password as %40 and %2F, and ?sslmode= being ${sslModes.join(", ")}`,
    })
    .optional()
    .describe(
      'The PostgreSQL server and database: "postgresql://user:password@host:5432/database?sslmode=verify-full". Default: the embedded PostgreSQL of the logic service on this machine.',
    ),
  retrySeconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(60)
    .describe("How long a start waits for a database that cannot be reached, before it gives up; seconds."),
  poolSize: z.int().min(1).max(1000).default(2).describe("How many connections each plugin may have at most."),
  acquireTimeoutSeconds: seconds
    .default(10)
    .describe("How long work waits for one of the plugin's connections to be free, or to be made; seconds."),
  statementTimeoutSeconds: seconds
    .default(60)
    .describe("What one statement of a plugin may take; migrations are free of it; seconds."),
  idleInTransactionTimeoutSeconds: seconds
    .default(60)
    .describe("How long a plugin's transaction may stay open with no statement running; seconds."),
});

const usersSchema = z.strictObject({
  sessionDays: z
    .number()
    .min(0.01)
    .max(3650)
    .default(30)
    .describe("How long a login lasts while it is used; days. Without use it ends as well after that long."),
});

const tasksSchema = z.strictObject({
  threads: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe(
      "On a worker: how many heavy tasks run at a time, each in a thread. Default: one for each processor core.",
    ),
  lightConcurrency: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe("On a worker: how many light tasks run at a time, on its event loop."),
  keepResultsHours: z
    .number()
    .min(0.01)
    .max(24 * 3650)
    .default(168)
    .describe("How long the outputs of tasks are kept after they were done; hours."),
  keepDeadLettersDays: z
    .number()
    .min(0.01)
    .max(3650)
    .default(90)
    .describe("How long tasks that have failed for good are kept; days."),
  lostAfterSeconds: z
    .int()
    .min(10)
    .max(3600)
    .default(20)
    .describe("On logic: a worker that says nothing of a task for so long has lost it, and another takes it; seconds."),
});

/** The schema of config.json, the same for all services. */
export const serviceConfigSchema = z.strictObject({
  logging: loggingSchema.prefault({}),
  plugin: pluginSchema.prefault({}),
  storage: storageSchema.prefault({}).describe("Read by logic and worker, when a plugin requires storage."),
  tasks: tasksSchema.prefault({}).describe("Read by logic and worker, when a plugin requires storage."),
  httpServer: httpServerSchema.prefault({}).describe("Read by logic, field and office."),
  users: usersSchema.prefault({}).describe("Read by logic: who logs in on field and office."),
  dataExchange: dataExchangeSchema
    .prefault({})
    .describe("How this service reaches the others; all but `nats` is for those other than logic."),
});

/** A service's configuration, complete with defaults. */
export type ServiceConfig = z.infer<typeof serviceConfigSchema>;

/** What a person or a test may leave out of a {@link ServiceConfig}. */
export type ServiceConfigInput = z.input<typeof serviceConfigSchema>;

function isPostgresUrl(text: string): boolean {
  // An empty host, as a socket named by ?host= has it, is what URLs of other schemes cannot have.
  const url = URL.parse(text.replace("@/", "@socket/"));
  if (url === null || !["postgres:", "postgresql:"].includes(url.protocol)) return false;
  const sslMode = url.searchParams.get("sslmode");
  // Either in the name of a database is most likely the rest of a password.
  const isNamed = url.username !== "" && /^\/[^@/]+$/.test(url.pathname);
  return isNamed && (sslMode === null || sslModes.includes(sslMode));
}
