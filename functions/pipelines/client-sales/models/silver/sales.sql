select
    t.transaction_id,
    t.transaction_date,
    date_trunc('month', t.transaction_date)::date as month,
    t.customer_id,
    c.name as customer_name,
    c.country,
    c.segment,
    t.channel,
    t.status,
    t.amount
from silver.transactions t
join silver.customers c using (customer_id)
order by t.transaction_id
