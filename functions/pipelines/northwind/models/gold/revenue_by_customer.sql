select
    customer_id,
    any_value(customer_name) as customer_name,
    any_value(country) as country,
    sum(line_total)::decimal(18,4) as revenue,
    count(distinct order_id) as orders
from silver.sales
group by customer_id
order by revenue desc, customer_id
