import { openPeer } from "./openPeer.js";
import { ThroughputMeter } from "./ThroughputMeter.js";
import { report } from "./report.js";

// Measures the execution of tasks that were queued before.
const { peer, argument } = await openPeer();
const meter = new ThroughputMeter(argument.counts);
const { areRecorded } = await peer.startWorker(argument, meter.begin);
report(await meter.figures(areRecorded));
process.exit(0);
