#!/bin/sh
# Run once by the PostgreSQL image, in an empty data folder: a database for each service, owned by a role that is no superuser, since
# row-level security does not hold for one.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$BROKERAGE_DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE brokerage LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE referrals OWNER brokerage;
CREATE DATABASE vacancies OWNER brokerage;
CREATE DATABASE contracts OWNER brokerage;
CREATE DATABASE invoicing OWNER brokerage;
CREATE DATABASE audit OWNER brokerage;
SQL
