select customer, count(*)::bigint as orders, sum(cents)::bigint as cents from silver.orders group by customer
