import { statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { makePrivateFolder } from "./ownership.ts";

/** The environment variables for paths. */
export interface HomeEnvironment {
  /** The folder that contains the services' homes. Default: the account's home folder. */
  readonly PEEK_HOME?: string | undefined;
}

/** The folders and files of a service. All paths are absolute; only {@link createServiceHome} creates anything. */
export interface ServiceHome {
  /** `~/peek-<service>-service.home`. */
  readonly dir: string;
  /** The service's configuration. */
  readonly configFile: string;
  /** Names the process that runs on this home. */
  readonly lockFile: string;
  /** The service's log files. */
  readonly logDir: string;
  /** The embedded database, in the home of logic. */
  readonly postgresDir: string;
  /** The hashes of the services' tokens, and the tokens that logic created for this machine, in the home of logic. */
  readonly tokensDir: string;
  /** Users, their hashed passwords and sessions, in the home of logic. */
  readonly usersDir: string;
}

/** The home of a service, by its name: `logic`, `field`, `office`, `worker` or `agent`. */
export function serviceHome(service: string, environment: HomeEnvironment = process.env): ServiceHome {
  const base = environment.PEEK_HOME === undefined || environment.PEEK_HOME === "" ? homedir() : environment.PEEK_HOME;
  const dir = join(resolve(base), `peek-${service}-service.home`);
  return {
    dir,
    configFile: join(dir, "config.json"),
    lockFile: join(dir, "service.lock"),
    logDir: join(dir, "log"),
    postgresDir: join(dir, "postgresql"),
    tokensDir: join(dir, "tokens"),
    usersDir: join(dir, "users"),
  };
}

/** The home of another service beside a service's own. */
export function siblingHome(home: ServiceHome, service: string): ServiceHome {
  return serviceHome(service, { PEEK_HOME: dirname(home.dir) });
}

/**
 * Creates the folder of the home, with access for its owner only, where it is missing.
 *
 * @throws PeekError `HOME_UNUSABLE`
 */
export function createServiceHome(home: ServiceHome): void {
  try {
    makePrivateFolder(home.dir);
  } catch (cause) {
    // `recursive` accepts only an existing folder.
    const what = statSync(home.dir, { throwIfNoEntry: false })?.isFile() === true ? "it is a file" : messageOf(cause);
    throw new PeekError(
      "HOME_UNUSABLE",
      `The service's home ${home.dir} cannot be created: ${what}. Make it a folder that this account can write, or name another base folder in PEEK_HOME.`,
      { cause, fields: { home: home.dir } },
    );
  }
}

/**
 * The mode of the home in octal, if other accounts than its owner can enter it or write in it; undefined when it is private,
 * as Peek creates it.
 */
export function insecureModeOf(home: ServiceHome): string | undefined {
  const { mode } = statSync(home.dir);
  return (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8);
}

/** A folder named in config.json: absolute, `~/` of the account, or relative to the service's home. */
export function resolveInHome(home: ServiceHome, folder: string): string {
  if (folder === "~" || folder.startsWith("~/")) return join(homedir(), folder.slice(1));
  return isAbsolute(folder) ? folder : join(home.dir, folder);
}
