// The sales pipeline in Polars: CSV to bronze, silver and rejected, aggregates, RFM; every table a Parquet file.
import pl from "nodejs-polars";

const [csv, out] = process.argv.slice(2);
const categories = ["beverages", "condiments", "confections", "dairy", "grains", "meat", "produce", "seafood"];
const write = (frame, name) => frame.writeParquet(`${out}/polars_${name}.parquet`, { compression: "zstd" });

const raw = pl.readCSV(csv, { inferSchemaLength: 0 }).withRowIndex("_row");
write(raw, "bronze");

const number = (name, type) => pl.col(name).cast(type, false);
const typed = raw.withColumns(
  number("order_id", pl.Int64), number("product_id", pl.Int64), number("quantity", pl.Int64),
  number("unit_price", pl.Float64), number("discount", pl.Float64),
  pl.col("order_date").str.strptime(pl.Date, "%Y-%m-%d", false).alias("order_date"));
const between = (name, low, high) => pl.col(name).gtEq(pl.lit(low)).and(pl.col(name).ltEq(pl.lit(high)));
const valid = pl.col("order_id").isNotNull().and(pl.col("customer_id").isNotNull()).and(pl.col("product_id").isNotNull())
  .and(between("quantity", 1, 1000)).and(pl.col("unit_price").gtEq(pl.lit(0))).and(between("discount", 0, 1))
  .and(pl.col("order_date").isNotNull()).and(pl.col("country").isNotNull()).and(pl.col("category").isIn(categories)).fillNull(pl.lit(false));
const checked = typed.withColumn(valid.alias("ok"));
write(checked.filter(pl.col("ok").not()), "rejected");
const silver = checked.filter(pl.col("ok")).drop("ok").unique({ subset: ["order_id"], keep: "last", maintainOrder: true });
write(silver, "silver");

const priced = silver.withColumn(pl.col("unit_price").mul(pl.col("quantity")).mul(pl.lit(1).sub(pl.col("discount"))).alias("revenue"));
for (const column of ["country", "category"]) {
  write(priced.groupBy(column).agg(pl.col("revenue").sum().alias("revenue"), pl.col("order_id").count().alias("orders")), `by_${column}`);
}

let rfm = priced.groupBy("customer_id").agg(
  pl.col("order_date").max().alias("last_order"), pl.col("order_id").count().alias("frequency"), pl.col("revenue").sum().alias("monetary"));
for (const [score, column] of [["r", "last_order"], ["f", "frequency"], ["m", "monetary"]]) {
  rfm = rfm.sort([column, "customer_id"]).withRowIndex("rank")
    .withColumn(pl.col("rank").cast(pl.Float64).mul(pl.lit(5 / rfm.height)).floor().add(pl.lit(1)).alias(score)).drop("rank");
}
write(rfm.sort("customer_id"), "rfm");
console.log(`Polars: ${silver.height.toLocaleString("en")} valid, ${(raw.height - silver.height).toLocaleString("en")} rejected or repeated, ${rfm.height.toLocaleString("en")} customers`);
