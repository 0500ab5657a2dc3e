// The other side of a Sparkplug conversation, by an independent implementation (npm sparkplug-client).
//
//   node peer.mjs node URL USER PASSWORD GROUP NODE     an edge node with one device, `shelf-01`
//   node peer.mjs host URL USER PASSWORD                a host that decodes all it hears
//
// Orders come as JSON lines on stdin, what happens goes out as JSON lines on stdout.
import { createInterface } from "node:readline";
import mqtt from "mqtt";
import client from "sparkplug-client";
import payloads from "sparkplug-payload";

const codec = payloads.get("spBv1.0");
const [role, serverUrl, username, password, groupId, edgeNode] = process.argv.slice(2);

const plain = (_key, value) => {
  if (value && typeof value === "object" && "low" in value && "unsigned" in value) {
    return Number(BigInt.asIntN(64, (BigInt(value.high) << 32n) | BigInt(value.low >>> 0)));
  }
  return value;
};
const say = (what) => process.stdout.write(JSON.stringify(what, plain) + "\n");
const orders = (act) =>
  createInterface({ input: process.stdin }).on("line", (line) => act(JSON.parse(line))).on("close", () => process.exit());

function beNode() {
  const node = client.newClient({
    serverUrl, username, password, groupId, edgeNode, clientId: `${edgeNode}-js`, version: "spBv1.0", publishDeath: true,
  });
  let births = 0;
  const birth = () => {
    births += 1;
    const timestamp = Date.now();
    node.publishNodeBirth({
      timestamp,
      metrics: [{ name: "Node Control/Rebirth", timestamp, type: "Boolean", value: false }],
    });
    node.publishDeviceBirth("shelf-01", {
      timestamp,
      metrics: [
        {
          name: "Bin/A/Weight", alias: 1, timestamp, type: "Double", value: 12.345,
          properties: { engUnit: { type: "String", value: "kg" }, Quality: { type: "Int32", value: 192 } },
        },
        { name: "Bin/A/Count", alias: 2, timestamp, type: "UInt32", value: 7 },
        { name: "RSSI", alias: 0, timestamp, type: "Int8", value: -67 },
        { name: "Tare", alias: 5, timestamp, type: "Int64", value: -250 },
        { name: "Label", alias: 6, timestamp, type: "String", value: "A" },
      ],
    });
    say({ births });
  };
  node.on("birth", birth);
  node.on("ncmd", (payload) => {
    say({ ncmd: payload.metrics.map((one) => [one.name, one.value]) });
    if (payload.metrics.some((one) => one.name === "Node Control/Rebirth" && one.value === true)) {
      birth();
    }
  });
  orders(({ data, compress, skip, death, stop, vanish }) => {
    if (skip) {
      node.incrementSeqNum(); // as if a message had been lost
    }
    if (data) {
      node.publishDeviceData("shelf-01", { timestamp: Date.now(), metrics: data }, compress ? { compress: true, algorithm: compress } : undefined);
    }
    if (death) {
      node.publishDeviceDeath("shelf-01", { timestamp: Date.now() });
    }
    if (stop) {
      node.stop();
    }
    if (vanish) {
      node.client.stream.destroy(); // no DISCONNECT: the broker says the last will
      node.client.end(true);
    }
    say({ done: true });
  });
}

function beHost() {
  const link = mqtt.connect(serverUrl, { username, password, clientId: "host-js", clean: true });
  link.on("connect", () => link.subscribe("spBv1.0/#", { qos: 1 }, () => say({ listening: true })));
  link.on("message", (topic, bytes, packet) => {
    const levels = topic.split("/");
    const verb = levels[1] === "STATE" ? "STATE" : levels[2];
    const said = verb === "STATE" ? JSON.parse(bytes.toString()) : codec.decodePayload(bytes);
    say({ topic, verb, qos: packet.qos, retain: packet.retain, said });
  });
  orders(({ topic, payload, state }) => {
    if (state) {
      link.publish(topic, JSON.stringify(state), { qos: 1, retain: true });
    } else {
      link.publish(topic, Buffer.from(codec.encodePayload(payload)));
    }
  });
}

role === "node" ? beNode() : beHost();
