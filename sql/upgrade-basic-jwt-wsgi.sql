-- Takes over the users of basic-jwt-wsgi, after schema.sql, as a superuser.  Their
-- table is read and left alone; it is user_credentials in the schema public of this
-- database, or another that a variable names:
--
--	$ psql -d jwtd -v source=old.user_credentials -f upgrade-basic-jwt-wsgi.sql
--
-- If it is in another database, copy it first:
--
--	$ pg_dump -t user_credentials postgres | psql -d jwtd
--
-- The hashes stay good: their salted BLAKE2b is written as
-- $blake2b$<salt>$<hash> in hex, which jwtd-signer(8) replaces by argon2id when the
-- user next logs in.  A name that jwtd has already is not overwritten, so that this
-- can be run again.

\set ON_ERROR_STOP on
\if :{?source}
\else
	\set source public.user_credentials
\endif

BEGIN;
SET LOCAL client_min_messages = notice;

CREATE TEMPORARY TABLE upgrade ON COMMIT DROP AS
SELECT username::text COLLATE "C" AS name, password_hash AS hash,
    password_salt AS salt, grants,
    CASE
	WHEN username IS NULL OR username::text = '' THEN 'the name is empty'
	WHEN octet_length(username::text) > 255 THEN 'the name is too long'
	WHEN username::text ~ '[\u0001-\u001f\u007f]'
	    THEN 'the name has a control character'
	WHEN strpos(username::text, ':') > 0 THEN 'the name has a '':'''
	WHEN password_hash IS NULL THEN 'there is no hash'
	WHEN octet_length(password_hash) <> 64 THEN
	    format('the hash has %s bytes, not 64', octet_length(password_hash))
	WHEN password_salt IS NULL THEN 'there is no salt'
	WHEN octet_length(password_salt) <> 16 THEN
	    format('the salt has %s bytes, not 16', octet_length(password_salt))
	WHEN jsonb_typeof(grants) IS DISTINCT FROM 'object'
	    THEN 'the grants are no JSON object'
	WHEN octet_length(grants::text) > 65536 THEN 'the grants are too long'
    END AS problem,
    false AS taken
FROM :source;

WITH new AS (
	INSERT INTO jwtd.users (name, password_hash, grants)
	SELECT name, format('$blake2b$%s$%s', encode(salt, 'hex'),
	    encode(hash, 'hex')), grants
	FROM upgrade WHERE problem IS NULL
	ON CONFLICT (name) DO NOTHING
	RETURNING name
)
UPDATE upgrade SET taken = true FROM new WHERE upgrade.name = new.name;

-- names in quotes and with escapes, because they may be anything
DO $$
DECLARE
	u	record;
	n	bigint;
BEGIN
	FOR u IN SELECT * FROM upgrade WHERE problem IS NULL AND NOT taken ORDER BY name
	LOOP
		RAISE NOTICE 'skipped %: jwtd has that name', to_json(u.name);
	END LOOP;
	FOR u IN SELECT * FROM upgrade WHERE problem IS NOT NULL ORDER BY name
	LOOP
		RAISE NOTICE 'skipped %: %', to_json(u.name), u.problem;
	END LOOP;
	SELECT count(*) INTO n FROM upgrade WHERE taken;
	RAISE NOTICE 'users taken over: %', n;
	SELECT count(*) INTO n FROM upgrade WHERE problem IS NULL AND NOT taken;
	RAISE NOTICE 'users skipped because they are there: %', n;
	SELECT count(*) INTO n FROM upgrade WHERE problem IS NOT NULL;
	RAISE NOTICE 'users skipped because they are unusable: %', n;
END
$$;

COMMIT;
