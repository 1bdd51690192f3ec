CREATE TYPE "public"."totals_period" AS ENUM('day', 'month');--> statement-breakpoint
CREATE TABLE "backup_totals" (
	"period" "totals_period" NOT NULL,
	"starts_on" date NOT NULL,
	"tiers" "backup_tier"[] NOT NULL,
	"status" "backup_status" NOT NULL,
	"backups" bigint NOT NULL,
	"size_bytes" bigint NOT NULL
);
--> statement-breakpoint
DROP INDEX "backups_created_at";--> statement-breakpoint
DROP INDEX "backups_status_created_at";--> statement-breakpoint
DROP INDEX "backups_type_created_at";--> statement-breakpoint
CREATE INDEX "backup_totals_key" ON "backup_totals" USING btree ("period","starts_on","status");--> statement-breakpoint
CREATE INDEX "backups_size" ON "backups" USING btree ("size_bytes" NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "backups_duration" ON "backups" USING btree ("duration_ms" NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "backups_manual_created_at" ON "backups" USING btree ("created_at","id") WHERE tiers @> array['MANUAL'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_manual_status_created_at" ON "backups" USING btree ("status","created_at","id") WHERE tiers @> array['MANUAL'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_hourly_created_at" ON "backups" USING btree ("created_at","id") WHERE tiers @> array['HOURLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_hourly_status_created_at" ON "backups" USING btree ("status","created_at","id") WHERE tiers @> array['HOURLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_daily_created_at" ON "backups" USING btree ("created_at","id") WHERE tiers @> array['DAILY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_daily_status_created_at" ON "backups" USING btree ("status","created_at","id") WHERE tiers @> array['DAILY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_weekly_created_at" ON "backups" USING btree ("created_at","id") WHERE tiers @> array['WEEKLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_weekly_status_created_at" ON "backups" USING btree ("status","created_at","id") WHERE tiers @> array['WEEKLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_monthly_created_at" ON "backups" USING btree ("created_at","id") WHERE tiers @> array['MONTHLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_monthly_status_created_at" ON "backups" USING btree ("status","created_at","id") WHERE tiers @> array['MONTHLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_yearly_created_at" ON "backups" USING btree ("created_at","id") WHERE tiers @> array['YEARLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_yearly_status_created_at" ON "backups" USING btree ("status","created_at","id") WHERE tiers @> array['YEARLY'::backup_tier];--> statement-breakpoint
CREATE INDEX "backups_created_at" ON "backups" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "backups_status_created_at" ON "backups" USING btree ("status","created_at","id");--> statement-breakpoint
CREATE INDEX "backups_type_created_at" ON "backups" USING btree ("type","created_at","id");