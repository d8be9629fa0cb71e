select country, sum(line_total)::decimal(18,4) as revenue, count(distinct order_id) as orders, count(distinct customer_id) as customers
from silver.sales
group by country
order by country
