select
    date_trunc('month', day)::date as month,
    sum(total)::decimal(18,2) as total,
    sum(transactions)::bigint as transactions
from gold.sales_over_time
group by all
order by month
