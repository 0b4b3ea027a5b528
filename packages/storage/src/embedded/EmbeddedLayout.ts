import { join } from "node:path";

/** Where an embedded server keeps what. All paths are absolute. */
export interface EmbeddedLayout {
  /** The folder that holds all of it. */
  readonly dir: string;
  /** PostgreSQL's own files. */
  readonly dataDir: string;
  /** Locked by the server and its processes, for as long as one of them can write. */
  readonly lockFile: string;
  /** The password of the one account that exists from the beginning. */
  readonly passwordFile: string;
  /** Links between the libraries, where the package has none. */
  readonly libDir: string;
  /** The socket, when the path is short enough for one. */
  readonly socketFile: string;
  /** The port that clients know, when it is not. */
  readonly portFile: string;
}

/** The number in the name of the server's socket: nothing else has a socket in this folder. */
export const socketPort = 5432;

/** What is in the name of a file or folder that is being made. What has it after a start was left behind. */
export const draftMark = ".new-";

/** The layout of an embedded server's folder. */
export function embeddedLayout(dir: string): EmbeddedLayout {
  return {
    dir,
    dataDir: join(dir, "data"),
    lockFile: join(dir, "server.lock"),
    passwordFile: join(dir, "password"),
    libDir: join(dir, "lib"),
    socketFile: join(dir, `.s.PGSQL.${socketPort}`),
    portFile: join(dir, "port"),
  };
}
