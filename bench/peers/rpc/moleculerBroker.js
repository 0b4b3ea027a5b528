import { ServiceBroker } from "moleculer";

/** A node of Moleculer: over NATS, or over TCP with its nodes named, so that none has to be found. */
export function moleculerBroker(nodeID, { natsUrl, ports }) {
  const transporter =
    natsUrl ??
    ({
      type: "TCP",
      options: {
        udpDiscovery: false,
        port: ports[nodeID],
        urls: Object.entries(ports).map(([node, port]) => `127.0.0.1:${port}/${node}`),
      },
    });
  return new ServiceBroker({ nodeID, transporter, logger: false });
}
