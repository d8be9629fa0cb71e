-- Recency is counted to the last day that has an order, so that a result does not change with the calendar.
with per_customer as (
    select
        customer_id,
        any_value(customer_name) as customer_name,
        max(order_date) as last_order_date,
        count(distinct order_id) as frequency,
        sum(line_total)::decimal(18,4) as monetary
    from silver.sales
    group by customer_id
),
scored as (
    select
        *,
        ((select max(order_date) from silver.sales) - last_order_date)::bigint as recency_days,
        6 - ntile(5) over (order by last_order_date desc, customer_id) as recency_score,
        ntile(5) over (order by frequency, customer_id) as frequency_score,
        ntile(5) over (order by monetary, customer_id) as monetary_score
    from per_customer
)
select
    customer_id,
    customer_name,
    last_order_date,
    recency_days,
    frequency,
    monetary,
    recency_score,
    frequency_score,
    monetary_score,
    case
        when recency_score >= 4 and frequency_score >= 4 and monetary_score >= 4 then 'Champions'
        when frequency_score >= 4 then 'Loyal customers'
        when recency_score >= 4 and frequency_score <= 2 then 'New or occasional'
        when recency_score <= 2 and monetary_score >= 4 then 'Big spenders at risk'
        when recency_score <= 2 and frequency_score <= 2 then 'Hibernating'
        else 'Potential'
    end as segment,
    recency_score >= 4 and frequency_score >= 4 and monetary_score = 5 as vip
from scored
order by monetary desc, customer_id
