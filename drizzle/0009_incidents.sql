CREATE TABLE "incident_ticks" (
	"incident_id" uuid NOT NULL,
	"step_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"by" text NOT NULL,
	CONSTRAINT "incident_ticks_incident_id_step_id_pk" PRIMARY KEY("incident_id","step_id")
);
--> statement-breakpoint
CREATE TABLE "incidents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"scenario" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_by" text NOT NULL,
	"finished_at" timestamp with time zone,
	"finished_by" text
);
--> statement-breakpoint
ALTER TABLE "incident_ticks" ADD CONSTRAINT "incident_ticks_incident_id_incidents_id_fk" FOREIGN KEY ("incident_id") REFERENCES "public"."incidents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "incidents_started_at" ON "incidents" USING btree ("started_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "incidents_in_progress" ON "incidents" USING btree ("scenario") WHERE finished_at is null;