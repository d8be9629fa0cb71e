select
    o.order_id,
    d.product_id,
    o.order_date,
    o.customer_id,
    c.country,
    p.product_name,
    g.category_name,
    s.supplier_id,
    s.company_name as supplier_name,
    s.country as supplier_country,
    d.quantity,
    -- prices and discounts have two decimals at most: four are exact
    (d.unit_price * d.quantity * (1 - d.discount))::decimal(18,4) as line_total
from silver.order_details d
join silver.orders o using (order_id)
join silver.customers c using (customer_id)
join silver.products p using (product_id)
left join silver.categories g using (category_id)
left join silver.suppliers s using (supplier_id)
order by o.order_id, d.product_id
