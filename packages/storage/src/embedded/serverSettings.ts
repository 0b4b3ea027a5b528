import type { EmbeddedLayout } from "./EmbeddedLayout.ts";

/** The address of a server: the socket in its folder, or a port of the loopback interface. */
export type ServerAddress = { readonly kind: "socket" } | { readonly kind: "port"; readonly port: number };

/** The options of {@link serverArguments}. */
export interface SettingsInput {
  readonly layout: EmbeddedLayout;
  readonly address: ServerAddress;
  /** The maximum number of connections of accounts that are not superusers. */
  readonly maxConnections: number;
  /** Settings that override those of this module. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** Connections for superusers, beyond those of ordinary accounts. */
const reservedConnections = 3;

/** The command line arguments of the server. The file postgresql.conf stays as initdb wrote it. */
export function serverArguments(input: SettingsInput): readonly string[] {
  const settings = { ...fixedSettings(input), ...input.overrides };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", input.layout.dataDir, ...options];
}

function fixedSettings({ layout, address, maxConnections }: SettingsInput): Readonly<Record<string, string>> {
  return {
    ...addressSettings(layout, address),
    max_connections: String(maxConnections + reservedConnections),
    superuser_reserved_connections: String(reservedConnections),
    password_encryption: "scram-sha-256",
    // There are no replicas.
    wal_level: "minimal",
    max_wal_senders: "0",
    max_logical_replication_workers: "0",
    max_wal_size: "256MB",
    temp_file_limit: "2GB",
    // Compiling a short query takes longer than running it.
    jit: "off",
    huge_pages: "off",
    // A statement ends when its client has disconnected.
    client_connection_check_interval: "1s",
    // The service writes the log. Errors of clients are not logged, since they may contain values.
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
    // The setting is a list: a name with a comma has to be quoted.
    unix_socket_directories: `"${layout.dir.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
  };
}
