-- The users of jwtd(8) in PostgreSQL, 14 or later: roles, schema, table, functions.
--
-- Run it as a superuser, in a database of its own; run it again at will, and after
-- an upgrade of jwtd.  It changes nothing that is as it should be, and takes back
-- rights that somebody granted on its objects:
--
--	$ createdb jwtd
--	$ psql -d jwtd -f schema.sql
--
-- No role gets a password here.  Set them with \password in psql(1), which sends
-- no more than a hash of them.
--
--	jwtd_owner	owns everything and cannot log in
--	jwtd_signer	jwtd-signer(8): may look up one name, rehash a password,
--			revoke a token, and read what was revoked
--	jwtd_admin	jwtctl(8): may edit users, and what was revoked
--
-- A standby gets all of this from its primary.

\set ON_ERROR_STOP on

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, pg_temp;

DO $$
BEGIN
	-- Everybody else loses the database further down.
	IF current_database() IN ('postgres', 'template1') THEN
		RAISE EXCEPTION 'database "%" is for all: connect to one of jwtd''s own',
		    current_database();
	END IF;
	-- In other encodings a name has other bytes than the client sent.
	IF current_setting('server_encoding') <> 'UTF8' THEN
		RAISE EXCEPTION 'the encoding of database "%" is %, not UTF8',
		    current_database(), current_setting('server_encoding');
	END IF;
END
$$;

-- Roles belong to the whole cluster, so they may be there already.  LOGIN is left
-- as it is then: someone may have locked a role out for a reason.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jwtd_owner') THEN
		CREATE ROLE jwtd_owner;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jwtd_signer') THEN
		CREATE ROLE jwtd_signer LOGIN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jwtd_admin') THEN
		CREATE ROLE jwtd_admin LOGIN;
	END IF;
END
$$;

ALTER ROLE jwtd_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
    NOBYPASSRLS;
ALTER ROLE jwtd_signer NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
    NOBYPASSRLS;
ALTER ROLE jwtd_admin NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
    NOBYPASSRLS;

-- Settings are on the role, because pgbouncer refuses those in a connection string.
-- Those of ALTER ROLE ... IN DATABASE come before these and are left alone.
-- The session cannot be read-only: jwtd.rehash() writes.
ALTER ROLE jwtd_signer SET search_path = pg_catalog, pg_temp;
ALTER ROLE jwtd_signer SET statement_timeout = '5s';
ALTER ROLE jwtd_signer SET idle_in_transaction_session_timeout = '5s';

-- The role itself cannot change these two.  No query of the signer needs a file on
-- disk, and no hash that is a parameter belongs into the server's log.
ALTER ROLE jwtd_signer SET temp_file_limit = 0;
ALTER ROLE jwtd_signer SET log_parameter_max_length = 0;
ALTER ROLE jwtd_admin SET log_parameter_max_length = 0;

-- The database is for the two roles alone.  Without TEMP no one can put an object
-- into pg_temp that a function or a query would then find.
DO $$
DECLARE
	f	regprocedure;
BEGIN
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, jwtd_owner, '
	    'jwtd_signer, jwtd_admin', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO jwtd_signer, jwtd_admin',
	    current_database());
	IF to_regnamespace('public') IS NOT NULL THEN
		REVOKE ALL ON SCHEMA public FROM PUBLIC;
	END IF;

	-- Functions that all may call, and with which a role that may write nothing
	-- still fills the disk (large objects, messages in the WAL) or the lock
	-- table that all databases share (advisory locks).
	FOR f IN
		SELECT p.oid FROM pg_proc AS p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace
		    AND (p.proname ~ '^lo_' OR p.proname ~ '^pg_.*advisory'
			OR p.proname IN ('loread', 'lowrite', 'pg_logical_emit_message'))
	LOOP
		EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;

-- Neither DO nor a function of one's own.
REVOKE ALL ON LANGUAGE sql, plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO jwtd_owner;

CREATE SCHEMA IF NOT EXISTS jwtd AUTHORIZATION jwtd_owner;

-- From here on as the owner: what is not its own makes this fail.
SET LOCAL ROLE jwtd_owner;

REVOKE ALL ON SCHEMA jwtd FROM PUBLIC, jwtd_signer, jwtd_admin;
GRANT USAGE ON SCHEMA jwtd TO jwtd_signer, jwtd_admin;

