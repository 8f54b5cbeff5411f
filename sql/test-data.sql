-- Three users to try jwtd(8) with, after schema.sql.  Their passwords are known to
-- everybody: this is nothing for a database that counts.  Run again, it sets the
-- three back and leaves all others alone.
--
--	alice	wonderland	argon2id, with a scope, an e-mail address and more
--	bob	builder		bcrypt, as of htpasswd -B; argon2id after the first login
--	carol	looking-glass	disabled

\set ON_ERROR_STOP on

INSERT INTO jwtd.users (name, password_hash, grants, disabled) VALUES
	('alice',
	'$argon2id$v=19$m=65536,t=2,p=1$xpiWaTUKxM7H8yXGeu4Uvg$RYrl7ejbms7n4Rw0GhTPuBSOmGix0Gys/l5lfuvZqrY',
	'{
		"scope": "read write",
		"email": "alice@example.com",
		"account": {"number": 9007199254740993, "teams": ["tea", "croquet"]},
		"access": [{"type": "repository", "name": "alice/*", "actions": ["pull", "push"]}]
	}', false),
	('bob',
	'$2y$10$hb3zIS6eLAAg/PuJMrUy.OZ2qpu8xHjrn6iuxdzgosfWsXUAIAXYO',
	'{"scope": "read"}', false),
	('carol',
	'$argon2id$v=19$m=65536,t=2,p=1$jbC7JzKE6QFRP+8e5N/RYg$Q3mmac993+HtU1hGyslmpGSVu4nYK2yS0J0AUNOvsyI',
	'{"scope": "read write"}', true)
ON CONFLICT (name) DO UPDATE SET
	password_hash = excluded.password_hash,
	grants = excluded.grants,
	disabled = excluded.disabled;
