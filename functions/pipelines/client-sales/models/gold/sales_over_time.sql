select
    transaction_date as day,
    sum(amount)::decimal(18,2) as total,
    count(*) as transactions
from silver.sales
group by transaction_date
order by day
