select 'customers' as source, (select count(*) from silver.customers) as clean_rows, (select count(*) from rejected.customers) as rejected_rows
union all
select 'transactions', (select count(*) from silver.transactions), (select count(*) from rejected.transactions)
order by source
