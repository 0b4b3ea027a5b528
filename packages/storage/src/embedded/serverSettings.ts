import type { EmbeddedLayout } from "./EmbeddedLayout.ts";

/** Where a server takes connections: the socket in its folder, or a port of the loopback device. */
export type ServerAddress = { readonly kind: "socket" } | { readonly kind: "port"; readonly port: number };

/** What the settings depend on. */
export interface SettingsInput {
  readonly layout: EmbeddedLayout;
  readonly address: ServerAddress;
  /** Connections of accounts that are not PostgreSQL's superuser. */
  readonly maxConnections: number;
  /** What goes before the settings here. */
  readonly further: Readonly<Record<string, string>>;
}

/** Connections beyond those of plain accounts, with which the owner can always look. */
const reservedConnections = 3;

/** The arguments with which the server is started. The file postgresql.conf is left as it was made. */
export function serverArguments(input: SettingsInput): readonly string[] {
  const settings = { ...fixedSettings(input), ...input.further };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", input.layout.dataDir, ...options];
}

function fixedSettings({ layout, address, maxConnections }: SettingsInput): Readonly<Record<string, string>> {
  return {
    ...addressSettings(layout, address),
    max_connections: String(maxConnections + reservedConnections),
    superuser_reserved_connections: String(reservedConnections),
    password_encryption: "scram-sha-256",
    // One server without replicas.
    wal_level: "minimal",
    max_wal_senders: "0",
    max_logical_replication_workers: "0",
    max_wal_size: "256MB",
    temp_file_limit: "2GB",
    // Compiling a short query takes longer than running it.
    jit: "off",
    huge_pages: "off",
    // A statement whose plugin was cut off ends with it.
    client_connection_check_interval: "1s",
    // The service has the log. What a client did wrong it is told itself, and its values are in no log.
    logging_collector: "off",
    log_destination: "stderr",
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_line_prefix: "%e ",
    lc_messages: "C",
    timezone: "UTC",
    log_timezone: "UTC",
  };
}

function addressSettings(layout: EmbeddedLayout, address: ServerAddress): Readonly<Record<string, string>> {
  if (address.kind === "port") {
    return { listen_addresses: "127.0.0.1", port: String(address.port), unix_socket_directories: "" };
  }
  return {
    listen_addresses: "",
    // A list, in which a name with a comma has to be quoted.
    unix_socket_directories: `"${layout.dir.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
  };
}
