-- Adds deltas for the rows one statement changed, then merges what it may. Deltas are only ever inserted, and rows
-- another transaction is merging are skipped, so writers never wait for each other here and cannot deadlock.
create function backup_totals_add(changes backup_totals[]) returns void language plpgsql as $$
declare
  changed backup_totals;
begin
  foreach changed in array changes loop
    with gone as (
      delete from backup_totals where ctid in (
        select ctid from backup_totals
         where period = changed.period and starts_on = changed.starts_on
           and status = changed.status and tiers = changed.tiers
           for update skip locked)
      returning backups, size_bytes
    ), merged as (
      select coalesce(sum(backups), 0) + changed.backups as backups,
             coalesce(sum(size_bytes), 0) + changed.size_bytes as size_bytes
        from gone
    )
    insert into backup_totals (period, starts_on, tiers, status, backups, size_bytes)
    select changed.period, changed.starts_on, changed.tiers, changed.status, backups, size_bytes
      from merged where backups <> 0 or size_bytes <> 0;
  end loop;
end $$;
--> statement-breakpoint
create function backup_totals_on_insert() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, count(*), coalesce(sum(size_bytes), 0))::backup_totals
      from added cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status));
  return null;
end $$;
--> statement-breakpoint
create function backup_totals_on_delete() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, -count(*), -coalesce(sum(size_bytes), 0))::backup_totals
      from removed cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status));
  return null;
end $$;
--> statement-breakpoint
create function backup_totals_on_update() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, sum(n), sum(bytes))::backup_totals
      from (
        select created_at, tiers, status, 1 as n, coalesce(size_bytes, 0) as bytes from added
        union all
        select created_at, tiers, status, -1, -coalesce(size_bytes, 0) from removed
      ) change cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status
    having sum(n) <> 0 or sum(bytes) <> 0));
  return null;
end $$;
--> statement-breakpoint
create function backup_totals_on_truncate() returns trigger language plpgsql as $$
begin
  truncate backup_totals;
  return null;
end $$;
--> statement-breakpoint
create trigger backup_totals_insert after insert on backups
  referencing new table as added for each statement execute function backup_totals_on_insert();
--> statement-breakpoint
create trigger backup_totals_update after update on backups
  referencing old table as removed new table as added for each statement execute function backup_totals_on_update();
--> statement-breakpoint
create trigger backup_totals_delete after delete on backups
  referencing old table as removed for each statement execute function backup_totals_on_delete();
--> statement-breakpoint
create trigger backup_totals_truncate after truncate on backups
  for each statement execute function backup_totals_on_truncate();
--> statement-breakpoint
-- What is there already, for a catalogue older than its totals.
insert into backup_totals (period, starts_on, tiers, status, backups, size_bytes)
select period, starts_on, tiers, status, count(*), coalesce(sum(size_bytes), 0)
  from backups cross join unnest(enum_range(null::totals_period)) as period,
       lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
 group by period, starts_on, tiers, status;
--> statement-breakpoint
create function audit_entries_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'audit entries are only ever added' using errcode = 'insufficient_privilege';
end $$;
--> statement-breakpoint
create trigger audit_entries_append_only before update or delete or truncate on audit_entries
  for each statement execute function audit_entries_refuse();
