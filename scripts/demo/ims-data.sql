-- Plausible rows, the same at every load: every value is computed from its row's number. All names are generated.

insert into organizations (name, country, settings, created_at)
select format('Organization %s', lpad(i::text, 3, '0')),
       (array['DE', 'FR', 'NL', 'SG', 'US', 'VN'])[1 + i % 6],
       jsonb_build_object('currency', (array['EUR', 'EUR', 'EUR', 'SGD', 'USD', 'VND'])[1 + i % 6],
                          'lowStockAlert', i % 3 = 0, 'locale', (array['de', 'fr', 'nl', 'en', 'en', 'vi'])[1 + i % 6]),
       timestamptz '2024-01-01 08:00+00' + i * interval '3 days'
from generate_series(1, 40) i;

insert into users (organization_id, email, full_name, role, avatar, preferences, created_at)
select 1 + i % 40,
       format('user-%s@example.test', lpad(i::text, 4, '0')),
       format('User %s', lpad(i::text, 4, '0')),
       (array['STAFF', 'STAFF', 'VIEWER', 'MANAGER', 'STAFF', 'ADMIN']::user_role[])[1 + i % 6],
       case when i % 4 = 0 then decode(repeat(md5(i::text), 20), 'hex') end,
       jsonb_build_object('theme', (array['light', 'dark', 'system'])[1 + i % 3], 'pageSize', 10 * (1 + i % 5)),
       timestamptz '2024-06-01 09:00+00' + i * interval '7 hours'
from generate_series(1, 800) i;

insert into warehouses (organization_id, code, city, opening_hours, is_active)
select 1 + i % 40, format('WH-%s', lpad(i::text, 3, '0')),
       (array['Berlin', 'Lyon', 'Rotterdam', 'Singapore', 'Denver', 'Da Nang', 'Köln', 'Orléans'])[1 + i % 8],
       int4range(6 + i % 3, 18 + i % 5), i % 17 <> 0
from generate_series(1, 120) i;

insert into items (organization_id, sku, name, category, unit_price, unit_cost, attributes, tags, thumbnail, created_at)
select 1 + i % 40,
       format('SKU-%s', lpad(i::text, 6, '0')),
       format('%s %s %s', (array['Steel', 'Oak', 'Nylon', 'Copper', 'Cotton', 'Glass'])[1 + i % 6],
              (array['bolt', 'shelf', 'rope', 'pipe', 'apron', 'jar', 'hinge', 'crate'])[1 + i / 6 % 8], i),
       (array['fasteners', 'furniture', 'textiles', 'plumbing', 'kitchen'])[1 + i % 5],
       (199 + i * 7919 % 49800) / 100.0,
       (99 + i * 7919 % 49800 * 6 / 10) / 100.0,
       jsonb_build_object('weightGrams', 20 + i * 31 % 9000, 'colour', (array['black', 'white', 'red', 'blue', 'grün'])[1 + i % 5],
                          'dimensions', jsonb_build_array(i % 90 + 5, i % 60 + 5, i % 30 + 1)),
       array[(array['new', 'bulk', 'fragile', 'sale'])[1 + i % 4], (array['indoor', 'outdoor'])[1 + i % 2]],
       case when i % 10 = 0 then decode(repeat(md5(i::text), 40), 'hex') end,
       timestamptz '2024-09-01 00:00+00' + i * interval '41 minutes'
from generate_series(1, 12000) i;

insert into sales_orders (organization_id, warehouse_id, created_by, order_number, status, ordered_on, shipping_address, note)
select 1 + i % 40, 1 + i * 13 % 120, 1 + i * 37 % 800, format('SO-%s', lpad(i::text, 7, '0')),
       (array['DELIVERED', 'DELIVERED', 'DELIVERED', 'SHIPPED', 'PICKED', 'CONFIRMED', 'DRAFT', 'CANCELLED']::order_status[])[1 + i % 8],
       date '2025-01-01' + (i * 700 / 50000),
       jsonb_build_object('street', format('Street %s', 1 + i % 900), 'city', (array['Berlin', 'Lyon', 'Denver', 'Da Nang'])[1 + i % 4],
                          'postalCode', lpad((i * 17 % 99999)::text, 5, '0')),
       case when i % 9 = 0 then format(E'Leave at gate %s.\nRing twice.', i % 12) end
from generate_series(1, 50000) i;

insert into sales_order_lines (sales_order_id, line_number, item_id, quantity, unit_price)
select o, line, 1 + (o * 31 + line * 7) % 12000, 1 + (o + line * 5) % 40, (199 + (o * 31 + line * 7) % 12000 * 7919 % 49800) / 100.0
from generate_series(1::bigint, 50000) o, generate_series(1, (1 + o % 5)::integer) line;

insert into invoices (sales_order_id, amount, issued_at, paid_at, pdf_sha256)
select o.id, t.total, o.ordered_on::timestamp at time zone 'UTC' + interval '10 hours',
       case when o.id % 5 <> 0 then o.ordered_on::timestamp at time zone 'UTC' + interval '10 hours' + o.id % 30 * interval '1 day' end,
       sha256(o.order_number::bytea)
from sales_orders o
join (select sales_order_id, sum(line_total) as total from sales_order_lines group by 1) t on t.sales_order_id = o.id
where o.status in ('SHIPPED', 'DELIVERED')
order by o.id;

insert into audit_log (organization_id, user_id, action, entity, entity_id, changes, at)
select 1 + i % 40, case when i % 50 <> 0 then 1 + i * 7 % 800 end,
       (array['CREATE', 'UPDATE', 'UPDATE', 'DELETE', 'LOGIN'])[1 + i % 5],
       (array['sales_orders', 'items', 'invoices', 'users'])[1 + i % 4], 1 + i * 11 % 40000,
       jsonb_build_object('field', (array['status', 'quantity', 'price'])[1 + i % 3], 'to', i % 1000),
       timestamptz '2026-01-01 00:00+00' + i * interval '255 seconds'
from generate_series(0, 119999) i;

refresh materialized view monthly_sales;
