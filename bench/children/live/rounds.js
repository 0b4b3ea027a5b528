const warmUpMs = 500;

/** Publishes an update, waits until all subscribers have it, publishes the next; prints the cost. */
export async function rounds({ publish, control, count, ms }) {
  const { begin, end } = await control.connected;
  let round = 0;
  const publishFor = async (duration) => {
    const took = [];
    const began = performance.now();
    for (let now = began; now - began < duration;) {
      round += 1;
      await control.round(() => publish(round));
      const before = now;
      now = performance.now();
      took.push(now - before);
    }
    return took.sort((one, other) => one - other);
  };
  await publishFor(warmUpMs);
  begin();
  const cpu = process.cpuUsage();
  const took = await publishFor(ms);
  const { user, system } = process.cpuUsage(cpu);
  end();
  const elapsed = took.reduce((sum, each) => sum + each, 0);
  const figures = {
    roundMs: took[Math.floor(took.length / 2)],
    perSecond: (took.length * count * 1000) / elapsed,
    cpuMicros: (user + system) / (took.length * count),
  };
  console.log(`Measured ${JSON.stringify(figures)}`);
}
