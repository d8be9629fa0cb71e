select
    o.order_id,
    d.product_id,
    o.order_date,
    o.customer_id,
    c.company_name as customer_name,
    c.country,
    c.city,
    p.product_name,
    p.supplier_id,
    g.category_name,
    d.unit_price,
    d.quantity,
    d.discount,
    -- prices and discounts have two decimals at most: four are exact
    (d.unit_price * d.quantity * (1 - d.discount))::decimal(18,4) as line_total
from silver.order_details d
join silver.orders o using (order_id)
join silver.products p using (product_id)
join silver.categories g using (category_id)
join silver.customers c using (customer_id)
order by o.order_id, d.product_id
