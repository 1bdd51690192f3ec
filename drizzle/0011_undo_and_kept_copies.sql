CREATE TABLE "kept_copy_questions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"wanted" jsonb,
	"requested_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answer" jsonb,
	"error_code" text,
	"error_message" text,
	"error_hint" text
);
--> statement-breakpoint
ALTER TABLE "restores" ADD COLUMN "undo_reason" text;--> statement-breakpoint
ALTER TABLE "restores" ADD COLUMN "undo_accepts_changes" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "restores" ADD COLUMN "dropped" jsonb DEFAULT '[]'::jsonb NOT NULL;