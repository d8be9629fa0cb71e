select supplier_id, supplier_name, supplier_country as country, sum(line_total)::decimal(18,4) as revenue, max(order_date) as last_order
from silver.sales
group by all
order by supplier_id
