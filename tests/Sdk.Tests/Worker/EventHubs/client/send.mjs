// Sends three events, as a producer in Node.js does: node send.mjs BROKER TOPIC
import { Kafka, logLevel } from "kafkajs";

const [broker, topic] = process.argv.slice(2);
const producer = new Kafka({ brokers: [broker], logLevel: logLevel.ERROR }).producer();
await producer.connect();
await producer.send({
  topic,
  messages: [
    { key: "kunde-ä", value: JSON.stringify({ id: 1 }), headers: { source: "orders", größe: "groß" }, partition: 1, timestamp: "1772366400250" },
    { key: null, value: JSON.stringify({ id: 2 }), partition: 1 },
    { key: "x", value: null, partition: 1 },
  ],
});
await producer.disconnect();
