// The client `modbus-serial` of Node: one question in flight on each connection, answers added up.
// Run as `node -e SOURCE -- PORT N SECONDS`, with the package on NODE_PATH; prints reads and seconds.
const [port, count, seconds] = process.argv.slice(-3).map(Number);
const ModbusRTU = require("modbus-serial");
(async () => {
  const clients = await Promise.all(
    Array.from({ length: count }, async () => {
      const client = new ModbusRTU();
      await client.connectTCP("127.0.0.1", { port });
      client.setID(1);
      client.setTimeout(2000);
      return client;
    }),
  );
  let reads = 0, sum = 0;
  const began = performance.now();
  const lasts = seconds * 1000;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() - began < lasts) {
        const { data } = await client.readInputRegisters(0, 10);
        for (const word of data) sum += word;
        reads += 1;
      }
    }),
  );
  console.log(reads, (performance.now() - began) / 1000, sum);
  process.exit(0);
})();
