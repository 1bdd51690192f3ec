CREATE TYPE "public"."proof_state" AS ENUM('NEVER', 'PROVEN', 'FAILED');--> statement-breakpoint
CREATE TYPE "public"."scratch_place" AS ENUM('ephemeral', 'server', 'source');--> statement-breakpoint
CREATE TYPE "public"."verification_cause" AS ENUM('manual', 'after-backup', 'daily', 'weekly', 'monthly', 'scrub');--> statement-breakpoint
CREATE TYPE "public"."verification_depth" AS ENUM('bytes', 'archive', 'restore');--> statement-breakpoint
CREATE TYPE "public"."verification_phase" AS ENUM('queued', 'preparing', 'reading', 'decoding', 'restoring', 'comparing', 'finishing');--> statement-breakpoint
CREATE TYPE "public"."verification_status" AS ENUM('IN_PROGRESS', 'PASSED', 'FAILED', 'UNKNOWN');--> statement-breakpoint
CREATE TABLE "backup_tables" (
	"backup_id" uuid NOT NULL,
	"schema" text NOT NULL,
	"name" text NOT NULL,
	"rows" bigint,
	"fingerprint" text,
	"size_bytes" bigint,
	CONSTRAINT "backup_tables_backup_id_schema_name_pk" PRIMARY KEY("backup_id","schema","name")
);
--> statement-breakpoint
CREATE TABLE "verifications" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"backup_id" uuid NOT NULL,
	"destination" "destination" NOT NULL,
	"depth" "verification_depth" NOT NULL,
	"cause" "verification_cause" NOT NULL,
	"requested_by" text,
	"status" "verification_status" DEFAULT 'IN_PROGRESS' NOT NULL,
	"proven" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"duration_ms" integer,
	"restore_ms" integer,
	"place" "scratch_place",
	"checks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"passed_count" integer DEFAULT 0 NOT NULL,
	"failed_count" integer DEFAULT 0 NOT NULL,
	"unknown_count" integer DEFAULT 0 NOT NULL,
	"error_code" text,
	"error_message" text,
	"error_hint" text,
	"log" text DEFAULT '' NOT NULL,
	"worker_id" uuid,
	"heartbeat_at" timestamp with time zone,
	"phase" "verification_phase" DEFAULT 'queued' NOT NULL,
	"progress_bytes" bigint DEFAULT 0 NOT NULL,
	"progress_total_bytes" bigint,
	"cancel_requested_at" timestamp with time zone,
	"cancel_requested_by" text
);
--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "proof" "proof_state" DEFAULT 'NEVER' NOT NULL;--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "proven_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "bytes_fine_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "proof_failed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "restore_ms" integer;--> statement-breakpoint
ALTER TABLE "backups" ADD COLUMN "last_verification_id" uuid;--> statement-breakpoint
ALTER TABLE "backup_tables" ADD CONSTRAINT "backup_tables_backup_id_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."backups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "verifications" ADD CONSTRAINT "verifications_backup_id_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."backups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "backup_tables_name" ON "backup_tables" USING btree ("name","schema","backup_id");--> statement-breakpoint
CREATE INDEX "verifications_backup" ON "verifications" USING btree ("backup_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "verifications_in_progress" ON "verifications" USING btree ("backup_id") WHERE status = 'IN_PROGRESS';--> statement-breakpoint
CREATE INDEX "backups_proof_created_at" ON "backups" USING btree ("proof","created_at","id") WHERE status = 'COMPLETED';