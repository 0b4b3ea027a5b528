export { NatsBus, type NatsBusOptions } from "./NatsBus.ts";
export { type NatsConfig, parseNatsConfig } from "./NatsConfig.ts";
export {
  natsAuthorization,
  natsPasswordVariable,
  type NatsPermissions,
  natsPermissions,
  natsUserOf,
} from "./natsPermissions.ts";
