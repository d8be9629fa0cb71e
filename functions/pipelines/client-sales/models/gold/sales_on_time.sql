select date_trunc('month', transaction_date)::date as month, sum(amount)::decimal(18,2) as total, count(*) as transactions
from silver.transactions
group by all
order by month
