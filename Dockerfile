# syntax=docker/dockerfile:1
# One image for web, worker, migration and the command line; compose chooses by command.

FROM node:24-bookworm-slim AS build
WORKDIR /holdfast
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev && rm -rf .next/cache && mkdir .next/cache

FROM node:24-bookworm-slim AS run
# The clients come from the PostgreSQL project itself: one of each major, so that a server is dumped by its own. A major that
# the project no longer carries is left out, and the next newer one serves it. 18 must be there: it reads them all.
RUN apt-get update \
  && apt-get install -y --no-install-recommends age ca-certificates postgresql-common redis-tools tini zstd \
  && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
  && majors="" \
  && for major in 13 14 15 16 17; do \
       if apt-cache show "postgresql-client-$major" > /dev/null 2>&1; then majors="$majors postgresql-client-$major"; fi; \
     done \
  && apt-get install -y --no-install-recommends postgresql-client-18 $majors \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /holdfast
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOLDFAST_DATA_DIR=/data BACKUP_LOCAL_PATH=/backups
COPY --from=build --chown=root:root /holdfast ./
# `node` is the user with id 1000 that the base image brings. Only these two folders are its own.
RUN install -d -o node -g node -m 0700 /data /backups
USER node
EXPOSE 3000
# tini passes signals on and reaps what a killed dump leaves.
ENTRYPOINT ["tini", "--"]
CMD ["node", "node_modules/next/dist/bin/next", "start", "-p", "3000"]
