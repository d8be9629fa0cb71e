namespace Pipeline.Local.Samples;

/// <summary>The tables of the Northwind company in PostgreSQL, the schema that is served to, and how they get the rows of the sample's JSON files.</summary>
internal static class NorthwindTables
{
    /// <summary>Orders and their lines know when they were changed last; the other tables are small.</summary>
    public const string Create = """
        create schema mart;
        create table customers (
            customer_id varchar(5) primary key, company_name varchar(40) not null, contact_name varchar(30), contact_title varchar(30),
            address varchar(60), city varchar(15), region varchar(20), postal_code varchar(10), country varchar(15), phone varchar(24), fax varchar(24));
        create table suppliers (
            supplier_id smallint primary key, company_name varchar(40) not null, contact_name varchar(30), contact_title varchar(30),
            address varchar(60), city varchar(15), region varchar(20), postal_code varchar(10), country varchar(15), phone varchar(24), fax varchar(24), homepage text);
        create table categories (category_id smallint primary key, category_name varchar(15) not null, description text);
        create table products (
            product_id smallint primary key, product_name varchar(40) not null, supplier_id smallint references suppliers, category_id smallint references categories, quantity_per_unit varchar(30),
            unit_price numeric(19,4), units_in_stock smallint, units_on_order smallint, reorder_level smallint, discontinued boolean not null);
        create table orders (
            order_id integer primary key, customer_id varchar(5) references customers, employee_id smallint, order_date date, required_date date, shipped_date date, ship_via smallint, freight numeric(19,4),
            ship_name varchar(40), ship_address varchar(60), ship_city varchar(15), ship_region varchar(20), ship_postal_code varchar(10), ship_country varchar(15),
            updated_at timestamptz not null default clock_timestamp());
        create table order_details (
            order_id integer references orders, product_id smallint references products, unit_price numeric(19,4) not null, quantity smallint not null, discount numeric(5,4) not null,
            updated_at timestamptz not null default clock_timestamp(), primary key (order_id, product_id));
        create index on orders (updated_at);
        create index on order_details (updated_at);
        create function touch() returns trigger language plpgsql as 'begin new.updated_at := clock_timestamp(); return new; end';
        create trigger touch before update on orders for each row execute function touch();
        create trigger touch before update on order_details for each row execute function touch();
        """;

    /// <summary>Table by table, in an order in which none refers to a later one.</summary>
    public static IReadOnlyList<(string Table, string Sql)> Inserts { get; } =
    [
        ("customers", """
            insert into customers select "Id", "CompanyName", "ContactName", "ContactTitle", "Address", "City", "Region", "PostalCode", "Country", "Phone", "Fax" from json_to_recordset(@json)
                as r("Id" text, "CompanyName" text, "ContactName" text, "ContactTitle" text, "Address" text, "City" text, "Region" text, "PostalCode" text, "Country" text, "Phone" text, "Fax" text)
            """),
        ("suppliers", """
            insert into suppliers select "Id", "CompanyName", "ContactName", "ContactTitle", "Address", "City", "Region", "PostalCode", "Country", "Phone", "Fax", "HomePage" from json_to_recordset(@json)
                as r("Id" int, "CompanyName" text, "ContactName" text, "ContactTitle" text, "Address" text, "City" text, "Region" text, "PostalCode" text, "Country" text, "Phone" text, "Fax" text, "HomePage" text)
            """),
        ("categories", """insert into categories select "Id", "CategoryName", "Description" from json_to_recordset(@json) as r("Id" int, "CategoryName" text, "Description" text)"""),
        ("products", """
            insert into products select "Id", "ProductName", "SupplierId", "CategoryId", "QuantityPerUnit", "UnitPrice", "UnitsInStock", "UnitsOnOrder", "ReorderLevel", "Discontinued" <> 0 from json_to_recordset(@json)
                as r("Id" int, "ProductName" text, "SupplierId" int, "CategoryId" int, "QuantityPerUnit" text, "UnitPrice" numeric, "UnitsInStock" int, "UnitsOnOrder" int, "ReorderLevel" int, "Discontinued" int)
            """),
        ("orders", """
            insert into orders select "Id", "CustomerId", "EmployeeId", "OrderDate", "RequiredDate", "ShippedDate", "ShipVia", "Freight", "ShipName", "ShipAddress", "ShipCity", "ShipRegion", "ShipPostalCode", "ShipCountry" from json_to_recordset(@json)
                as r("Id" int, "CustomerId" text, "EmployeeId" int, "OrderDate" date, "RequiredDate" date, "ShippedDate" date, "ShipVia" int, "Freight" numeric, "ShipName" text, "ShipAddress" text, "ShipCity" text, "ShipRegion" text, "ShipPostalCode" text, "ShipCountry" text)
            """),
        ("order_details", """
            insert into order_details select "OrderId", "ProductId", "UnitPrice", "Quantity", "Discount" from json_to_recordset(@json)
                as r("OrderId" int, "ProductId" int, "UnitPrice" numeric, "Quantity" int, "Discount" numeric)
            """),
    ];
}
