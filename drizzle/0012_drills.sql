CREATE TYPE "public"."drill_cause" AS ENUM('manual', 'schedule');--> statement-breakpoint
CREATE TYPE "public"."drill_status" AS ENUM('IN_PROGRESS', 'PASSED', 'FAILED', 'UNKNOWN');--> statement-breakpoint
ALTER TYPE "public"."verification_cause" ADD VALUE 'drill';--> statement-breakpoint
CREATE TABLE "drills" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"source_id" uuid NOT NULL,
	"cause" "drill_cause" NOT NULL,
	"due_at" timestamp with time zone,
	"requested_by" text,
	"note" text,
	"status" "drill_status" DEFAULT 'IN_PROGRESS' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"objectives" jsonb NOT NULL,
	"backup" jsonb,
	"verification_id" uuid,
	"place" "scratch_place",
	"measured" jsonb,
	"verdicts" jsonb,
	"steps" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"checks" jsonb DEFAULT '{"passed":0,"failed":0,"unknown":0}'::jsonb NOT NULL,
	"error_code" text,
	"error_message" text,
	"error_hint" text,
	"report" text,
	"report_sha256" text,
	"signature" text,
	"public_key" text,
	"signature_error" jsonb
);
--> statement-breakpoint
CREATE TABLE "report_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"public_key" text NOT NULL,
	"sealed_private_key" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "drills" ADD CONSTRAINT "drills_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "drills" ADD CONSTRAINT "drills_verification_id_verifications_id_fk" FOREIGN KEY ("verification_id") REFERENCES "public"."verifications"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "drills_created_at" ON "drills" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "drills_source_created_at" ON "drills" USING btree ("source_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "drills_in_progress" ON "drills" USING btree ("source_id") WHERE status = 'IN_PROGRESS';--> statement-breakpoint
CREATE UNIQUE INDEX "drills_due" ON "drills" USING btree ("source_id","due_at") WHERE status <> 'UNKNOWN';--> statement-breakpoint
CREATE INDEX "drills_verification" ON "drills" USING btree ("verification_id");