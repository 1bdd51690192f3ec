CREATE TYPE "public"."environment_kind" AS ENUM('production', 'staging', 'development');--> statement-breakpoint
CREATE TYPE "public"."restore_mode" AS ENUM('new', 'swap', 'in-place', 'tables');--> statement-breakpoint
CREATE TYPE "public"."restore_phase" AS ENUM('queued', 'preparing', 'safety-backup', 'decoding', 'restoring', 'comparing', 'ready', 'hooks', 'swapping', 'finishing');--> statement-breakpoint
CREATE TYPE "public"."restore_status" AS ENUM('IN_PROGRESS', 'COMPLETED', 'FAILED');--> statement-breakpoint
CREATE TABLE "restore_looks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"restore_id" uuid NOT NULL,
	"table_schema" text,
	"table_name" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answer" jsonb,
	"error_code" text,
	"error_message" text,
	"error_hint" text
);
--> statement-breakpoint
CREATE TABLE "restore_previews" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"backup_id" uuid NOT NULL,
	"plan" jsonb NOT NULL,
	"requested_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answer" jsonb,
	"error_code" text,
	"error_message" text,
	"error_hint" text
);
--> statement-breakpoint
CREATE TABLE "restores" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"backup_id" uuid NOT NULL,
	"destination" "destination" NOT NULL,
	"mode" "restore_mode" NOT NULL,
	"target_database" text NOT NULL,
	"environment" "environment_kind" NOT NULL,
	"plan" jsonb NOT NULL,
	"reason" text,
	"requested_by" text NOT NULL,
	"status" "restore_status" DEFAULT 'IN_PROGRESS' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"duration_ms" integer,
	"restore_ms" integer,
	"copy_database" text,
	"checks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"proven" boolean DEFAULT false NOT NULL,
	"kept_database" text,
	"swap_requested_at" timestamp with time zone,
	"swap_requested_by" text,
	"swapped_at" timestamp with time zone,
	"interruption_ms" integer,
	"undo_requested_at" timestamp with time zone,
	"undo_requested_by" text,
	"undone_at" timestamp with time zone,
	"error_code" text,
	"error_message" text,
	"error_hint" text,
	"log" text DEFAULT '' NOT NULL,
	"worker_id" uuid,
	"heartbeat_at" timestamp with time zone,
	"phase" "restore_phase" DEFAULT 'queued' NOT NULL,
	"progress_table" text,
	"tables_done" integer DEFAULT 0 NOT NULL,
	"table_count" integer DEFAULT 0 NOT NULL,
	"progress_percent" integer DEFAULT 0 NOT NULL,
	"eta_seconds" integer,
	"cancel_requested_at" timestamp with time zone,
	"cancel_requested_by" text
);
--> statement-breakpoint
ALTER TABLE "restore_looks" ADD CONSTRAINT "restore_looks_restore_id_restores_id_fk" FOREIGN KEY ("restore_id") REFERENCES "public"."restores"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "restore_previews" ADD CONSTRAINT "restore_previews_backup_id_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."backups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "restores" ADD CONSTRAINT "restores_backup_id_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."backups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "restores_created_at" ON "restores" USING btree ("created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "restores_in_progress" ON "restores" USING btree ("target_database") WHERE status = 'IN_PROGRESS';