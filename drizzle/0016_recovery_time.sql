ALTER TABLE "backups" RENAME COLUMN "restore_ms" TO "recovery_ms";--> statement-breakpoint
-- Until now it was pg_restore's part alone, which is less than coming back takes.
UPDATE "backups" SET "recovery_ms" = (
  SELECT v."duration_ms" FROM "verifications" v
  WHERE v."backup_id" = "backups"."id" AND v."status" = 'PASSED' AND v."proven"
  ORDER BY v."finished_at" DESC LIMIT 1
) WHERE "recovery_ms" IS NOT NULL;
