import { type ServiceName, serviceNames } from "@peek/plugin-base";

/** What the user of a service may do on a NATS server: subjects, `*` being one token and `>` all that follow. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The least that a service needs, and the most that it may have for the others to be safe from it. */
export function natsPermissions(service: ServiceName): NatsPermissions {
  return {
    publish: [`peek.to.*.*.*.${service}.*.*`, `peek.presence.${service}.*.*`, `peek.who.*.${service}.*.*`],
    subscribe: [`peek.to.${service}.>`, "peek.presence.*.*.*", `peek.who.${service}.*.*.*`, `_INBOX_${service}.>`],
  };
}

/** The user that a service is on a NATS server, unless its configuration names another. */
export function natsUserOf(service: ServiceName): string {
  return `peek_${service}`;
}

/** The environment variable of the NATS server that has the password of a service's user. */
export function natsPasswordVariable(service: ServiceName): string {
  return `PEEK_NATS_${service.toUpperCase()}_PASSWORD`;
}

/** The part of a NATS server's configuration that gives each service its user. */
export function natsAuthorization(): string {
  return [
    "# One user for each of Peek's services. Put this at the top level of the configuration of every server of the cluster",
    "# (nats-server.conf), in the place of another `authorization`; or the list of users into the `accounts` block, as the",
    "# `users` of an account of Peek's own. Then reload the server.",
    "#",
    "# The passwords come from the environment of the server. Begin each with a letter, since the server takes what begins",
    "# with a digit for a number:  export PEEK_NATS_LOGIC_PASSWORD=p$(openssl rand -hex 24)",
    "#",
    "# When a service connects, it tries a few of the things that it must not be able to do, so as to be sure that it cannot:",
    '# the server logs those as violations, on subjects with "proof" in them. Leave the permissions as they are: with more, a',
    "# service refuses to run.",
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
