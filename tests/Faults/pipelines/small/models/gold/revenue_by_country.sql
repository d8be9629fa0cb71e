select country, sum(amount)::decimal(18,2) as revenue, count(*) as orders
from silver.sales
group by country
order by revenue desc, country
