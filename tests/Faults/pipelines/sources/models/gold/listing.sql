select id, label, cents from silver.items