-- A function that is added one day is not for everybody either.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The limits are those of the users file.  Names are compared by their bytes, and
-- an index in the order of bytes outlives an upgrade of the C library.
CREATE TABLE IF NOT EXISTS jwtd.users (
	name		text COLLATE "C" PRIMARY KEY,
	password_hash	text NOT NULL,
	grants		jsonb NOT NULL DEFAULT '{}',
	disabled	boolean NOT NULL DEFAULT false,
	changed		timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT users_name_check CHECK (octet_length(name) BETWEEN 1 AND 255
	    AND name !~ '[:\u0001-\u001f\u007f]'),
	CONSTRAINT users_password_hash_check CHECK (
	    octet_length(password_hash) BETWEEN 1 AND 511
	    AND password_hash !~ '[:\n\r]'),
	CONSTRAINT users_grants_check CHECK (jsonb_typeof(grants) = 'object'
	    AND octet_length(grants::text) <= 65536)
);

COMMENT ON TABLE jwtd.users IS 'who may log in to jwtd, and with which claims';
COMMENT ON COLUMN jwtd.users.password_hash IS
    'as in the users file of jwtd-signer(8); never a password';
COMMENT ON COLUMN jwtd.users.grants IS 'claims of the user''s tokens';
COMMENT ON COLUMN jwtd.users.changed IS
    'when a person or jwtctl(8) last wrote this row; kept by a trigger';

REVOKE ALL ON jwtd.users FROM PUBLIC, jwtd_signer, jwtd_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON jwtd.users TO jwtd_admin;

CREATE OR REPLACE FUNCTION jwtd.set_changed() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.changed := now();
	RETURN NEW;
END
$$;

-- The owner writes in jwtd.rehash() only, which does not change the password.
CREATE OR REPLACE TRIGGER set_changed BEFORE INSERT OR UPDATE ON jwtd.users
FOR EACH ROW WHEN (current_user <> 'jwtd_owner')
EXECUTE FUNCTION jwtd.set_changed();

-- The user of that name, or no row.  In PL/pgSQL, since that keeps its plan for the
-- session where an SQL function is planned again in every call.
CREATE OR REPLACE FUNCTION jwtd.lookup(name text)
RETURNS TABLE (password_hash text, grants text, disabled boolean)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT u.password_hash, u.grants::text, u.disabled
	FROM jwtd.users AS u
	WHERE u.name = lookup.name COLLATE "C"
	LIMIT 1;
END
$$;

