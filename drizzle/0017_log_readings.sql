CREATE TABLE "log_readings" (
	"source_id" uuid PRIMARY KEY NOT NULL,
	"read_at" timestamp with time zone DEFAULT now() NOT NULL,
	"reading" jsonb,
	"error_code" text,
	"error_message" text,
	"error_hint" text
);
--> statement-breakpoint
ALTER TABLE "log_readings" ADD CONSTRAINT "log_readings_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;