select
    customer_id,
    any_value(customer_name) as customer_name,
    any_value(country) as country,
    any_value(segment) as segment,
    sum(amount)::decimal(18,2) as total,
    count(*) as transactions,
    max(transaction_date) as last_transaction_date
from silver.sales
group by customer_id
order by total desc, customer_id
