import { randomInt } from "node:crypto";
import { type ServiceName, serviceNames } from "@peek/plugin-base";

// Without those that look like others.
const letters = "abcdefghjkmnpqrstuvwxyz23456789";
const pattern = /^([a-z]+)-(observer-)?[a-z0-9]{10}$/;

/**
 * A name for one process of a service: `agent-k3v9x2m7qd`, or `agent-observer-k3v9x2m7qd` for one that only looks on.
 */
export function makeInstanceName(service: ServiceName, observer = false): string {
  const random = Array.from({ length: 10 }, () => letters.charAt(randomInt(letters.length))).join("");
  return `${service}-${observer ? "observer-" : ""}${random}`;
}

/** The service that an instance is of, by its name; undefined when that is not such a name. */
export function serviceOfInstance(instance: string): ServiceName | undefined {
  const name = pattern.exec(instance)?.[1];
  return serviceNames.find((service) => service === name);
}

/** Whether an instance, by its name, only looks on. */
export function isObserver(instance: string): boolean {
  return instance.includes("-observer-");
}
