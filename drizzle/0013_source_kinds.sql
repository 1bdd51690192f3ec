ALTER TYPE "public"."scratch_place" ADD VALUE 'folder';--> statement-breakpoint
ALTER TABLE "source_questions" ALTER COLUMN "host" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "source_questions" ALTER COLUMN "port" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "source_questions" ALTER COLUMN "user" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "source_questions" ALTER COLUMN "database" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "source_questions" ADD COLUMN "source_kind" text DEFAULT 'postgres' NOT NULL;--> statement-breakpoint
ALTER TABLE "source_questions" ADD COLUMN "path" text;--> statement-breakpoint
ALTER TABLE "source_questions" ADD COLUMN "only" jsonb;--> statement-breakpoint
ALTER TABLE "source_questions" ADD COLUMN "excludes" jsonb;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "kind" text DEFAULT 'postgres' NOT NULL;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "path" text;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "only" jsonb;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "excludes" jsonb;