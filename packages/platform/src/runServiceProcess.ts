import { parseArgs } from "node:util";
import { switchToOwnerOf, serviceHome } from "@peek/config";
import { ExitCode, messageOf, PeekError, toError } from "@peek/errors";
import { provideModules } from "@peek/kit";
import { sharedModuleUrls, shareModules } from "@peek/loader";
import { reportOwner } from "./launch.ts";
import { PeekService } from "./PeekService.ts";
import { ConsoleCapture } from "./process/ConsoleCapture.ts";
import { ExitGuard } from "./process/ExitGuard.ts";
import { GlobalsGuard } from "./process/GlobalsGuard.ts";
import { ListenerGuard } from "./process/ListenerGuard.ts";
import { ParentExitListener } from "./process/ParentExitListener.ts";
import { StopSignals } from "./process/StopSignals.ts";
import { UncaughtErrorHandler } from "./process/UncaughtErrorHandler.ts";
import { ViolationReporter } from "./process/ViolationReporter.ts";
import { type ServiceDefinition, serviceVersion } from "./ServiceDefinition.ts";

/**
 * Runs a service's process from its arguments to its exit code. It ends the process.
 *
 * @param argv The arguments after the program's name.
 */
export async function runServiceProcess(
  definition: ServiceDefinition,
  argv: readonly string[] = process.argv.slice(2),
): Promise<never> {
  const program = `run_peek_${definition.name}_service`;
  try {
    const { help, version, dev } = parse(argv, program);
    if (help) console.log(usage(program, definition));
    else if (version) console.log(serviceVersion(definition));
    else {
      const { dir } = serviceHome(definition.name);
      // A development start does not come through launch().
      reportOwner(switchToOwnerOf(dir, definition.dir), dir, program);
      return process.exit(await run(definition, dev));
    }
    return process.exit(ExitCode.ok);
  } catch (thrown) {
    if (!PeekError.is(thrown)) {
      console.error(toError(thrown).stack);
      return process.exit(ExitCode.internal);
    }
    console.error(`${program}: ${thrown.message}`);
    return process.exit(thrown.exitCode);
  }
}

const withoutInit =
  "This is process 1 of its container, but it does not reap processes whose parents have ended. Start the container with an init process: docker run --init, or init: true in a compose file";

async function run(definition: ServiceDefinition, development: boolean): Promise<ExitCode> {
  const ignoresHangup = takeFromEnvironment("PEEK_SIGHUP_IGNORED") === "1";
  using _shared = shareModules(import.meta.dirname);
  using _provided = provideModules(sharedModuleUrls(import.meta.dirname));
  const isSupervised = development && process.channel !== undefined;
  await using service = await PeekService.open(definition, {
    home: serviceHome(definition.name),
    development,
    // The next save does not wait.
    ...(isSupervised && { probeMs: 0 }),
  });
  const { promise: asked, resolve: ask } = Promise.withResolvers<ExitCode>();
  using _signals = new StopSignals({
    ignoresHangup,
    onFirst: (signal) => {
      service.logger.info("%s: stopping", signal);
      ask(ExitCode.ok);
    },
    onSecond: (exitCode) => {
      listeners.callExitListeners();
      process.exit(exitCode);
    },
    onIgnored: (signal) => service.logger.info("%s: ignored", signal),
  });
  using _parent = new ParentExitListener(() => {
    service.logger.info("The parent process, which runs this one for development, has ended: stopping");
    ask(ExitCode.ok);
  });
  if (process.pid === 1) service.logger.warning(withoutInit);
  const onFatal = (error: Error): void => {
    service.logger.critical({ err: error }, "Stopping because of an error outside all plugins: %s", messageOf(error));
    ask(ExitCode.internal);
  };
  const pluginAtFault = (error: Error): string | undefined => service.pluginAtFault(error);
  const reportUncaught = (error: Error): boolean => service.reportUncaught(error);
  using _console = new ConsoleCapture({ pluginAtFault, loggerOf: (plugin) => service.consoleLogger(plugin) });
  using _uncaught = new UncaughtErrorHandler({ reportUncaught, onFatal });
  using _exit = new ExitGuard({ pluginAtFault, reportUncaught });
  const violations = new ViolationReporter({
    pluginAtFault,
    onViolation: (plugin, what) =>
      service.logger.warning({ plugin }, "%s %s", plugin ?? "Code outside all plugins", what),
  });
  using listeners = new ListenerGuard(violations);
  using _globals = new GlobalsGuard(violations);
  service.defer(() => listeners.callExitListeners());
  using _alive = keepAlive();
  // An error that a person has to fix or wait for: its message says everything.
  const onFixable = (error: PeekError): void => {
    service.logger.critical({ code: error.code, ...error.fields }, "Stopping: %s", error.message);
    ask(error.exitCode);
  };
  // No other process needs this code.
  using reloads = isSupervised
    ? (await import("./development/reloadOnSave.ts")).reloadOnSave(definition, service)
    : undefined;
  service.start().then(
    () => reloads?.begin(),
    (thrown: unknown) => (PeekError.is(thrown) ? onFixable(thrown) : onFatal(toError(thrown))),
  );
  void service.fatal.then(onFixable);
  const exitCode = await asked;
  const troubled = await service.stop();
  return troubled.length > 0 || !service.closedCleanly ? ExitCode.internal : exitCode;
}

/** Reads a variable that is for this process only, and hides it from its child processes. */
function takeFromEnvironment(name: string): string | undefined {
  const value = process.env[name];
  Reflect.deleteProperty(process.env, name);
  return value;
}

/** Keeps the process running when its plugins have neither sockets nor timers. */
function keepAlive(): Disposable {
  const timer = setInterval(() => undefined, 2 ** 30);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function parse(
  argv: readonly string[],
  program: string,
): { readonly help: boolean; readonly version: boolean; readonly dev: boolean } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        help: { type: "boolean", short: "h", default: false },
        version: { type: "boolean", short: "v", default: false },
        dev: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (cause) {
    throw new PeekError("USAGE", `${messageOf(cause)}. See ${program} --help`, { cause });
  }
}

function usage(program: string, definition: ServiceDefinition): string {
  return `Usage: ${program} [options]

Runs the Peek ${definition.name} service until SIGINT or SIGTERM.
Its configuration is ${serviceHome(definition.name).configFile}, which is created when it is missing.

Options:
  --dev          create a missing configuration for development: level DEBUG, all plugins of the workspace enabled
  -v, --version  print the version
  -h, --help     print this

Environment:
  PEEK_HOME      the folder that contains the services' homes; default: the account's home folder

Exit codes:
  0 stopped as asked, 64 wrong arguments, 69 another process runs on this home, 70 a fault, 78 a mistake in the configuration;
  129, 130, 131, 143 or 158 ended at once by a second SIGHUP, SIGINT, SIGQUIT, SIGTERM or SIGPWR`;
}
