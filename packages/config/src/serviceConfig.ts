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
      'The levels of single loggers, by name or by its beginning up to a dot: {"peek_plugin_x": "DEBUG"}. The longest match applies.',
    ),
  format: z.enum(["text", "json"]).default("text").describe("The format of lines, on the console and in the file."),
  timestamps: z.boolean().default(false).describe("Whether text on the console begins with date and time."),
  logToStdout: z.boolean().default(true).describe("Whether lines go to the console."),
  logToFile: z.boolean().default(true).describe("Whether lines go to log/peek-<service>-service.log in the home."),
  daysToKeep: z.int().min(1).max(3650).default(14).describe("For how many days log files are kept."),
  maxFileMegabytes: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe("The size at which a log file is rotated before the end of the day, in megabytes."),
});

const deadlinesSchema = z.strictObject({
  warnSeconds: seconds
    .default(5)
    .describe("The time in seconds after which a warning names a plugin whose hook has not settled."),
  migrateSeconds: seconds
    .default(3600)
    .describe(
      "The deadline in seconds for migrating a plugin's database schema; on the worker, for waiting until logic has done it.",
    ),
  loadSeconds: seconds.default(60).describe("The deadline for importing a plugin, and for its load(), in seconds."),
  startSeconds: seconds.default(60).describe("The deadline for start(), in seconds."),
  stopSeconds: seconds.default(10).describe("The deadline for stop(), in seconds."),
  unloadSeconds: seconds.default(10).describe("The deadline for unload(), in seconds."),
  suspendSeconds: seconds
    .default(10)
    .describe("How long a change of a plugin waits for the work under way of the plugins that it stops, in seconds."),
  probeSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(10)
    .describe(
      "How long a change of a plugin watches the new version for errors, in seconds; if it fails meanwhile, the version before runs again.",
    ),
  shutdownSeconds: seconds
    .default(30)
    .describe("The deadline for stopping and unloading all plugins together, in seconds."),
});

const pluginSchema = z.strictObject({
  enabled: z.array(z.string()).max(10_000).default([]).describe("The plugins to run, by name, in any order."),
  softwarePath: folder
    .default("plugin-software")
    .describe("The folder where plugins are installed, from archives or with npm; relative to the home, or absolute."),
  dataPath: folder
    .default("plugin-data")
    .describe("The folder that contains a folder for the files of each plugin; relative to the home, or absolute."),
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
    .describe("How long a start, or a change of a plugin, waits for a database that cannot be reached, in seconds."),
  poolSize: z.int().min(1).max(1000).default(2).describe("The maximum number of connections of each plugin."),
  acquireTimeoutSeconds: seconds
    .default(10)
    .describe("How long a query waits for a free or new connection of its plugin, in seconds."),
  statementTimeoutSeconds: seconds
    .default(60)
    .describe("The time limit of a statement in seconds, except in migrations."),
  idleInTransactionTimeoutSeconds: seconds.default(60).describe("How long a transaction may be idle, in seconds."),
});

const usersSchema = z.strictObject({
  sessionDays: z
    .number()
    .min(0.01)
    .max(3650)
    .default(30)
    .describe("How long a login lasts while it is used; days. An unused login ends after the same time."),
});

const tasksSchema = z.strictObject({
  threads: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe(
      "On a worker: the number of threads, each of which runs one heavy task at a time. Default: one for each processor core.",
    ),
  lightConcurrency: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe("On a worker: the maximum number of light tasks that run at a time, on its event loop."),
  keepResultsHours: z
    .number()
    .min(0.01)
    .max(24 * 3650)
    .default(168)
    .describe("How long the outputs of done tasks are kept, in hours."),
  keepDeadLettersDays: z
    .number()
    .min(0.01)
    .max(3650)
    .default(90)
    .describe("How long tasks that have failed for good are kept, in days."),
  lostAfterSeconds: z
    .int()
    .min(10)
    .max(3600)
    .default(20)
    .describe("On logic: the time in seconds without a heartbeat for a task after which another worker takes it."),
});

/** The schema of config.json, the same for all services. */
export const serviceConfigSchema = z.strictObject({
  logging: loggingSchema.prefault({}),
  plugin: pluginSchema.prefault({}),
  storage: storageSchema.prefault({}).describe("Read by logic and worker, when a plugin requires storage."),
  tasks: tasksSchema.prefault({}).describe("Read by logic and worker, when a plugin requires storage."),
  httpServer: httpServerSchema.prefault({}).describe("Read by logic, field and office."),
  users: usersSchema.prefault({}).describe("Read by logic: the sessions of users."),
  dataExchange: dataExchangeSchema
    .prefault({})
    .describe("How this service connects to the others. Logic reads only `nats`."),
});

/** A service's configuration, complete with defaults. */
export type ServiceConfig = z.infer<typeof serviceConfigSchema>;

/** A {@link ServiceConfig} with optional keys, as in a file or a test. */
export type ServiceConfigInput = z.input<typeof serviceConfigSchema>;

function isPostgresUrl(text: string): boolean {
  // Only PostgreSQL URLs may have an empty host, with a socket in ?host=.
  const url = URL.parse(text.replace("@/", "@socket/"));
  if (url === null || !["postgres:", "postgresql:"].includes(url.protocol)) return false;
  const sslMode = url.searchParams.get("sslmode");
  // An @ or / in the name of a database is most likely the rest of a password.
  const isNamed = url.username !== "" && /^\/[^@/]+$/.test(url.pathname);
  return isNamed && (sslMode === null || sslModes.includes(sslMode));
}
