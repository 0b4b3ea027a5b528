import { join } from "node:path";

/** The files of an embedded server, as absolute paths. */
export interface EmbeddedLayout {
  /** The folder that contains all others. */
  readonly dir: string;
  /** PostgreSQL's own files. */
  readonly dataDir: string;
  /** Locked by the server and its processes until the last of them has ended. */
  readonly lockFile: string;
  /** The password of the database's owner. */
  readonly passwordFile: string;
  /** Symbolic links between the libraries, where the package has none. */
  readonly libDir: string;
  /** The socket, if its path is short enough. */
  readonly socketFile: string;
  /** The file with the TCP port, if it is not. */
  readonly portFile: string;
}

/** The number in the name of the server's socket. It cannot collide: no other server has a socket in this folder. */
export const socketPort = 5432;

/** A part of the names of temporary files and folders. After a start, these are remains of a process that was killed. */
export const temporaryMark = ".new-";

/** The files of the embedded server in a folder. */
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
