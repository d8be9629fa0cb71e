select o.order_id, o.customer_id, o.ordered_on, o.amount, c.country
from silver.orders o
left join silver.customers c using (customer_id)
