select
    row_number() over (order by revenue desc, country) as rank,
    country,
    revenue,
    orders
from gold.revenue_by_country
qualify rank <= 3
order by rank
