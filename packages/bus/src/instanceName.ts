import { randomInt } from "node:crypto";
import { type ServiceName, serviceNames } from "@peek/plugin-base";

// Without characters that look alike.
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
const pattern = /^([a-z]+)-(observer-)?[a-z0-9]{10}$/;

/** Makes a name for one process of a service: `agent-k3v9x2m7qd`, or `agent-observer-k3v9x2m7qd` for an observer. */
export function makeInstanceName(service: ServiceName, observer = false): string {
  const random = Array.from({ length: 10 }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
  return `${service}-${observer ? "observer-" : ""}${random}`;
}

/** The service in an instance name; undefined when the text is no instance name. */
export function serviceOfInstance(instance: string): ServiceName | undefined {
  const name = pattern.exec(instance)?.[1];
  return serviceNames.find((service) => service === name);
}

/** Whether an instance name is that of an observer. */
export function isObserver(instance: string): boolean {
  return instance.includes("-observer-");
}
