import { agentService } from "agent";
import { fieldService } from "field";
import { logicService } from "logic";
import { officeService } from "office";
import type { ServiceDefinition } from "@peek/platform";
import type { ServiceName } from "@peek/plugin-base";
import { workerService } from "worker";

/** The real services, by name. */
export const serviceDefinitions: Readonly<Record<ServiceName, ServiceDefinition>> = {
  logic: logicService,
  field: fieldService,
  office: officeService,
  worker: workerService,
  agent: agentService,
};
