select category, sum(unit_price * quantity * (1 - discount))::decimal(38,4) as revenue, count(*) as orders
from silver.sales group by category order by category