-- Replace a hash by a better one of the same password.  False if old_hash is not
-- the hash any more: somebody has changed the password meanwhile, and that stays.
-- A hash that is as good as those we make stays too, so that whoever steals the
-- signer's role cannot give a user another password.
CREATE OR REPLACE FUNCTION jwtd.rehash(name text, old_hash text, new_hash text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT starts_with(new_hash, '$argon2id$') THEN
		RETURN false;
	END IF;
	UPDATE jwtd.users AS u
	SET password_hash = rehash.new_hash
	WHERE u.name = rehash.name COLLATE "C"
	    AND u.password_hash = rehash.old_hash COLLATE "C"
	    AND NOT EXISTS (
		SELECT FROM regexp_match(u.password_hash,
		    '^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),') AS cost
		WHERE cost[1]::integer >= 65536 AND cost[2]::integer >= 2);
	RETURN FOUND;
END
$$;

-- What was revoked.  Each change gets the next version, under the lock of this one
-- row, which is held until the commit: so versions are committed in their order,
-- and who has read up to one has missed nothing before it.
CREATE SEQUENCE IF NOT EXISTS jwtd.revocation_version;
CREATE TABLE IF NOT EXISTS jwtd.revocation_lock (
	one		boolean PRIMARY KEY DEFAULT true,
	CONSTRAINT revocation_lock_one_check CHECK (one)
);
INSERT INTO jwtd.revocation_lock VALUES (true) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS jwtd.revoked_tokens (
	id		text COLLATE "C" PRIMARY KEY,
	expires		timestamptz NOT NULL,
	version		bigint NOT NULL UNIQUE,
	CONSTRAINT revoked_tokens_id_check CHECK (id ~ '^[A-Za-z0-9._-]{1,63}$')
);
CREATE INDEX IF NOT EXISTS revoked_tokens_expires ON jwtd.revoked_tokens (expires);

CREATE TABLE IF NOT EXISTS jwtd.revoked_users (
	name		text COLLATE "C" PRIMARY KEY,
	not_before	timestamptz NOT NULL,
	version		bigint NOT NULL UNIQUE,
	CONSTRAINT revoked_users_name_check CHECK (
	    octet_length(name) BETWEEN 1 AND 255
	    AND name !~ '[:\u0001-\u001f\u007f]')
);

COMMENT ON TABLE jwtd.revocation_lock IS 'one row, whose lock orders changes';
COMMENT ON TABLE jwtd.revoked_tokens IS
    'tokens that jwtd does not accept, by their claim jti';
COMMENT ON COLUMN jwtd.revoked_tokens.expires IS
    'the token''s exp; some time later the row is deleted';
COMMENT ON TABLE jwtd.revoked_users IS
    'users whose tokens from before a time jwtd does not accept';

REVOKE ALL ON jwtd.revocation_lock, jwtd.revoked_tokens, jwtd.revoked_users
    FROM PUBLIC, jwtd_signer, jwtd_admin;
REVOKE ALL ON SEQUENCE jwtd.revocation_version FROM PUBLIC, jwtd_signer, jwtd_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON jwtd.revoked_tokens, jwtd.revoked_users
    TO jwtd_admin;

-- However a row comes here, by jwtctl(8) or by hand: whoever listens hears of it.
CREATE OR REPLACE FUNCTION jwtd.next_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM jwtd.revocation_lock FOR UPDATE;
	NEW.version := nextval('jwtd.revocation_version');
	NOTIFY jwtd_revocations;
	RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER next_version BEFORE INSERT OR UPDATE ON jwtd.revoked_tokens
FOR EACH ROW EXECUTE FUNCTION jwtd.next_version();
CREATE OR REPLACE TRIGGER next_version BEFORE INSERT OR UPDATE ON jwtd.revoked_users
FOR EACH ROW EXECUTE FUNCTION jwtd.next_version();

-- Revoke a token that expires at that time, in seconds since the epoch.  False if
-- it is none of ours, none of which lives longer than 30 days.  Of two times the
-- later counts, whoever came first.  It also deletes a
-- few rows of tokens that nobody would accept any more.
CREATE OR REPLACE FUNCTION jwtd.revoke_token(id text, expires bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF revoke_token.expires NOT BETWEEN 1
	    AND extract(epoch FROM now() + interval '31 days')::bigint
	    OR revoke_token.id !~ '^[A-Za-z0-9._-]{1,63}$' THEN
		RETURN false;
	END IF;
	DELETE FROM jwtd.revoked_tokens AS t WHERE t.id IN (
		SELECT o.id FROM jwtd.revoked_tokens AS o
		WHERE o.expires < now() - interval '1 hour'
		ORDER BY o.expires LIMIT 10 FOR UPDATE SKIP LOCKED);
	INSERT INTO jwtd.revoked_tokens (id, expires)
	VALUES (revoke_token.id, to_timestamp(revoke_token.expires))
	ON CONFLICT ON CONSTRAINT revoked_tokens_pkey
	DO UPDATE SET expires = excluded.expires
	WHERE revoked_tokens.expires < excluded.expires;
	RETURN true;
END
$$;

-- What was revoked after that version, in the order of versions: tokens ('t') with
-- when they expire, users ('u') with the time before which their tokens are.
CREATE OR REPLACE FUNCTION jwtd.revocations(since bigint, page integer)
RETURNS TABLE (version bigint, kind text, id text, seconds bigint)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	(SELECT t.version, 't', t.id::text,
	    ceil(extract(epoch FROM t.expires))::bigint
	FROM jwtd.revoked_tokens AS t
	WHERE t.version > revocations.since
	    AND t.expires > now() - interval '1 hour'
	ORDER BY 1 LIMIT revocations.page)
	UNION ALL
	(SELECT u.version, 'u', u.name::text,
	    ceil(extract(epoch FROM u.not_before))::bigint
	FROM jwtd.revoked_users AS u
	WHERE u.version > revocations.since
	    AND u.not_before > now() - interval '31 days'
	ORDER BY 1 LIMIT revocations.page)
	ORDER BY 1 LIMIT revocations.page;
END
$$;

REVOKE ALL ON FUNCTION jwtd.set_changed(), jwtd.lookup(text),
    jwtd.rehash(text, text, text), jwtd.next_version(),
    jwtd.revoke_token(text, bigint), jwtd.revocations(bigint, integer)
    FROM PUBLIC, jwtd_signer, jwtd_admin;
GRANT EXECUTE ON FUNCTION jwtd.lookup(text), jwtd.rehash(text, text, text),
    jwtd.revoke_token(text, bigint), jwtd.revocations(bigint, integer)
    TO jwtd_signer;

COMMIT;
