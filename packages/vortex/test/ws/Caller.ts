import type { RpcClient, ServiceName } from "@peek/plugin-base";
import { WsBus } from "@peek/bus/ws";
import { connected, type RecordingLog, recordingLog, member } from "@peek/bus/testing";
import { pumps } from "../rpc/contracts.ts";
import { TestService } from "../rpc/TestService.ts";

/** A service that calls logic over a real connection. */
export class Caller implements AsyncDisposable {
  readonly log: RecordingLog;
  readonly bus: WsBus;
  readonly client: RpcClient<(typeof pumps)["procedures"]>;
  readonly service: TestService;

  private constructor(log: RecordingLog, bus: WsBus, service: TestService) {
    this.log = log;
    this.bus = bus;
    this.service = service;
    this.client = service.plugin.rpc.client(pumps, { to: "logic", wait: true });
  }

  static async connect(port: number, service: ServiceName, token: string): Promise<Caller> {
    const log = recordingLog();
    const own = member(service);
    const options = { service, member: own, host: "127.0.0.1", port, secure: false, logger: log };
    const bus = new WsBus({ ...options, credentials: () => ({ token }) });
    const caller = new Caller(log, bus, new TestService(bus, own));
    await connected(bus);
    return caller;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}
