import { type ServiceName, serviceNames } from "@peek/plugin-base";

/** The permissions of a user on a NATS server: subjects, in which `*` stands for one token and `>` for all that follow. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The permissions that a service needs. With more, it could impersonate other services or read their messages. */
export function natsPermissions(service: ServiceName): NatsPermissions {
  return {
    publish: [`peek.to.*.*.*.${service}.*.*`, `peek.presence.${service}.*.*`, `peek.who.*.${service}.*.*`],
    subscribe: [`peek.to.${service}.>`, "peek.presence.*.*.*", `peek.who.${service}.*.*.*`, `_INBOX_${service}.>`],
  };
}

/** The default user of a service on a NATS server. */
export function natsUserOf(service: ServiceName): string {
  return `peek_${service}`;
}

/** The environment variable of the NATS server that holds the password of a service's user. */
export function natsPasswordVariable(service: ServiceName): string {
  return `PEEK_NATS_${service.toUpperCase()}_PASSWORD`;
}

/** The part of a NATS server's configuration that defines a user for each service. */
export function natsAuthorization(): string {
  return [
    "# One user for each of Peek's services. Put this at the top level of the configuration of every server of the cluster",
    "# (nats-server.conf), in place of another `authorization`. Or put the list of users into the `accounts` block, as the",
    "# `users` of a separate account for Peek. Then reload the server.",
    "#",
    "# The server takes the passwords from its environment. Begin each password with a letter, because the server parses a",
    "# value that begins with a digit as a number:  export PEEK_NATS_LOGIC_PASSWORD=p$(openssl rand -hex 24)",
    "#",
    "# When a service connects, it tries operations that the server must deny. The server logs these as violations, on",
    '# subjects with "proof" in them. Do not add permissions: a service with excess permissions refuses to run.',
    "authorization {",
    "  users: [",
    ...serviceNames.flatMap(userLines),
    "  ]",
    "}",
    "",
  ].join("\n");
}

function userLines(service: ServiceName): readonly string[] {
  const { publish, subscribe } = natsPermissions(service);
  return [
    "    {",
    `      user: ${natsUserOf(service)}`,
    `      password: $${natsPasswordVariable(service)}`,
    "      permissions: {",
    `        publish: { allow: [${listed(publish)}] }`,
    `        subscribe: { allow: [${listed(subscribe)}] }`,
    "      }",
    "    }",
  ];
}

function listed(subjects: readonly string[]): string {
  return subjects.map((subject) => `"${subject}"`).join(", ");
}
