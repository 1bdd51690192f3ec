CREATE TYPE "public"."backup_phase" AS ENUM('queued', 'preparing', 'dumping', 'uploading', 'reading-back', 'finishing');--> statement-breakpoint
CREATE TYPE "public"."backup_status" AS ENUM('IN_PROGRESS', 'COMPLETED', 'FAILED', 'EXPIRED', 'DELETED');--> statement-breakpoint
CREATE TYPE "public"."backup_tier" AS ENUM('MANUAL', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY');--> statement-breakpoint
CREATE TYPE "public"."copy_status" AS ENUM('WRITING', 'STORED', 'FAILED', 'REMOVED');--> statement-breakpoint
CREATE TYPE "public"."destination" AS ENUM('local', 's3');--> statement-breakpoint
CREATE TYPE "public"."user_role" AS ENUM('viewer', 'admin');--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"action" text NOT NULL,
	"subject_id" text,
	"address" text,
	"request_id" text,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backup_copies" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"backup_id" uuid NOT NULL,
	"destination" "destination" NOT NULL,
	"key" text NOT NULL,
	"status" "copy_status" NOT NULL,
	"size_bytes" bigint,
	"checked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backups" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"filename" text NOT NULL,
	"size_bytes" bigint,
	"checksum" text,
	"plain_size_bytes" bigint,
	"plain_checksum" text,
	"type" "backup_tier" NOT NULL,
	"tiers" "backup_tier"[] NOT NULL,
	"destinations" "destination"[] NOT NULL,
	"storage_path" text,
	"status" "backup_status" DEFAULT 'IN_PROGRESS' NOT NULL,
	"duration_ms" integer,
	"table_count" integer,
	"error_code" text,
	"error_message" text,
	"error_hint" text,
	"description" text,
	"tables" text[],
	"schema_only" boolean DEFAULT false NOT NULL,
	"is_encrypted" boolean DEFAULT false NOT NULL,
	"requested_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"deleted_at" timestamp with time zone,
	"worker_id" uuid,
	"heartbeat_at" timestamp with time zone,
	"phase" "backup_phase" DEFAULT 'queued' NOT NULL,
	"progress_bytes" bigint DEFAULT 0 NOT NULL,
	"progress_total_bytes" bigint,
	"progress_bytes_per_second" bigint,
	"cancel_requested_at" timestamp with time zone,
	"cancel_requested_by" text,
	"manifest" jsonb
);
--> statement-breakpoint
CREATE TABLE "slots" (
	"plan" text NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"taken_at" timestamp with time zone DEFAULT now() NOT NULL,
	"backup_id" uuid,
	CONSTRAINT "slots_plan_due_at_pk" PRIMARY KEY("plan","due_at")
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "api_tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"role" "user_role" NOT NULL,
	"token_hash" text NOT NULL,
	"hint" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "api_tokens_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "sign_in_failures" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"key" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"email" text NOT NULL,
	"role" "user_role" NOT NULL,
	"password_hash" text NOT NULL,
	"is_disabled" boolean DEFAULT false NOT NULL,
	"session_epoch" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_sign_in_at" timestamp with time zone,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"pid" integer NOT NULL,
	"version" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "backup_copies" ADD CONSTRAINT "backup_copies_backup_id_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."backups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "slots" ADD CONSTRAINT "slots_backup_id_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."backups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entries_subject" ON "audit_entries" USING btree ("subject_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "backup_copies_backup_destination" ON "backup_copies" USING btree ("backup_id","destination");--> statement-breakpoint
CREATE INDEX "backups_created_at" ON "backups" USING btree ("created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "backups_status_created_at" ON "backups" USING btree ("status","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "backups_type_created_at" ON "backups" USING btree ("type","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "backups_unfinished" ON "backups" USING btree ("created_at") WHERE status in ('IN_PROGRESS', 'EXPIRED');--> statement-breakpoint
CREATE INDEX "sign_in_failures_key_at" ON "sign_in_failures" USING btree ("key","at");