with per_customer as (
    select customer_id, max(order_date) as last_order, count(*) as frequency, sum(unit_price * quantity * (1 - discount))::decimal(38,4) as monetary
    from silver.sales group by customer_id
)
select customer_id, last_order, frequency, monetary,
       ntile(5) over (order by last_order, customer_id) as r, ntile(5) over (order by frequency, customer_id) as f, ntile(5) over (order by monetary, customer_id) as m
from per_customer order by customer_id
