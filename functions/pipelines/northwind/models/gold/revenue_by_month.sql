select
    date_trunc('month', order_date)::date as month,
    sum(line_total)::decimal(18,4) as revenue,
    count(distinct order_id) as orders
from silver.sales
group by all
order by month
