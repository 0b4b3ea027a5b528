import { statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { makePrivateFolder } from "./keepOwner.ts";

/** The environment variables that say where things are. */
export interface HomeEnvironment {
  /** The folder in which the services' homes are. Default: the account's home folder. */
  readonly PEEK_HOME?: string | undefined;
}

/** Where a service keeps what is its own. All paths are absolute; only {@link createServiceHome} makes any of it. */
export interface ServiceHome {
  /** `~/peek-<service>-service.home`. */
  readonly dir: string;
  /** The service's configuration. */
  readonly configFile: string;
  /** Says which process runs on this home. */
  readonly lockFile: string;
  /** The service's log files. */
  readonly logDir: string;
  /** The embedded database: of the logic service, whose home it is in. */
  readonly postgresDir: string;
  /** The tokens that services are known by, and those that logic made for this machine: of the logic service. */
  readonly tokensDir: string;
  /** Users, their hashed passwords and sessions: of the logic service. */
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
 * Makes the home's folder, readable by its owner alone, where it is missing.
 *
 * @throws PeekError `HOME_UNUSABLE`
 */
export function createServiceHome(home: ServiceHome): void {
  try {
    makePrivateFolder(home.dir);
  } catch (cause) {
    // `recursive` forgives a folder that is there, and nothing else.
    const what = statSync(home.dir, { throwIfNoEntry: false })?.isFile() === true ? "it is a file" : messageOf(cause);
    throw new PeekError(
      "HOME_UNUSABLE",
      `The service's home ${home.dir} cannot be made: ${what}. Make it a folder that this account can write, or name another base folder in PEEK_HOME.`,
      { cause, fields: { home: home.dir } },
    );
  }
}

/**
 * Whether others than its owner can enter the home or write in it, though it is made so that they cannot: its mode in
 * octal then, or undefined when it is private.
 */
export function openToOthers(home: ServiceHome): string | undefined {
  const { mode } = statSync(home.dir);
  return (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8);
}

/** A folder named in config.json: absolute, `~/` of the account, or relative to the service's home. */
export function resolveInHome(home: ServiceHome, folder: string): string {
  if (folder === "~" || folder.startsWith("~/")) return join(homedir(), folder.slice(1));
  return isAbsolute(folder) ? folder : join(home.dir, folder);
}
