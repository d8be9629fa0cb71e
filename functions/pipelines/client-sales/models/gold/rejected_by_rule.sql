with failures as (
    select source, unnest(failures) as failure from rejected.customers
    union all
    select source, unnest(failures) as failure from rejected.transactions
)
select
    source,
    failure.rule as rule,
    count(*) as rejected_rows
from failures
group by all
order by source, rejected_rows desc, rule
