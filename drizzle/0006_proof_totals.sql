DROP INDEX "backup_tables_name";--> statement-breakpoint
ALTER TABLE "backup_tables" ADD COLUMN "taken_at" timestamp with time zone NOT NULL;--> statement-breakpoint
-- Nothing may be counted twice or not at all: whoever writes a backup waits until its totals know of proofs.
lock table backups in share row exclusive mode;--> statement-breakpoint
delete from backup_totals;--> statement-breakpoint
ALTER TABLE "backup_totals" ADD COLUMN "proof" "proof_state" NOT NULL;--> statement-breakpoint
CREATE INDEX "backup_copies_checked_at" ON "backup_copies" USING btree ("checked_at") WHERE status = 'STORED';--> statement-breakpoint
CREATE INDEX "backup_tables_name" ON "backup_tables" USING btree ("name","schema","taken_at");--> statement-breakpoint
-- As before, with the proof: the history counts by it. A proof that changes moves a backup from one row to another.
create or replace function backup_totals_add(changes backup_totals[]) returns void language plpgsql as $$
declare
  changed backup_totals;
begin
  foreach changed in array changes loop
    with gone as (
      delete from backup_totals where ctid in (
        select ctid from backup_totals
         where period = changed.period and starts_on = changed.starts_on
           and status = changed.status and tiers = changed.tiers and proof = changed.proof
           for update skip locked)
      returning backups, size_bytes
    ), merged as (
      select coalesce(sum(backups), 0) + changed.backups as backups,
             coalesce(sum(size_bytes), 0) + changed.size_bytes as size_bytes
        from gone
    )
    insert into backup_totals (period, starts_on, tiers, status, backups, size_bytes, proof)
    select changed.period, changed.starts_on, changed.tiers, changed.status, backups, size_bytes, changed.proof
      from merged where backups <> 0 or size_bytes <> 0;
  end loop;
end $$;
--> statement-breakpoint
create or replace function backup_totals_on_insert() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, count(*), coalesce(sum(size_bytes), 0), proof)::backup_totals
      from added cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status, proof));
  return null;
end $$;
--> statement-breakpoint
create or replace function backup_totals_on_delete() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, -count(*), -coalesce(sum(size_bytes), 0), proof)::backup_totals
      from removed cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status, proof));
  return null;
end $$;
--> statement-breakpoint
create or replace function backup_totals_on_update() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, sum(n), sum(bytes), proof)::backup_totals
      from (
        select created_at, tiers, status, proof, 1 as n, coalesce(size_bytes, 0) as bytes from added
        union all
        select created_at, tiers, status, proof, -1, -coalesce(size_bytes, 0) from removed
      ) change cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status, proof
    having sum(n) <> 0 or sum(bytes) <> 0));
  return null;
end $$;
--> statement-breakpoint
insert into backup_totals (period, starts_on, tiers, status, backups, size_bytes, proof)
select period, starts_on, tiers, status, count(*), coalesce(sum(size_bytes), 0), proof
  from backups cross join unnest(enum_range(null::totals_period)) as period,
       lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
 group by period, starts_on, tiers, status, proof;
