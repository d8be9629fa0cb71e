select
    category_name,
    sum(line_total)::decimal(18,4) as revenue,
    sum(quantity)::bigint as units,
    count(distinct order_id) as orders
from silver.sales
group by category_name
order by revenue desc, category_name
