select
    status,
    sum(amount)::decimal(18,2) as total,
    count(*) as transactions
from silver.sales
group by status
order by total desc, status
