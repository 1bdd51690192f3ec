CREATE TABLE "source_questions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"user" text NOT NULL,
	"database" text NOT NULL,
	"ssl_mode" text,
	"sealed_password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answer" jsonb,
	"error_code" text,
	"error_message" text,
	"error_hint" text
);
--> statement-breakpoint
CREATE TABLE "sources" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"host" text,
	"port" integer,
	"user" text,
	"database" text,
	"ssl_mode" text,
	"sealed_password" text,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"environment" "environment_kind",
	"file_prefix" text,
	"schedule" jsonb,
	"retention" jsonb,
	"verification" jsonb,
	"last_probe" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
DROP INDEX "restores_in_progress";
--> statement-breakpoint
-- Nothing may be counted twice or not at all: whoever writes a backup waits until its totals know of sources.
lock table backups in share row exclusive mode;
--> statement-breakpoint
delete from backup_totals;
--> statement-breakpoint
ALTER TABLE "backup_totals" ADD COLUMN "source_id" uuid NOT NULL;
--> statement-breakpoint
-- What the environment block names: every backup so far is of it.
insert into sources (id, name) values ('00000000-0000-4000-8000-000000000001', 'environment');
--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "source_id" uuid DEFAULT '00000000-0000-4000-8000-000000000001' NOT NULL;
--> statement-breakpoint
ALTER TABLE "restores" ADD COLUMN "source_id" uuid DEFAULT '00000000-0000-4000-8000-000000000001' NOT NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX "sources_name" ON "sources" USING btree (lower("name"));
--> statement-breakpoint
CREATE UNIQUE INDEX "sources_file_prefix" ON "sources" USING btree ("file_prefix");
--> statement-breakpoint
ALTER TABLE "backups" ADD CONSTRAINT "backups_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "restores" ADD CONSTRAINT "restores_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX "backups_source_created_at" ON "backups" USING btree ("source_id","created_at","id");
--> statement-breakpoint
CREATE UNIQUE INDEX "restores_in_progress" ON "restores" USING btree ("source_id","target_database") WHERE status = 'IN_PROGRESS';
--> statement-breakpoint
-- As before, with the source: the history counts by it.
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
           and source_id = changed.source_id
           for update skip locked)
      returning backups, size_bytes
    ), merged as (
      select coalesce(sum(backups), 0) + changed.backups as backups,
             coalesce(sum(size_bytes), 0) + changed.size_bytes as size_bytes
        from gone
    )
    insert into backup_totals (period, starts_on, tiers, status, backups, size_bytes, proof, source_id)
    select changed.period, changed.starts_on, changed.tiers, changed.status, backups, size_bytes, changed.proof,
           changed.source_id
      from merged where backups <> 0 or size_bytes <> 0;
  end loop;
end $$;
--> statement-breakpoint
create or replace function backup_totals_on_insert() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, count(*), coalesce(sum(size_bytes), 0), proof, source_id)::backup_totals
      from added cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status, proof, source_id));
  return null;
end $$;
--> statement-breakpoint
create or replace function backup_totals_on_delete() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, -count(*), -coalesce(sum(size_bytes), 0), proof, source_id)::backup_totals
      from removed cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status, proof, source_id));
  return null;
end $$;
--> statement-breakpoint
create or replace function backup_totals_on_update() returns trigger language plpgsql as $$
begin
  perform backup_totals_add(array(
    select row(period, starts_on, tiers, status, sum(n), sum(bytes), proof, source_id)::backup_totals
      from (
        select created_at, tiers, status, proof, source_id, 1 as n, coalesce(size_bytes, 0) as bytes from added
        union all
        select created_at, tiers, status, proof, source_id, -1, -coalesce(size_bytes, 0) from removed
      ) change cross join unnest(enum_range(null::totals_period)) as period,
           lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
     group by period, starts_on, tiers, status, proof, source_id
    having sum(n) <> 0 or sum(bytes) <> 0));
  return null;
end $$;
--> statement-breakpoint
insert into backup_totals (period, starts_on, tiers, status, backups, size_bytes, proof, source_id)
select period, starts_on, tiers, status, count(*), coalesce(sum(size_bytes), 0), proof, source_id
  from backups cross join unnest(enum_range(null::totals_period)) as period,
       lateral (select date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on) as p
 group by period, starts_on, tiers, status, proof, source_id;
