"""The sales pipeline in pandas: CSV to bronze, silver and rejected, aggregates, RFM; every table a pickle, which costs less than
Parquet and needs no package beside pandas."""
import sys
import pandas as pd

csv, out = sys.argv[1], sys.argv[2]
categories = ["beverages", "condiments", "confections", "dairy", "grains", "meat", "produce", "seafood"]

raw = pd.read_csv(csv, dtype=str, keep_default_na=False, na_values=[""])
raw["_row"] = range(1, len(raw) + 1)
raw.to_pickle(f"{out}/pandas_bronze.pickle")

typed = pd.DataFrame({
    "order_id": pd.to_numeric(raw["order_id"], errors="coerce"),
    "customer_id": raw["customer_id"],
    "product_id": pd.to_numeric(raw["product_id"], errors="coerce"),
    "category": raw["category"],
    "quantity": pd.to_numeric(raw["quantity"], errors="coerce"),
    "unit_price": pd.to_numeric(raw["unit_price"], errors="coerce"),
    "discount": pd.to_numeric(raw["discount"], errors="coerce"),
    "order_date": pd.to_datetime(raw["order_date"], errors="coerce", format="%Y-%m-%d"),
    "country": raw["country"],
    "channel": raw["channel"],
    "_row": raw["_row"],
})
valid = (typed["order_id"].notna() & typed["customer_id"].notna() & typed["product_id"].notna() & typed["quantity"].between(1, 1000)
         & (typed["unit_price"] >= 0) & typed["discount"].between(0, 1) & typed["order_date"].notna() & typed["country"].notna() & typed["category"].isin(categories))
raw[~valid].to_pickle(f"{out}/pandas_rejected.pickle")
silver = typed[valid].sort_values("_row").drop_duplicates("order_id", keep="last")
silver.to_pickle(f"{out}/pandas_silver.pickle")

silver["revenue"] = silver["unit_price"] * silver["quantity"] * (1 - silver["discount"])
for column in ["country", "category"]:
    silver.groupby(column).agg(revenue=("revenue", "sum"), orders=("order_id", "count")).reset_index().to_pickle(f"{out}/pandas_by_{column}.pickle")

rfm = silver.groupby("customer_id").agg(last_order=("order_date", "max"), frequency=("order_id", "count"), monetary=("revenue", "sum")).reset_index()
for score, column in [("r", "last_order"), ("f", "frequency"), ("m", "monetary")]:
    rank = rfm.sort_values([column, "customer_id"]).reset_index().reset_index().set_index("index")["level_0"]
    rfm[score] = (rank * 5 // len(rfm) + 1).reindex(rfm.index)
rfm.sort_values("customer_id").to_pickle(f"{out}/pandas_rfm.pickle")
print(f"pandas {pd.__version__}: {len(silver):,} valid, {int((~valid).sum()):,} rejected, {len(rfm):,} customers")
